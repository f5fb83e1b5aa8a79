"""The data dictionary, from the comments of schema ``out``: ``python -m pipelines.reader.dictionary > docs/...md``.

The file is ``docs/data_dictionary.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import duckdb

from pipelines.publish.published_schema import create_tables, load_published
from pipelines.system.functions import shared_functions
from schemas.declarations import Column, load_columns, load_tables


def write_dictionary() -> str:
    """Return the dictionary of schema ``out`` as Markdown, for analysts: tables, then views, then macros.

    >>> write_dictionary().splitlines()[0]
    '# Data dictionary'
    """
    lines = [
        "# Data dictionary",
        "",
        "Schema `out` of `data/published/crime.duckdb`. Generated from `schemas/`; do not edit.",
        "The same texts are the comments of tables, views, macros and columns in the file.",
        "",
    ]
    for table in load_tables().values():
        lines += _describe(f"out.{table.name}", table.comment, table.columns)
    columns = load_columns()
    with duckdb.connect() as connection:
        create_tables(connection)
        views = [statement for statement in load_published() if statement.kind == "VIEW"]
        for view in sorted(views, key=lambda item: item.name):
            found = connection.execute(f"DESCRIBE {view.name}").fetchall()
            lines += _describe(f"{view.name} (view)", view.comment, [columns[row[0]] for row in found])
    macros = [statement.comment for statement in load_published() if statement.kind == "MACRO"]
    macros = sorted([*macros, *(function.comment for function in shared_functions("out"))])
    return "\n".join([*lines, "## Macros", "", *(f"- {comment}" for comment in macros)]) + "\n"


def _describe(title: str, comment: str, columns: Iterable[Column]) -> list[str]:
    lines = [f"## {title}", "", comment, "", "| column | type | role | what |", "|---|---|---|---|"]
    for column in columns:
        text = column.comment.replace("|", "\\|")  # otherwise it would start another cell
        lines.append(f"| {column.name} | {column.type} | {column.role} | {text} |")
    return [*lines, ""]


if __name__ == "__main__":
    sys.stdout.write(write_dictionary())
