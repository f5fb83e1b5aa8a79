"""The lines of a drafted source.yml: what the file shows, what is guessed, and what is left to fill in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from pipelines.collect.headings.kinds_of_figures import kind_of_heading
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.collect.headings.roles import is_about_suspects, stage_named
from pipelines.project.draft import TO_FILL_IN, Answers, Draft, as_comment, few_of, has_repeats, number_in, quoted
from pipelines.project.roles import Roles
from pipelines.project.seen_table import NUMBER, SeenTable
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.words_of_totals import TOTALS, plain

_UNITS = {
    "victim": r"v[ií]ctim|opfer",
    "case": r"\b(case|caso|carpeta)s?\b|f[äa]lle",
    "incident": r"incident|hechos?\b",
    "person": r"person|convict|condenad|suspect",
}


def about_lines(source_id: str, answers: Answers) -> list[str]:
    """Return the facts about the publication: title, publisher, address, licence, citation."""
    publisher = answers.publisher or TO_FILL_IN
    title = answers.title or source_id.replace("_", " ")
    return [
        f"title: {quoted(title)}{as_comment(None if answers.title else 'a title')}",
        f"publisher: {quoted(publisher)}",
        f"url: {quoted(answers.url or TO_FILL_IN)}",
        f"licence: {{name: {quoted(answers.licence or TO_FILL_IN)}}}",
        f"citation: {quoted(f'{publisher}, table, edition')}  # how to cite it",
    ]


def layout_lines(table: SeenTable, roles: Roles, counts: list[str], has_reshape: bool) -> list[str]:
    """Return how the file is recognised and read; what a reshape must conserve, if there is one."""
    needed = [name for name in table.names if name and name not in (*roles.unused, *table.nameless)]
    lines = [
        "layouts:",
        f"  - files: [{quoted(_pattern(table.path.name))}]  # must match the names of all its files",
        "    read:",
        *(f"      {key}: {value if value.isdigit() else quoted(value)}" for key, value in table.read.items()),
        f"      columns: [{', '.join(map(quoted, needed))}]",
    ]
    if others := [sheet for sheet in table.other_sheets if sheet not in table.alike_sheets]:
        sheets = ", ".join(map(quoted, others))
        lines.append(f"      other_sheets: [{sheets}]  # check: is there really nothing to read on them?")
    if table.foot:
        lines.append(f"      footer: {{starts_with: {quoted(next(cell for cell in table.foot[0] if cell))}}}")
    if has_reshape:
        lines.append(f"    conserve: {quoted('^(' + '|'.join(map(_escaped, counts)) + ')$')}")
    return lines


def _escaped(label: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", label)


def column_lines(roles: Roles, constants: dict[str, str], country: str | None) -> list[str]:
    """Return the role of each column, and the values of what no column holds."""
    named = dict(roles.columns)
    if roles.wide:
        named["value"] = "count_of_column"
    has_years = roles.calendar is not None and roles.calendar.year is not None
    if roles.wide_is == "year":
        named["time_period"] = "year_of_column"
    elif roles.wide_is == "month" or roles.month or roles.quarter or roles.period_in_another_form or has_years:
        named["time_period"] = "period"
    if roles.wide_is in ("sex", "age", "offence"):
        named["national_code" if roles.wide_is == "offence" else roles.wide_is] = f"{roles.wide_is}_of_column"
    if roles.label:
        named["national_label"] = roles.label
    lines = [f"area_scheme: {roles.area_scheme if 'ref_area' in roles.columns else 'code'}"]
    if roles.area_scheme == "name" and "ref_area" in roles.columns and country is not None:
        lines.append(f"area_names: {{of: {country}}}")
    lines += ["columns:", *(f"  {role}: {quoted(name)}" for role, name in named.items())]
    if constants:
        lines += ["constants:", *(f"  {role}: {quoted(value)}" for role, value in constants.items())]
    return lines


def rows_lines(table: SeenTable, roles: Roles, draft: Draft) -> list[str]:
    """Say that equal rows are parts of one cell, unless an unused column has totals among its values."""
    if not has_repeats(table, roles) and _has_totals(roles):
        return ["rows: cells  # the total of a row is the one printed; what it has beyond its parts is unknown"]
    if not has_repeats(table, roles):
        return []
    if sums := [name for name in roles.unused if _has_sums(table, roles, name)]:
        draft.to_do.append(
            f"source.yml: several rows have the same place, time and offence, and {few_of(sums)} contains sums as well "
            "as their parts: declare the column, or exclude one or the other; until then iccs check refuses the rows"
        )
        return []
    if mixed := [name for name in roles.unused if _is_mixed(table.column(name))]:
        draft.to_do.append(
            f"source.yml: {few_of(mixed)} distinguishes figures of different kinds (rates, victims, suspects): name it "
            "under columns.measure with one measure for each, or exclude what is not wanted; until then iccs check "
            "refuses the rows"
        )
        return []
    if not roles.unused:
        draft.to_do.append(
            "source.yml: several rows have the same place, time and offence, and no column tells them apart: they "
            "may be blocks of another kind (a table of rates below one of counts); exclude what is not wanted, or have "
            "reshape.sql say in a column what each block is; until then iccs check refuses the rows"
        )
        return []
    unused = ", ".join(roles.unused)
    return [f"rows: parts  # guessed: several rows have the same place, time and offence (columns not used: {unused})"]


def _is_mixed(texts: Iterable[str]) -> bool:
    """Whether the words of a column are of several kinds of figures: counts and rates, victims and suspects."""
    kinds = {
        (bool(words_for_rate(text)), kind_of_heading(text), stage_named(text) or is_about_suspects(text))
        for text in dict.fromkeys(texts)
    }
    return len(kinds) > 1


def _has_totals(roles: Roles) -> bool:
    """Whether a dimension has a total beside its parts."""
    codes = [set(roles.words[name].values()) for name in breakdown_columns() if name in roles.words]
    return any("_T" in found and len(found) > 1 for found in codes)


def _has_sums(table: SeenTable, roles: Roles, column: str) -> bool:
    """Whether one label of a column is the total of the others, by its wording or by the counts."""
    labels = table.column(column)
    if any(plain(label) in TOTALS for label in labels):
        return True
    sums: dict[str, float] = defaultdict(float)
    for name in (*roles.wide, roles.columns.get("value")):
        for label, text in zip(labels, table.column(name) if name else (), strict=False):
            sums[label] += number_in(text)
    largest, whole = max(sums.values(), default=0.0), sum(sums.values())
    return len(sums) > 2 and largest > 0 and abs(2 * largest - whole) <= 0.005 * whole


def breakdown_lines(roles: Roles) -> list[str]:
    """Return by what the figures are broken down, for years and for parts of years."""
    by = [name for name in breakdown_columns() if name in roles.columns or name == roles.wide_is]
    lines = [f"  - {{by: [{', '.join(by)}]}}"] if by else []
    if roles.month or roles.wide_is == "month":
        lines = [*(lines or ["  - {by: []}"]), "  - {freq: M, by: []}"]
    if roles.quarter:
        lines = [*(lines or ["  - {by: []}"]), "  - {freq: Q, by: []}"]
    return ["breakdowns:", *lines] if lines else []


def foot_control(table: SeenTable, roles: Roles) -> list[str]:
    """Return the control that compares a total at the foot with the sum of the rows."""
    value = roles.columns.get("value")
    if not table.foot or value is None:
        return []
    printed = table.foot[0][table.names.index(value)]
    if not NUMBER.fullmatch(printed):
        return []
    return [f"  - {{control: total at the foot of the file, footer_column: {quoted(value)}}}"]


def row_control(roles: Roles) -> list[str]:
    """Return the control that compares a column of totals with the columns that are its parts."""
    if roles.total is None or roles.total in roles.wide:
        return []
    parts = ", ".join(map(quoted, roles.wide))
    return [f"  - {{control: total of each row, total_column: {quoted(roles.total)}, part_columns: [{parts}]}}"]


def exclusion_lines(table: SeenTable, roles: Roles, country: str | None, draft: Draft) -> list[str]:
    """Return the exclusion of rows that are totals by their wording; their sum is compared with that of the rest."""
    found = []
    if numbered := [(name, cell) for name, cell in zip(table.names, table.numbering, strict=False) if name and cell]:
        where = " AND ".join(f"{quote_identifier(name)} = {quote_literal(cell)}" for name, cell in numbered[:2])
        found.append(
            f"  - {{rule: numbers_of_columns, where: {quoted(where)}, reason: The row that numbers the columns.}}"
        )
        draft.seen.append("the row that numbers the columns is excluded")
    for role in ("national_code", "ref_area"):
        column = roles.label if role == "national_code" and roles.label else roles.columns.get(role)
        if column is None or (role == "ref_area" and country is not None):
            continue  # a row for the whole country is published as such and compared with its parts
        words = [word for word in dict.fromkeys(table.column(column)) if plain(word) in TOTALS]
        if words:
            listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
            name = '"' + column.replace('"', '""') + '"'
            where = quoted(f"{name} IN ({listed})")
            reason = (
                f"A sum of other rows, judging by its label. {_compare_totals(table, roles, column, words)}".strip()
            )
            found.append(f"  - {{rule: total_rows_of_{role}, where: {where}, reason: {quoted(reason)}}}  # guessed")
            draft.seen.append(f"total rows of {column}: {', '.join(words)}; excluded. {reason.partition('. ')[2]}")
    return ["exclusions:", *found] if found else []


def _compare_totals(table: SeenTable, roles: Roles, column: str, words: Iterable[str]) -> str:
    counts = [name for name in (*roles.wide, roles.columns.get("value")) if name]
    others = [name for role, name in roles.columns.items() if role in ("ref_area", "sex", "age") and name != column]
    totals = {*words}
    sums = {True: 0.0, False: 0.0}
    for row in table.rows:
        cells = dict(zip(table.names, row, strict=True))
        if any(plain(cells[name]) in TOTALS for name in others):
            continue
        sums[cells[column] in totals] += sum(number_in(cells[name]) for name in counts)
    return f"They have {sums[True]:,.0f}, the other rows {sums[False]:,.0f}."


def _pattern(name: str) -> str:
    """Return the pattern of other editions' names: digits differ; * only where enough of the name is left."""
    escaped = re.sub(r"([\[\]?*])", r"[\1]", name)
    wide = re.sub(r"\d+(?:[-_.]\d+)*", "*", escaped) if "[" not in escaped else escaped
    return wide if sum(letter.isalpha() for letter in wide.partition(".")[0]) >= 3 else escaped


def guess_measure(table: SeenTable, roles: Roles, answers: Answers) -> tuple[str, str]:
    """Return stage and counting unit as answered, or as the words of the file suggest."""
    names = " ".join((roles.columns.get("value", ""), roles.columns.get("national_code", "")))
    stage = answers.stage or stage_named(names.replace("_", " ")) or "recorded"
    unit = answers.unit or ("person" if stage != "recorded" and not answers.stage else _guess_unit(table, roles))
    return stage, unit


def _guess_unit(table: SeenTable, roles: Roles) -> str:
    names = " ".join((roles.columns.get("value", ""), roles.columns.get("national_code", ""), table.path.name))
    return next((unit for unit, words in _UNITS.items() if re.search(words, names, re.IGNORECASE)), "offence")
