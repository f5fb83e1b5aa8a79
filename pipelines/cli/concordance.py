"""What the command concordance prints: check, coverage, diff."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from iccs.classification import load_classification
from iccs.concordance import Concordance, ConcordanceDiff, concordance_path, diff, list_concordances, read_concordance
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED
from pipelines.system.settings import load_settings
from schemas.errors import UsageError


def check_command(names: list[str], as_json: bool) -> int:
    """Print what is wrong with concordances, all or those named; exit code 1 where there is an error.

    A name is a source or a path to a CSV file.
    """
    classification = load_classification()
    rows = []
    for name in names or list_concordances():
        concordance = read_concordance(_path(name))
        problems = concordance.check(classification)
        rows.append((concordance, problems))
    errors = sum(problem.severity == "error" for _, problems in rows for problem in problems)
    if as_json:
        print_json(
            [
                {
                    "file": concordance.file,
                    "links": len(concordance.rows),
                    "drafts": _drafts(concordance),
                    "problems": [asdict(problem) for problem in found],
                }
                for concordance, found in rows
            ]
        )
        return EXIT_REFUSED if errors else EXIT_DONE
    for _, problems in rows:
        for problem in problems:
            place = f"{problem.file} row {problem.row}, {problem.column} {problem.value!r}"
            near = f" Nearest: {', '.join(problem.nearest)}." if problem.nearest else ""
            print_line(f"{problem.severity}: {place}: {problem.message} {problem.what_to_do}{near}")
    counted = [
        [
            concordance.file,
            len(concordance.rows),
            _drafts(concordance),
            *(sum(problem.severity == severity for problem in found) for severity in ("error", "warning")),
        ]
        for concordance, found in rows
    ]
    print_table(["concordance", "links", "drafts", "errors", "warnings"], counted)
    return EXIT_REFUSED if errors else EXIT_DONE


def _drafts(concordance: Concordance) -> int:
    """How many links nobody has reviewed yet."""
    return sum(link.status == "draft" for link in concordance.rows)


def coverage_command(data: str | None, as_json: bool) -> int:
    """Print the share of each source's counts that is linked, at each ICCS level, in residuals, split, draft."""
    from pipelines.reader.concordance_impact import mapping_coverage

    result = mapping_coverage(load_settings(data))
    if as_json:
        print_json(result.records())
    else:
        print_table(result.columns, result.rows, title="Per cent of the counts of each source", decimals=1)
    return EXIT_DONE


def diff_command(old: str, new: str, source: str | None, data: str | None, as_json: bool) -> int:
    """Print links added, removed and changed between two versions, and how far each ICCS series moves."""
    from pipelines.reader.concordance_impact import restated_series

    old_path, new_path = Path(old), Path(new)
    for path in (old_path, new_path):
        if not path.is_file():
            raise UsageError(f"there is no file {path}")
    found = diff(read_concordance(old_path), read_concordance(new_path))
    settings = load_settings(data)
    source_id = source or new_path.name.removesuffix(".csv")
    moved = restated_series(source_id, old_path, new_path, settings)
    if as_json:
        print_json({**_diff_record(found), "series": moved.records()})
        return EXIT_DONE
    for mark, links in (("+", found.added), ("-", found.removed)):
        for link in links:
            print_line(f"{mark} {link.national_code} ({link.national_label}) -> {link.iccs_code or link.out_of_scope}")
    for change in found.changed:
        fields = "; ".join(f"{c.column}: {c.old or 'blank'} -> {c.new or 'blank'}" for c in change.changes)
        print_line(f"~ {change.new.national_code} ({change.new.national_label}): {fields}")
    if not (found.added or found.removed or found.changed):
        print_line("no link differs")
    if moved.rows:
        print_table(moved.columns, moved.rows, title=f"Counts of {source_id} that move, all years together")
    else:
        print_line("no ICCS series moves")
    return EXIT_DONE


def _diff_record(found: ConcordanceDiff) -> dict[str, object]:
    return {
        "added": [link.row for link in found.added],
        "removed": [link.row for link in found.removed],
        "changed": [
            {"old": one.old.row, "new": one.new.row, "changes": [asdict(change) for change in one.changes]}
            for one in found.changed
        ],
    }


def _path(name: str) -> Path:
    """A path as it is; the name of a source stands for its packaged table."""
    if name.endswith(".csv") or "/" in name:
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"there is no file {name}")
        return path
    try:
        return Path(str(concordance_path(name)))
    except FileNotFoundError as error:
        raise UsageError(str(error)) from error
