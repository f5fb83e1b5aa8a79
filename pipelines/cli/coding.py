"""What the coding assistant prints and writes: concordance suggest, evaluate, export."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from iccs.benchmark import MEASURES, run_benchmark
from iccs.concordance import concordance_path, read_concordance
from iccs.suggest import LabelToCode, draft_concordance, write_concordance
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.system.errors import EXIT_DONE
from schemas.errors import UsageError, nearest_values

Language = Literal["en", "es", "fr", "pt", "de"]


def suggest_command(file: str, columns: dict[str, str | None], language: Language, output: str, as_json: bool) -> int:
    """Propose ICCS categories for a list of national codes, as a draft concordance for a person to edit.

    Args:
        file: a CSV file in UTF-8.
        columns: which of its columns hold code, label and, if any, description.
        language: of the labels.
        output: the draft to write; an existing file is never overwritten.
        as_json: print for machines.
    """
    labels = _read_labels(Path(file), columns)
    try:
        links = draft_concordance(labels, language)
        write_concordance(links, Path(output))
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from error
    if as_json:
        print_json([link.row for link in links])
        return EXIT_DONE
    rows = [[link.national_code, link.national_label, link.iccs_code or link.out_of_scope, link.note] for link in links]
    print_table(["code", "label", "proposed", "candidates"], rows[:20])
    print_line(f"{len(links)} links with status draft in {output}; each needs a person's decision")
    return EXIT_DONE


def _read_labels(path: Path, columns: dict[str, str | None]) -> list[LabelToCode]:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the list must be a CSV file in UTF-8 ({error})") from error
    present = list(rows[0]) if rows else []
    for column in columns.values():
        if column is not None and column not in present:
            near = ", ".join(nearest_values(column, present)) or ", ".join(present)
            raise UsageError(f"{path}: there is no column {column!r}; nearest: {near or 'the file is empty'}")
    code, label, description = columns["code"] or "", columns["label"] or "", columns["description"]
    return [LabelToCode(row[code], row[label], row[description] if description else "") for row in rows]


def evaluate_command(sources: list[str], strict: bool, as_json: bool) -> int:
    """Print how often the assistant finds the reviewed category of lists it has not seen (one country left out)."""
    try:
        rows = run_benchmark(sources or None, without_copied_terms=strict)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if as_json:
        print_json([{**asdict(row), "shares": {name: row.share(name) for name in MEASURES}} for row in rows])
        return EXIT_DONE
    print_table(
        ["list left out", "labels", *MEASURES], [[row.name, row.labels, *map(row.share, MEASURES)] for row in rows]
    )
    print_line("shares; sources of the same country are left out together")
    return EXIT_DONE


def export_command(source: str, output: str, language: Literal["en", "es"]) -> int:
    """Write the correspondence sheet of a source as UNODC asks for it: a workbook with a sheet for each section."""
    from iccs.correspondence import write_correspondence

    try:
        concordance = read_concordance(concordance_path(source))
        write_correspondence(concordance, Path(output), language)
    except (FileNotFoundError, ImportError) as error:
        raise UsageError(str(error)) from error
    print_line(f"{output}: correspondence of {source}, a sheet for each section of the ICCS")
    return EXIT_DONE
