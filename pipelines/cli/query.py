"""``iccs query``: one SQL statement on the published file."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "query", "run SQL on the published file")
    parser.add_argument("sql", metavar="SQL")
    parser.set_defaults(command=query_command)


def query_command(options: argparse.Namespace) -> int:
    """Print the answer to one SQL statement on the published file."""
    from pipelines.reader.release import query
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    result = query(options.sql, load_settings(options.data))
    if options.json:
        print_json(result.records())
    elif not result.rows:
        print_line(f"no rows (columns: {', '.join(result.columns)})" if result.columns else "done, nothing to show")
    else:
        print_table(result.columns, result.rows, decimals=4)
        if sys.stdout.isatty():
            print_line(f"{len(result.rows):,} rows")
    return EXIT_DONE
