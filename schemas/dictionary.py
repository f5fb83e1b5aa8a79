"""The data dictionary, written from the declarations: ``python -m schemas.dictionary > docs/data_dictionary.md``."""

from __future__ import annotations

import sys
from importlib import resources

from schemas.declarations import load_tables


def write_dictionary() -> str:
    """Return the dictionary of schema ``out`` as Markdown, for analysts.

    >>> write_dictionary().splitlines()[0]
    '# Data dictionary'
    """
    lines = [
        "# Data dictionary",
        "",
        "Schema `out` of `data/published/crime.duckdb`. Generated from `schemas/`; do not edit.",
        "The same texts are the comments of tables and columns in the file.",
        "",
    ]
    for table in load_tables().values():
        lines += [f"## out.{table.name}", "", table.comment, "", "| column | type | role | what |", "|---|---|---|---|"]
        for column in table.columns:
            comment = column.comment.replace("|", "\\|")  # else it would begin another cell
            lines.append(f"| {column.name} | {column.type} | {column.role} | {comment} |")
        lines.append("")
    lines += ["## Macros", ""]
    views = resources.files("schemas").joinpath("published", "out")
    for entry in sorted(views.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".sql"):
            head = [line for line in entry.read_text(encoding="utf-8").splitlines() if line.startswith("--")]
            lines.append("- " + " ".join(line.removeprefix("--").strip() for line in head))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_dictionary())
