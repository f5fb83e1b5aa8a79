"""The first definition of a source, written from one of its files: to be read, completed and judged by ``iccs check``.

What the file shows is written; what is only likely is marked ``# guessed``; what the file cannot show (its publisher,
its licence, the meaning of a word) is asked for, or left as TO FILL IN. Links to the ICCS are drafts and affect no
figure.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from iccs.concordance import Link
from iccs.suggest import LabelToCode, draft_concordance, write_concordance
from iccs.suggest.draft import draft_link
from iccs.suggest.language import LANGUAGE_NAMES, guess_language_of_table
from iccs.suggest.text import LabelLanguage
from pipelines.collect.headings.kinds_of_figures import kind_of_heading
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.collect.headings.roles import is_about_suspects, stage_named
from pipelines.project.known_words import known_words, months
from pipelines.project.roles import Roles, quarter_of
from pipelines.project.seen_table import NUMBER, YEAR, SeenTable
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.errors import UsageError
from schemas.words_of_totals import TOTALS, plain

TO_FILL_IN = "TO FILL IN"
_UNITS = {
    "victim": r"v[ií]ctim|opfer",
    "case": r"\b(case|caso|carpeta)s?\b|f[äa]lle",
    "incident": r"incident|hechos?\b",
    "person": r"person|convict|condenad|suspect",
}
_PLURALS = {"year": "years", "month": "months", "sex": "sexes", "age": "ages", "offence": "offences"}
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([., '’])\d{3})(?:\1\d{3})*")
_DECIMALS = re.compile(r"[-+]?\d+([.,])(\d{1,2}|\d{4,})")


@dataclass(frozen=True)
class Answers:
    """What the user states because the file cannot show it; None if nothing was stated."""

    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    licence: str | None = None
    unit: str | None = None
    stage: str | None = None
    offence_name: str | None = None
    year: str | None = None
    language: LabelLanguage | None = None


@dataclass
class Draft:
    """The files of a definition, and what to tell the user about them.

    Attributes:
        source_id: identifier of the source.
        source: text of source.yml.
        values: text of values.csv.
        reshape: text of reshape.sql; None if the table is tidy.
        labels: the national categories, for the concordance.
        headings: the labels of the columns, whose language helps to determine that of a few categories.
        seen: what was found in the file, one line each.
        to_do: what a person must decide, one line each.
    """

    source_id: str
    source: str = ""
    values: str = ""
    reshape: str | None = None
    labels: list[LabelToCode] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)


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
    numbers = _Numbers([text for name in counts for text in table.column(name)], table.read.get("format") == "excel")
    draft.labels = _labels(table, roles, constants)
    draft.reshape = _reshape(table, roles, constants)
    draft.values = _values(roles, numbers, country, draft)
    exclusions = _exclusions(table, roles, country, draft)
    stage, unit = _guess_measure(table, roles, answers)
    lines = [
        f"# First draft, written from {table.path.name}; check the lines with a #. For all keys see "
        "docs/source_keys.md.",
        *_about(source_id, answers),
        *_layout(table, roles, counts),
        *_columns(roles, constants, country),
        "measures:",
        f"  {unit}s: {{stage: {stage}, counting_unit: {unit}{', figures: stock' if stage == 'held' else ''}}}"
        + _guessed(None if answers.unit and answers.stage else "guessed: what is counted, and at which stage?"),
        *_rows(table, roles, draft),
        *(['year_starts: "04"  # guessed: in which month does a year begin?'] if roles.has_split_years else []),
        *numbers.keys(),
        *exclusions,
        *_breakdowns(roles),
    ]
    if controls := [*_foot_control(table, roles), *_row_control(roles)]:
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
        if answers.year is None and len(set(in_name)) != 1:
            raise UsageError(
                f"no column of {table.path.name} seems to contain years; give --period COLUMN, or --year 2024 if the "
                "file is about one year"
            )
        constants["time_period"] = answers.year or in_name[0]
    return constants


def _about(source_id: str, answers: Answers) -> list[str]:
    publisher = answers.publisher or TO_FILL_IN
    title = answers.title or source_id.replace("_", " ")
    return [
        f"title: {_quoted(title)}{_guessed(None if answers.title else 'a title')}",
        f"publisher: {_quoted(publisher)}",
        f"url: {_quoted(answers.url or TO_FILL_IN)}",
        f"licence: {{name: {_quoted(answers.licence or TO_FILL_IN)}}}",
        f"citation: {_quoted(f'{publisher}, table, edition')}  # how to cite it",
    ]


def _layout(table: SeenTable, roles: Roles, counts: list[str]) -> list[str]:
    needed = [name for name in table.names if name and name not in roles.unused]
    lines = [
        "layouts:",
        f"  - files: [{_quoted(_pattern(table.path.name))}]  # must match the names of all its files",
        "    read:",
        *(f"      {key}: {_quoted(value)}" for key, value in table.read.items()),
        f"      columns: [{', '.join(map(_quoted, needed))}]",
    ]
    if others := [sheet for sheet in table.other_sheets if sheet not in table.alike_sheets]:
        sheets = ", ".join(map(_quoted, others))
        lines.append(f"      other_sheets: [{sheets}]  # check: is there really nothing to read on them?")
    if table.foot:
        lines.append(f"      footer: {{starts_with: {_quoted(next(cell for cell in table.foot[0] if cell))}}}")
    if roles.wide or roles.month or roles.quarter:
        lines.append(f"    conserve: {_quoted('^(' + '|'.join(map(_escaped, counts)) + ')$')}")
    return lines


def _escaped(label: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", label)


def _columns(roles: Roles, constants: dict[str, str], country: str | None) -> list[str]:
    named = dict(roles.columns)
    if roles.wide:
        named["value"] = "count_of_column"
    if roles.wide_is == "year":
        named["time_period"] = "year_of_column"
    elif roles.wide_is == "month" or roles.month or roles.quarter:
        named["time_period"] = "period"
    elif roles.wide_is in ("sex", "age", "offence"):
        named["national_code" if roles.wide_is == "offence" else roles.wide_is] = f"{roles.wide_is}_of_column"
    if roles.label:
        named["national_label"] = roles.label
    lines = [f"area_scheme: {roles.area_scheme if 'ref_area' in roles.columns else 'code'}"]
    if roles.area_scheme == "name" and "ref_area" in roles.columns and country is not None:
        lines.append(f"area_names: {{of: {country}}}")
    lines += ["columns:", *(f"  {role}: {_quoted(name)}" for role, name in named.items())]
    if constants:
        lines += ["constants:", *(f"  {role}: {_quoted(value)}" for role, value in constants.items())]
    return lines


def _rows(table: SeenTable, roles: Roles, draft: Draft) -> list[str]:
    """Say that equal rows are parts of one cell, unless an unused column has totals among its values."""
    if not _repeats(table, roles) and _has_totals(roles):
        return ["rows: cells  # the total of a row is the one printed; what it has beyond its parts is unknown"]
    if not _repeats(table, roles):
        return []
    if sums := [name for name in roles.unused if _has_sums(table, roles, name)]:
        draft.to_do.append(
            f"source.yml: several rows have the same place, time and offence, and {_some(sums)} contains sums as well "
            "as their parts: declare the column, or exclude one or the other; until then iccs check refuses the rows"
        )
        return []
    if mixed := [name for name in roles.unused if _is_mixed(table.column(name))]:
        draft.to_do.append(
            f"source.yml: {_some(mixed)} distinguishes figures of different kinds (rates, victims, suspects): name it "
            "under columns.measure with one measure for each, or exclude what is not wanted; until then iccs check "
            "refuses the rows"
        )
        return []
    unused = ", ".join(roles.unused) or "none"
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


def _repeats(table: SeenTable, roles: Roles) -> bool:
    """Whether several rows have the same place, time and offence."""
    keys = [name for role, name in roles.columns.items() if role != "value"]
    keys += filter(None, (roles.month, roles.quarter))
    times = Counter(zip(*(table.column(name) for name in keys), strict=True)) if keys else Counter()
    return bool(times) and max(times.values()) > 1


def _has_sums(table: SeenTable, roles: Roles, column: str) -> bool:
    """Whether one label of a column is the total of the others, by its wording or by the counts."""
    labels = table.column(column)
    if any(plain(label) in TOTALS for label in labels):
        return True
    sums: dict[str, float] = defaultdict(float)
    for name in (*roles.wide, roles.columns.get("value")):
        for label, text in zip(labels, table.column(name) if name else (), strict=False):
            sums[label] += _number(text)
    largest, whole = max(sums.values(), default=0.0), sum(sums.values())
    return len(sums) > 2 and largest > 0 and abs(2 * largest - whole) <= 0.005 * whole


def _breakdowns(roles: Roles) -> list[str]:
    by = [name for name in breakdown_columns() if name in roles.columns or name == roles.wide_is]
    lines = [f"  - {{by: [{', '.join(by)}]}}"] if by else []
    if roles.month or roles.wide_is == "month":
        lines = [*(lines or ["  - {by: []}"]), "  - {freq: M, by: []}"]
    if roles.quarter:
        lines = [*(lines or ["  - {by: []}"]), "  - {freq: Q, by: []}"]
    return ["breakdowns:", *lines] if lines else []


def _foot_control(table: SeenTable, roles: Roles) -> list[str]:
    """Return the control that compares a total at the foot with the sum of the rows."""
    value = roles.columns.get("value")
    if not table.foot or value is None:
        return []
    printed = table.foot[0][table.names.index(value)]
    if not NUMBER.fullmatch(printed):
        return []
    return [f"  - {{control: total at the foot of the file, footer_column: {_quoted(value)}}}"]


def _row_control(roles: Roles) -> list[str]:
    """Return the control that compares a column of totals with the columns that are its parts."""
    if roles.total is None or roles.total in roles.wide:
        return []
    parts = ", ".join(map(_quoted, roles.wide))
    return [f"  - {{control: total of each row, total_column: {_quoted(roles.total)}, part_columns: [{parts}]}}"]


def _join_total(table: SeenTable, roles: Roles) -> None:
    """Read the total of the sexes or ages as one: what it has beyond its parts is of unknown sex or age.

    Where rows are added up, it would be counted with its parts, and is only compared.
    """
    if roles.total is not None and roles.wide_is in ("sex", "age") and not _repeats(table, roles):
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


def _exclusions(table: SeenTable, roles: Roles, country: str | None, draft: Draft) -> list[str]:
    """Return the exclusion of rows that are totals by their wording; their sum is compared with that of the rest."""
    found = []
    for role in ("national_code", "ref_area"):
        column = roles.label if role == "national_code" and roles.label else roles.columns.get(role)
        if column is None or (role == "ref_area" and country is not None):
            continue  # a row for the whole country is published as such and compared with its parts
        words = [word for word in dict.fromkeys(table.column(column)) if plain(word) in TOTALS]
        if words:
            listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
            name = '"' + column.replace('"', '""') + '"'
            where = _quoted(f"{name} IN ({listed})")
            reason = (
                f"A sum of other rows, judging by its label. {_compare_totals(table, roles, column, words)}".strip()
            )
            found.append(f"  - {{rule: total_rows_of_{role}, where: {where}, reason: {_quoted(reason)}}}  # guessed")
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
        sums[cells[column] in totals] += sum(_number(cells[name]) for name in counts)
    return f"They have {sums[True]:,.0f}, the other rows {sums[False]:,.0f}."


def _number(text: str) -> float:
    digits = re.sub(r"[^\d-]", "", text) if _GROUPED.fullmatch(text) else text.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return 0.0


def _values(roles: Roles, numbers: _Numbers, country: str | None, draft: Draft) -> str:
    rows: list[tuple[str, str, str, str]] = []
    for dimension, words in roles.words.items():
        if dimension == "ref_area":
            continue
        rows += [(dimension, word, code, "") for word, code in words.items()]
        if unknown := roles.unknown.get(dimension):
            draft.to_do.append(f"values.csv: give {dimension} a code for {_some(unknown)}")
    draft.to_do += _area_rows(roles, country, rows)
    rows += [("value", word, code, note) for word, (code, note) in numbers.words.items() if code]
    if unread := [word for word, (code, _) in numbers.words.items() if not code]:
        draft.to_do.append(
            f"values.csv: declare what {_some(unread)} in the count column means (value,...,O is missing)"
        )
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([("dimension", "word", "code", "note"), *rows])
    return text.getvalue()


def _area_rows(roles: Roles, country: str | None, rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Add the areas that the scheme does not know one by one; return what is left to do."""
    from pipelines.project.known_words import find_area_scheme

    words = roles.words.get("ref_area", {})
    by_scheme = find_area_scheme(words, country)[0] if words else ""
    known = _known_by_scheme(by_scheme, country)
    rows += [("ref_area", word, code, "by its name") for word, code in words.items() if known.get(word) != code]
    left = roles.unknown.get("ref_area", [])
    return (
        [f"values.csv: give ref_area a code for {_some(left)}, or list them in areas/ in the project"] if left else []
    )


def _known_by_scheme(scheme: str, country: str | None) -> dict[str, str]:
    from schemas.area_names import names_of_areas
    from schemas.codelists import load_areas

    if scheme == "name":
        return dict(names_of_areas(of=country))
    if scheme == "code":
        return {area.code: area.code for area in load_areas()}
    return {code: area.code for area in load_areas() for name, code in area.schemes if name == scheme}


class _Numbers:
    """How counts are written: separators between digits, notes after them, and words in their place."""

    def __init__(self, texts: Iterable[str], from_workbook: bool) -> None:
        filled = Counter(texts)
        blanks = filled.pop("", 0)
        grouped = Counter(found[1] for text in filled if (found := _GROUPED.fullmatch(text)))
        decimals = Counter(found[1] for text in filled if (found := _DECIMALS.fullmatch(text)))
        self.thousands = grouped.most_common(1)[0][0] if grouped and not from_workbook else ""
        if self.thousands in decimals and not grouped[self.thousands] > decimals[self.thousands]:
            self.thousands = ""
        longest = max((text.count(self.thousands) for text in filled if self.thousands), default=0)
        self.may_be_decimal = self.thousands == "." and longest == 1 and "," not in decimals
        self.decimal = next((mark for mark in decimals if mark != self.thousands), ".")
        self.marks = Counter[str]()
        self.words: dict[str, tuple[str, str]] = {}
        known = known_words()["value"]
        for text in filled:
            if NUMBER.fullmatch(text):
                continue
            marked = re.fullmatch(r"([-+]?\d[\d., '’]*?)\s*(\(?[A-Za-z*†‡²³¹]{1,4}\)?)", text)
            if marked is not None:
                self.marks[marked[2]] += 1
            else:
                self.words[text] = (known.get(plain(text), ""), "guessed from other sources")
        if blanks:
            self.words[""] = ("O", "guessed: an empty cell is a missing figure")

    def keys(self) -> list[str]:
        """Return the keys of source.yml."""
        lines = []
        if self.thousands:
            sure = not self.may_be_decimal
            lines.append(
                f"thousands: {_quoted(self.thousands)}"
                + _guessed(
                    None if sure else "guessed: each point is followed by three digits; is 1.234 a thousand or one?"
                )
            )
        if self.decimal != "." or self.thousands == ".":
            lines.append(f"decimal: {_quoted(self.decimal if self.decimal != self.thousands else ',')}")
        if self.marks:
            marks = ", ".join(f"{_quoted(mark)}: P" for mark in self.marks)
            lines.append(f"marks: {{{marks}}}  # guessed: P is provisional; what do they mean?")
        return lines


def _reshape(table: SeenTable, roles: Roles, constants: dict[str, str]) -> str | None:
    """Return the SELECT that makes a wide table tidy, or builds months from two columns or from the file's year."""
    column = roles.columns.get("time_period")
    year = quote_identifier(column) if column else "NULL"
    if column is None and (roles.wide_is == "month" or roles.month):
        year = quote_literal(constants.pop("time_period"))
    if not roles.wide:
        if roles.month is None and roles.quarter is None:
            return None
        period = _period(table, roles, year)
        head = (
            f"-- Year and {'month' if roles.month else 'quarter'} become one period. Grain: one row for each raw row."
        )
        return f"{head}\nSELECT *, {period} AS period FROM raw\n"
    names = ", ".join(quote_identifier(name) for name in roles.wide)
    label = f"{roles.wide_is}_of_column"
    more = ""
    if roles.wide_is == "month":
        more = f", {_month_period(year, 'month_of_column', list(roles.wide))} AS period"
    elif roles.month is not None or roles.quarter is not None:
        more = f", {_period(table, roles, year)} AS period"
    kind, kinds = roles.wide_is, _PLURALS[roles.wide_is]
    return (
        f"-- {kinds.capitalize()} as columns become rows. Grain: one row for each raw row and {kind}.\n"
        f"SELECT *, {label} AS _column{more}\n"
        f"FROM raw UNPIVOT INCLUDE NULLS (count_of_column FOR {label} IN ({names}))\n"
    )


def _period(table: SeenTable, roles: Roles, year: str) -> str:
    if roles.month is not None:
        return _month_period(year, roles.month, table.column(roles.month))
    quarter = roles.quarter or ""
    words = [word for word in dict.fromkeys(table.column(quarter)) if word]
    cases = " ".join(f"WHEN {quote_literal(word)} THEN '{quarter_of(word)}'" for word in words)
    return f"{year} || '-Q' || CASE {quote_identifier(quarter)} {cases} END"


def _month_period(year: str, month: str, words: Iterable[str]) -> str:
    numbers = {word: months().get(plain(word).rstrip(".")) for word in dict.fromkeys(words) if word}
    before = f"{year} || '-' || "
    if all(number is None for number in numbers.values()):
        return f"{before}lpad({quote_identifier(month)}, 2, '0')"
    cases = " ".join(f"WHEN {quote_literal(word)} THEN '{number:02d}'" for word, number in numbers.items() if number)
    return f"{before}CASE {quote_identifier(month)} {cases} END"


def _pattern(name: str) -> str:
    """Return the pattern of other editions' names: digits differ; * only where enough of the name is left."""
    escaped = re.sub(r"([\[\]?*])", r"[\1]", name)
    wide = re.sub(r"\d+(?:[-_.]\d+)*", "*", escaped) if "[" not in escaped else escaped
    return wide if sum(letter.isalpha() for letter in wide.partition(".")[0]) >= 3 else escaped


def _guess_measure(table: SeenTable, roles: Roles, answers: Answers) -> tuple[str, str]:
    """Return stage and counting unit as answered, or as the words of the file suggest."""
    names = " ".join((roles.columns.get("value", ""), roles.columns.get("national_code", "")))
    stage = answers.stage or stage_named(names.replace("_", " ")) or "recorded"
    unit = answers.unit or ("person" if stage != "recorded" and not answers.stage else _guess_unit(table, roles))
    return stage, unit


def _guess_unit(table: SeenTable, roles: Roles) -> str:
    names = " ".join((roles.columns.get("value", ""), roles.columns.get("national_code", ""), table.path.name))
    return next((unit for unit, words in _UNITS.items() if re.search(words, names, re.IGNORECASE)), "offence")


def _report(draft: Draft, table: SeenTable, roles: Roles, numbers: _Numbers, constants: dict[str, str]) -> None:
    draft.seen[:0] = [
        f"{table.path.name}: {', '.join(f'{key} {value!r}' for key, value in table.read.items()) or 'utf-8, commas'}; "
        f"header in row {table.header_row}, {len(table.rows):,} rows"
        + ("" if table.is_whole else " examined; there are more")
        + (f", footer of {len(table.foot)} rows from {_some(table.foot[0][:1])}" if table.foot else ""),
        *(f"{role}: column {name!r}" for role, name in roles.columns.items()),
        *([f"labels of the categories: column {roles.label!r}"] if roles.label else []),
        *([f"{_PLURALS[roles.wide_is]} as columns: {_some(roles.wide)}"] if roles.wide else []),
        *([f"total of each row: column {roles.total!r}"] if roles.total else []),
        *(f"{role}: {value!r} for the whole file" for role, value in constants.items()),
        f"{len(draft.labels):,} {'category' if len(draft.labels) == 1 else 'categories'}",
    ]
    if roles.unused:
        draft.seen.append(f"not used: {', '.join(roles.unused)}")
    if roles.counts and roles.wide_is != "offence":
        draft.to_do.append(
            f"counts: {_some(roles.counts)} may also contain counts; if one of them is the right column, give --value"
        )
    if table.alike_sheets:
        draft.to_do.append(
            f"source.yml: sheets with the same columns are not read ({_some(table.alike_sheets)}): name them under "
            "sheet, with what tells them apart in reshape.sql (_sheet), or under other_sheets; until then iccs check "
            "refuses the file"
        )
    if numbers.may_be_decimal:
        draft.to_do.append(
            "source.yml, thousands: every point in the counts is followed by three digits; is 1.234 one?"
        )
    if numbers.marks:
        draft.to_do.append(f"source.yml, marks: declare what {_some(numbers.marks)} after a count means")
    if TO_FILL_IN in draft.source:
        draft.to_do.insert(0, f"source.yml: publisher, url, licence, citation ({TO_FILL_IN})")
    draft.to_do.append("source.yml: check every line with a #, especially what is counted (measures)")
    draft.to_do.append(
        "concordance.csv: decide each link, then set its status to reviewed, with decided_by and decided_on"
    )


def _some(words: Iterable[str], most: int = 6) -> str:
    listed = list(words)
    rest = len(listed) - most
    return ", ".join(map(repr, listed[:most])) + (f" and {rest} more" if rest > 0 else "")


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar: plain if it cannot be read as anything else, otherwise quoted."""
    is_plain = re.fullmatch(r"[^\W\d][\w /()äöüß.-]*[\w)]|[^\W\d]", text) and not YEAR.fullmatch(text)
    reserved = text.casefold() in ("yes", "no", "true", "false", "null", "on", "off", "y", "n")
    return text if is_plain and not reserved and ": " not in text else json.dumps(text, ensure_ascii=False)


def _guessed(what: str | None) -> str:
    return f"  # {what}" if what else ""
