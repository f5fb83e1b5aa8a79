"""``iccs query``: one SQL statement on the published file."""

from __future__ import annotations

import sys

from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.release import query
from pipelines.system.errors import EXIT_DONE
from pipelines.system.settings import load_settings


def query_command(sql: str, data: str | None, as_json: bool) -> int:
    """Print the answer to one SQL statement on the published file."""
    result = query(sql, load_settings(data))
    if as_json:
        print_json(result.records())
    elif not result.rows:
        print_line(f"no rows (columns: {', '.join(result.columns)})" if result.columns else "done, nothing to show")
    else:
        print_table(result.columns, result.rows, decimals=4)
        if sys.stdout.isatty():
            print_line(f"{len(result.rows):,} rows")
    return EXIT_DONE
