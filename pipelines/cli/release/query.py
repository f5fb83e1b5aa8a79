"""``iccs query``: one SQL statement on the published file, printed or written to a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands

_MOST_PRINTED = 1000
"""Rows of an answer that are printed on a terminal; the whole answer can be written to a file."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "query", "run SQL on the published file")
    parser.add_argument("sql", metavar="SQL")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the result to a new file: .csv, .parquet or .xlsx"
    )
    parser.add_argument("--force", action="store_true", help="with --output: replace an existing file")
    parser.set_defaults(command=query_command)


def query_command(options: argparse.Namespace) -> int:
    """Print the answer to one SQL statement on the published file, or write it to a file."""
    from pipelines.reader.answers import write_answer
    from pipelines.reader.release import query
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    if options.output:
        rows = write_answer(options.sql, Path(options.output), settings, force=options.force)
        if options.json:
            print_json({"output": options.output, "rows": rows})
        else:
            print_line(f"{_rows(rows)}: {options.output}")
        return EXIT_DONE
    result = query(options.sql, settings)
    if options.json:
        print_json(result.records())
    elif not result.rows:
        print_line(f"no rows (columns: {', '.join(result.columns)})" if result.columns else "done, nothing to show")
    else:
        most = _MOST_PRINTED if sys.stdout.isatty() else len(result.rows)
        print_table(result.columns, result.rows[:most], decimals=4)
        if len(result.rows) > most:
            print_line(f"the first {most:,} of {len(result.rows):,} rows; all: --output FILE.csv (or .xlsx, .parquet)")
        elif sys.stdout.isatty():
            print_line(_rows(len(result.rows)))
    return EXIT_DONE


def _rows(number: int) -> str:
    """Return a number of rows in words.

    >>> _rows(1), _rows(1200)
    ('1 row', '1,200 rows')
    """
    return f"{number:,} row{'s' if number != 1 else ''}"
