"""``iccs concordance``: check, measure, compare, draft and export concordances."""

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, add_group
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError, nearest_values

if TYPE_CHECKING:
    from iccs.concordance import Concordance, ConcordanceDiff, ConcordanceProblem
    from iccs.suggest import LabelToCode
    from iccs.suggest.text import LabelLanguage
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the commands."""
    group = add_group(commands, "concordance", "check, measure, compare, draft and export concordances")
    check = add_command(group, "check", "check the rules for concordances", data=False)
    check.add_argument("names", nargs="*", metavar="SOURCE | FILE", help="which (default: all)")
    check.set_defaults(command=check_command)
    coverage = add_command(group, "coverage", "show the share of each source's counts that is linked, by ICCS level")
    coverage.set_defaults(command=coverage_command)
    difference = add_command(group, "diff", "compare two versions: links that differ and series that move")
    difference.add_argument("old", metavar="OLD")
    difference.add_argument("new", metavar="NEW")
    difference.add_argument("--source", help="source whose counts are mapped again (default: the name of NEW)")
    difference.set_defaults(command=diff_command)
    _add_suggest(group)
    benchmark = add_command(group, "evaluate", "measure the quality of the proposals on held-out lists", data=False)
    benchmark.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="which lists to hold out (default: each in turn)"
    )
    benchmark.add_argument(
        "--strict", action="store_true", help="ignore our own terms that repeat the labels of these lists"
    )
    benchmark.set_defaults(command=evaluate_command)
    export = add_command(group, "export", "write the correspondence table as a workbook", data=False)
    export.add_argument("source", metavar="SOURCE")
    export.add_argument("--format", choices=("unodc",), default="unodc", help="one sheet per ICCS section (xlsx)")
    export.add_argument("--lang", choices=("en", "es"), default="en", help="language of the ICCS texts")
    export.add_argument("-o", "--output", required=True, metavar="FILE.xlsx", help="workbook to write; must not exist")
    export.set_defaults(command=export_command)


def _add_suggest(group: Commands) -> None:
    suggest = add_command(group, "suggest", "propose categories for a list of national codes", data=False)
    suggest.add_argument("file", metavar="FILE", help="CSV file in UTF-8 with one row per national code")
    suggest.add_argument("--code", required=True, metavar="COL", help="column with the code")
    suggest.add_argument("--label", required=True, metavar="COL", help="column with the label")
    suggest.add_argument("--description", metavar="COL", help="column with a description or heading")
    suggest.add_argument(
        "--lang",
        choices=("en", "es", "fr", "pt", "de"),
        help="language of the labels (default: detected and printed; refused if unclear)",
    )
    suggest.add_argument("-o", "--output", required=True, metavar="DRAFT.csv", help="draft to write; must not exist")
    suggest.set_defaults(command=suggest_command)


def check_command(options: argparse.Namespace) -> int:
    """Print the problems of all or the named concordances; exit code 1 if there is an error."""
    from iccs.classification import load_classification
    from iccs.concordance import list_concordances
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED

    classification = load_classification()
    checked = []
    for name in options.names or sorted({*list_concordances(), *_names_of_projects()}):
        concordance = _read(name)
        checked.append((concordance, concordance.check(classification)))
    failed = any(problem.severity == "error" for _, problems in checked for problem in problems)
    if options.json:
        print_json(
            [
                {
                    "file": concordance.file,
                    "links": len(concordance.rows),
                    "drafts": _drafts(concordance),
                    "problems": [asdict(problem) for problem in problems],
                }
                for concordance, problems in checked
            ]
        )
    else:
        _print_problems(checked)
    return EXIT_REFUSED if failed else EXIT_DONE


def _print_problems(checked: list[tuple[Concordance, list[ConcordanceProblem]]]) -> None:
    for _, problems in checked:
        for problem in problems:
            place = f"{problem.file} row {problem.row}, {problem.column} {problem.value!r}"
            near = f" Nearest: {', '.join(problem.nearest)}." if problem.nearest else ""
            print_line(f"{problem.severity}: {place}: {problem.message} {problem.what_to_do}{near}")
    counted = [
        [
            concordance.file,
            len(concordance.rows),
            _drafts(concordance),
            *(sum(problem.severity == severity for problem in problems) for severity in ("error", "warning")),
        ]
        for concordance, problems in checked
    ]
    print_table(["concordance", "links", "drafts", "errors", "warnings"], counted)


def _drafts(concordance: Concordance) -> int:
    """Return the number of links that nobody has reviewed yet."""
    return sum(link.status == "draft" for link in concordance.rows)


def coverage_command(options: argparse.Namespace) -> int:
    """Print the share of each source's counts that is linked: by ICCS level, residual, split and draft."""
    from pipelines.reader.concordance_impact import mapping_coverage
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    result = mapping_coverage(load_settings(options.data))
    if options.json:
        print_json(result.records())
    else:
        print_table(result.columns, result.rows, title="Percent of the counts of each source", decimals=1)
    return EXIT_DONE


def diff_command(options: argparse.Namespace) -> int:
    """Print links added, removed and changed between two versions, and how far each ICCS series moves."""
    from iccs.concordance import diff, read_concordance
    from pipelines.reader.concordance_impact import concordance_impact
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    old_path, new_path = Path(options.old), Path(options.new)
    for path in (old_path, new_path):
        if not path.is_file():
            raise UsageError(f"there is no file {path}")
    found = diff(read_concordance(old_path), read_concordance(new_path))
    source_id = options.source or new_path.name.removesuffix(".csv")
    moved = concordance_impact(source_id, old_path, new_path, load_settings(options.data))
    if options.json:
        print_json({**_diff_record(found), "series": moved.records()})
        return EXIT_DONE
    _print_diff(found)
    if moved.rows:
        print_table(moved.columns, moved.rows, title=f"Counts of {source_id} that move, summed over all years")
    else:
        print_line("no ICCS series moves")
    return EXIT_DONE


def _print_diff(found: ConcordanceDiff) -> None:
    for sign, links in (("+", found.added), ("-", found.removed)):
        for link in links:
            print_line(f"{sign} {link.national_code} ({link.national_label}) -> {link.iccs_code or link.out_of_scope}")
    for change in found.changed:
        fields = "; ".join(f"{c.column}: {c.old or 'blank'} -> {c.new or 'blank'}" for c in change.changes)
        print_line(f"~ {change.new.national_code} ({change.new.national_label}): {fields}")
    if not (found.added or found.removed or found.changed):
        print_line("no link differs")


def _diff_record(found: ConcordanceDiff) -> dict[str, object]:
    return {
        "added": [link.row for link in found.added],
        "removed": [link.row for link in found.removed],
        "changed": [
            {"old": one.old.row, "new": one.new.row, "changes": [asdict(change) for change in one.changes]}
            for one in found.changed
        ],
    }


def _names_of_projects() -> list[str]:
    """The sources of the project that have a concordance of their own."""
    from schemas.source import list_sources

    return [
        name for name, folder in list_sources().items() if folder.origin != "package" and folder.concordance is not None
    ]


def _read(name: str) -> Concordance:
    """Return a concordance by its path, or by the name of its source: the project's, otherwise the packaged one."""
    from iccs.concordance import concordance_path, read_concordance
    from schemas.source import list_sources

    if name.endswith(".csv") or "/" in name:
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}")
        return read_concordance(Path(name))
    folder = list_sources().get(name)
    if folder is not None and folder.concordance is not None:
        own = folder.concordance.name == "concordance.csv"  # otherwise it already has the source's name
        file = f"{name}/concordance.csv" if own else folder.concordance.name
        return replace(read_concordance(folder.concordance), source_id=name, file=file)
    if folder is not None:
        raise UsageError(
            f"source {name} has no concordance.csv in {folder.folder}; draft one: iccs concordance suggest"
        )
    try:
        return read_concordance(concordance_path(name))
    except FileNotFoundError as error:
        raise UsageError(str(error)) from error


def suggest_command(options: argparse.Namespace) -> int:
    """Propose ICCS categories for a list of national codes, as a draft concordance for a person to edit.

    An existing file is never overwritten, and a language is never assumed.
    """
    from iccs.suggest import draft_concordance, write_concordance
    from pipelines.system.errors import EXIT_DONE

    output = Path(options.output)
    if output.exists():
        raise UsageError(f"{output} already exists, and a draft never replaces a file; give another name with -o")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent} to write the draft to")
    columns = {"code": options.code, "label": options.label, "description": options.description}
    labels = _read_labels(Path(options.file), columns)
    language, language_note = _language_of_labels(labels, options.lang)
    try:
        links = draft_concordance(labels, language)
        write_concordance(links, output)
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from error
    if options.json:
        print_json({"language": language, "language_note": language_note, "links": [link.row for link in links]})
        return EXIT_DONE
    rows = [[link.national_code, link.national_label, link.iccs_code or link.out_of_scope, link.note] for link in links]
    print_table(["code", "label", "proposed", "candidates"], rows[:20])
    print_line(language_note)
    print_line(
        f"{len(links)} links with status draft in {output}; each needs a person's decision; until then a run uses none "
        "of them"
    )
    return EXIT_DONE


def _language_of_labels(labels: list[LabelToCode], given: LabelLanguage | None) -> tuple[LabelLanguage, str]:
    """Return the language to read labels in, and a line that says which it is and why.

    Raises:
        UsageError: no language is given and the labels do not show clearly which it is.
    """
    from iccs.suggest.language import LANGUAGE_NAMES, guess_language

    guess = guess_language(national.label for national in labels)
    if given is None:
        if not guess.sure:
            raise UsageError(
                f"the language of the labels is not clear: most like {guess}, then {LANGUAGE_NAMES[guess.next_one]}; "
                f"give --lang {', '.join(LANGUAGE_NAMES)} (other languages are not supported)"
            )
        return guess.language, f"language of the labels: {guess}; if it is another, give --lang"
    if guess.sure and guess.language != given:
        return given, f"language of the labels: {LANGUAGE_NAMES[given]}, as given by --lang; they look like {guess}"
    return given, f"language of the labels: {LANGUAGE_NAMES[given]}, as given by --lang"


def _read_labels(path: Path, columns: dict[str, str | None]) -> list[LabelToCode]:
    from iccs.suggest import LabelToCode as Label

    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: the list must be a CSV file in UTF-8 ({error})") from error
    present = list(rows[0]) if rows else []
    for column in columns.values():
        if column is not None and column not in present:
            near = ", ".join(nearest_values(column, present)) or ", ".join(present)
            raise UsageError(f"{path}: there is no column {column!r}; nearest: {near or 'the file is empty'}")
    code, label, description = columns["code"] or "", columns["label"] or "", columns["description"]
    return [Label(row[code], row[label], row[description] if description else "") for row in rows]


def evaluate_command(options: argparse.Namespace) -> int:
    """Print how often the assistant finds the reviewed category for lists that it has not learned from."""
    from iccs.suggest.benchmark import MEASURES, run_benchmark
    from pipelines.system.errors import EXIT_DONE

    try:
        rows = run_benchmark(options.sources or None, without_copied_terms=options.strict)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if options.json:
        print_json([{**asdict(row), "shares": {name: row.share(name) for name in MEASURES}} for row in rows])
        return EXIT_DONE
    print_table(
        ["list left out", "labels", *MEASURES], [[row.name, row.labels, *map(row.share, MEASURES)] for row in rows]
    )
    print_line("shares of the labels; sources of the same country are held out together")
    return EXIT_DONE


def export_command(options: argparse.Namespace) -> int:
    """Write the correspondence table of a source in the form UNODC requests: a workbook with one sheet per section."""
    from iccs.correspondence import write_correspondence
    from pipelines.system.errors import EXIT_DONE

    output = Path(options.output)
    if output.exists():
        raise UsageError(f"{output} already exists; give another name, or remove it first")
    if output.suffix.lower() != ".xlsx":
        raise UsageError(f"{output}: the file name must end with .xlsx")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent} to write the workbook to")
    try:
        write_correspondence(_read(options.source), output, options.lang)
    except ImportError as error:
        raise UsageError(str(error)) from error
    if options.json:
        print_json({"output": output})
    else:
        print_line(f"{output}: correspondence of {options.source}, one sheet per ICCS section")
    return EXIT_DONE
