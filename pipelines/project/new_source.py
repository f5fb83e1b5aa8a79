"""The first definition of a source, written from one of its files: to be read, completed and judged by ``iccs check``.

What the file shows is written; what is only likely is marked ``# guessed``; what the file cannot show (its publisher,
its licence, the meaning of a word) is asked for, or left as TO FILL IN. Links to the ICCS are drafts and affect no
figure.
"""

from __future__ import annotations

import re
from pathlib import Path

from iccs.concordance import Link
from iccs.suggest import LabelToCode, draft_concordance, write_concordance
from iccs.suggest.draft import draft_link
from iccs.suggest.language import LANGUAGE_NAMES, guess_language_of_table
from iccs.suggest.text import LabelLanguage
from pipelines.project.draft import PLURALS, TO_FILL_IN, Answers, Draft, as_comment, few_of, has_repeats
from pipelines.project.draft_definition import (
    about_lines,
    breakdown_lines,
    column_lines,
    exclusion_lines,
    foot_control,
    guess_measure,
    layout_lines,
    row_control,
    rows_lines,
)
from pipelines.project.draft_reshape import reshape_statement
from pipelines.project.draft_values import WrittenNumbers, values_file
from pipelines.project.roles import Roles
from pipelines.project.seen_table import YEAR, SeenTable
from schemas.errors import UsageError
from schemas.words_of_totals import TOTALS, plain


def draft_source(source_id: str, table: SeenTable, roles: Roles, country: str | None, answers: Answers) -> Draft:
    """Return the first definition of a source.

    Args:
        source_id: identifier of the new source.
        table: one of its files.
        roles: the role of each column.
        country: the country the source is about; None if it covers several.
        answers: what the user said.

    Raises:
        UsageError: there is no column of counts, offences, periods or areas, and no answer in place of it.
    """
    constants = _constants(table, roles, country, answers)
    draft = Draft(source_id, headings=tuple(name for name in table.names if not YEAR.fullmatch(name)))
    _join_total(table, roles)
    counts = [name for name in (*roles.wide, roles.columns.get("value")) if name]
    numbers = WrittenNumbers(
        [text for name in counts for text in table.column(name)], table.read.get("format") == "excel"
    )
    draft.labels = _labels(table, roles, constants)
    draft.reshape = reshape_statement(table, roles, constants)
    draft.values = values_file(roles, numbers, country, draft)
    exclusions = exclusion_lines(table, roles, country, draft)
    stage, unit = guess_measure(table, roles, answers)
    lines = [
        f"# First draft, written from {table.path.name}; check the lines with a #. For all keys see "
        "docs/source_keys.md.",
        *about_lines(source_id, answers),
        *layout_lines(table, roles, counts, draft.reshape is not None),
        *column_lines(roles, constants, country),
        "measures:",
        f"  {unit}s: {{stage: {stage}, counting_unit: {unit}{', figures: stock' if stage == 'held' else ''}}}"
        + as_comment(None if answers.unit and answers.stage else "guessed: what is counted, and at which stage?"),
        *rows_lines(table, roles, draft),
        *(['year_starts: "04"  # guessed: in which month does a year begin?'] if roles.has_split_years else []),
        *numbers.keys(),
        *exclusions,
        *breakdown_lines(roles),
    ]
    if controls := [*foot_control(table, roles), *row_control(roles)]:
        lines += ["controls:", *controls]
    draft.source = "\n".join(lines) + "\n"
    _report(draft, table, roles, numbers, constants)
    return draft


def write_draft(draft: Draft, folder: Path, language: LabelLanguage | None) -> list[Path]:
    """Write a definition into a new folder; return its files.

    Raises:
        UsageError: the folder already exists, or no links can be drafted for the labels.
    """
    if folder.exists():
        raise UsageError(f"{folder} already exists, and nothing is overwritten; give another --id")
    guess = guess_language_of_table([label.label for label in draft.labels], draft.headings)
    try:
        links = draft_concordance(draft.labels, language or guess.language)
    except ValueError as error:
        raise UsageError(f"links for the categories cannot be drafted: {error}") from error
    links = [_of_all_offences(link) if plain(link.national_label) in TOTALS else link for link in links]
    if language is None:
        sure = "" if guess.sure else "; this is uncertain: if it is wrong, delete the folder and give --lang"
        draft.seen.append(f"language of the categories: {LANGUAGE_NAMES[guess.language]}{sure}")
    folder.mkdir(parents=True)
    files = {"source.yml": draft.source, "values.csv": draft.values, "reshape.sql": draft.reshape}
    for name, text in files.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    write_concordance(links, folder / "concordance.csv")
    return sorted(folder.iterdir())


def _of_all_offences(link: Link) -> Link:
    """Return the draft link of figures of all offences together, which belong to no single category."""
    national = LabelToCode(link.national_code, link.national_label)
    return draft_link(national, "TOTAL", "undivided", "Draft: judging by its label, all offences together.")


def _constants(table: SeenTable, roles: Roles, country: str | None, answers: Answers) -> dict[str, str]:
    """Return the values of what no column of the file holds."""
    constants: dict[str, str] = {}
    if "value" not in roles.columns and not roles.wide:
        raise UsageError(
            f"no column of {table.path.name} seems to contain counts (its columns: {', '.join(table.names)}); give "
            "--value"
        )
    if "national_code" not in roles.columns and roles.wide_is != "offence":
        if not answers.offence_name:
            raise UsageError(
                f"no column of {table.path.name} seems to contain offences; give --offence COLUMN, or --offence-name "
                "NAME if the file is about one offence"
            )
        constants["national_code"] = answers.offence_name
    if "ref_area" not in roles.columns:
        if country is None:
            raise UsageError(
                f"no column of {table.path.name} seems to contain areas; give --area COLUMN, or begin --id with the "
                "country code"
            )
        constants["ref_area"] = country
    if "time_period" not in roles.columns and roles.wide_is != "year":
        in_name = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", table.path.name)
        in_labels = [name for name in table.names if re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)]
        if answers.year is None and len(in_labels) > 1:
            raise UsageError(
                f"the years of {table.path.name} are in the labels of several counts ({few_of(in_labels, 4)}); give "
                "--value with the label of one year of the count that is wanted"
            )
        if answers.year is None and len(set(in_name)) != 1:
            raise UsageError(
                f"no column of {table.path.name} seems to contain years; give --period COLUMN, or --year 2024 if the "
                "file is about one year"
            )
        constants["time_period"] = answers.year or in_name[0]
    return constants


def _join_total(table: SeenTable, roles: Roles) -> None:
    """Read the total of the sexes or ages as one: what it has beyond its parts is of unknown sex or age.

    Where rows are added up, it would be counted with its parts, and is only compared.
    """
    if roles.total is not None and roles.wide_is in ("sex", "age") and not has_repeats(table, roles):
        roles.wide = (*roles.wide, roles.total)
        roles.words[roles.wide_is][roles.total] = "_T"


def _labels(table: SeenTable, roles: Roles, constants: dict[str, str]) -> list[LabelToCode]:
    if "national_code" in constants:
        return [LabelToCode(constants["national_code"], constants["national_code"])]
    if roles.wide_is == "offence":
        return [LabelToCode(name, name) for name in roles.wide]
    codes = table.column(roles.columns["national_code"])
    labels = table.column(roles.label) if roles.label else codes
    pairs = dict.fromkeys((code, label) for code, label in zip(codes, labels, strict=True) if code)
    return [LabelToCode(code, label) for code, label in pairs if plain(label) not in TOTALS]


def _report(draft: Draft, table: SeenTable, roles: Roles, numbers: WrittenNumbers, constants: dict[str, str]) -> None:
    draft.seen[:0] = [
        f"{table.path.name}: {', '.join(f'{key} {value!r}' for key, value in table.read.items()) or 'utf-8, commas'}; "
        f"header in row {table.header_row}, {len(table.rows):,} rows"
        + ("" if table.is_whole else " examined; there are more")
        + (f", footer of {len(table.foot)} rows from {few_of(table.foot[0][:1])}" if table.foot else ""),
        *(f"{role}: column {name!r}" for role, name in roles.columns.items()),
        *([f"labels of the categories: column {roles.label!r}"] if roles.label else []),
        *([f"{PLURALS[roles.wide_is]} as columns: {few_of(roles.wide)}"] if roles.wide else []),
        *([f"total of each row: column {roles.total!r}"] if roles.total else []),
        *(f"{role}: {value!r} for the whole file" for role, value in constants.items()),
        f"{len(draft.labels):,} {'category' if len(draft.labels) == 1 else 'categories'}",
    ]
    if roles.unused:
        draft.seen.append(f"not used: {', '.join(roles.unused)}")
    if roles.counts and roles.wide_is != "offence":
        draft.to_do.append(
            f"counts: {few_of(roles.counts)} may also contain counts; if one of them is the right column, give --value"
        )
    if roles.calendar is not None:
        draft.seen.append(f"{roles.calendar.name}" + (", converted in reshape.sql" if roles.calendar.year else ""))
    if roles.calendar is not None and roles.calendar.year is None:
        draft.to_do.append(
            f"reshape.sql: {roles.calendar.name} are no calendar years: give each the calendar year under which its "
            "figures are to be published; until then iccs check refuses the rows"
        )
    if table.alike_sheets:
        draft.to_do.append(
            f"source.yml: sheets with the same columns are not read ({few_of(table.alike_sheets)}): name them under "
            "sheet, with what tells them apart in reshape.sql (_sheet), or under other_sheets; until then iccs check "
            "refuses the file"
        )
    if numbers.may_be_decimal:
        draft.to_do.append(
            "source.yml, thousands: every point in the counts is followed by three digits; is 1.234 one?"
        )
    if numbers.marks:
        draft.to_do.append(f"source.yml, marks: declare what {few_of(numbers.marks)} after a count means")
    if TO_FILL_IN in draft.source:
        draft.to_do.insert(0, f"source.yml: publisher, url, licence, citation ({TO_FILL_IN})")
    draft.to_do.append("source.yml: check every line with a #, especially what is counted (measures)")
    draft.to_do.append(
        "concordance.csv: decide each link, then set its status to reviewed, with decided_by and decided_on"
    )
