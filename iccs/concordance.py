"""Concordances: reviewed tables that lead from a source's own offence categories to the ICCS.

One CSV file for each source, one link a row. Reading refuses a file that is not such a table; checking reports every
other fault at once, with the row, the rule and what to do. Nothing is repaired silently.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from iccs.classification import Classification, attribute_names, read_table
from iccs.nearest import nearest_values
from iccs.periods import InvalidPeriod, first_day, last_day
from iccs.spreadsheets import unquote_formula

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Link:
    """One row of a concordance, text as in the file.

    The fields are the file's columns, in order; the ICCS attributes, one column each, are together in `attributes`.
    `relation` reads from the national category: `narrower` means the national category is narrower than the ICCS one.
    A blank weight is 1; a blank validity bound is open. `attributes` has the code of each attribute that the national
    code implies, by the attribute's name, and no others. `caveats` are codes of `tables/link_caveats.csv`, separated by
    semicolons, that every figure made of the link carries, besides the one of its relation.
    """

    national_code: str
    national_label: str
    iccs_code: str
    relation: str
    weight: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    sex: str = ""
    age: str = ""
    threats: str = ""
    aiding: str = ""
    accomplice: str = ""
    conspiracy: str = ""
    incitement: str = ""
    out_of_scope: str = ""
    valid_from: str = ""
    valid_to: str = ""
    legal_reference: str = ""
    basis: str = ""
    status: str = "draft"
    decided_by: str = ""
    decided_on: str = ""
    note: str = ""
    caveats: str = ""

    @property
    def named_caveats(self) -> tuple[str, ...]:
        """The caveats of the figures: the one that follows from the relation, and those the row names.

        >>> Link("15", "Robo", "0401", "broader", caveats="includes_force_on_things").named_caveats
        ('wider_than_category', 'includes_force_on_things')
        """
        by_relation = link_caveats().get(self.relation, ()) if self.relation else ()
        return (*by_relation, *(code for code in self.caveats.split(";") if code))

    @property
    def share(self) -> Decimal:
        """The weight as a number, 1 where the file has none.

        Raises:
            ValueError: if the weight is not a decimal number in (0, 1].
        """
        if not self.weight:
            return Decimal(1)
        try:
            share = Decimal(self.weight)
        except InvalidOperation:
            raise ValueError(f"weight {self.weight!r} is not a decimal number") from None
        if not (share.is_finite() and 0 < share <= 1):
            raise ValueError(f"weight {self.weight!r} is not above 0 and at most 1")
        return share

    @property
    def validity(self) -> tuple[date, date]:
        """First and last day on which the link holds; an open bound is the first or last day of the calendar.

        Raises:
            InvalidPeriod: if a bound cannot be read or the last day is before the first.
        """
        start = first_day(self.valid_from) if self.valid_from else date.min
        end = last_day(self.valid_to) if self.valid_to else date.max
        if end < start:
            raise InvalidPeriod(f"valid_to {self.valid_to!r} is before valid_from {self.valid_from!r}")
        return start, end

    def overlaps(self, other: Link) -> bool:
        """Tell whether both links hold on some day; raises as ``validity`` does."""
        (start, end), (other_start, other_end) = self.validity, other.validity
        return start <= other_end and other_start <= end

    def text_of(self, column: str) -> str:
        """Return the text of a column of the file, blank if the link has none.

        Raises:
            AttributeError: a concordance has no such column.

        >>> Link("1", "Attempted theft", "0502", "exact", attributes={"attempted": "ATTEMPTED"}).text_of("attempted")
        'ATTEMPTED'
        """
        return self.attributes.get(column, "") if column in attribute_names() else str(getattr(self, column))

    @property
    def implied(self) -> dict[str, str]:
        """The codes implied by the national code: ICCS attributes, sex and age, if any."""
        return {name: code for name in (*attribute_names(), "sex", "age") if (code := self.text_of(name))}

    @property
    def row(self) -> dict[str, str]:
        """The row of the file: the text of each of `concordance_columns`."""
        return {column: self.text_of(column) for column in concordance_columns()}


@cache
def link_caveats() -> Mapping[str, tuple[str, ...]]:
    """Return the caveats of ``tables/link_caveats.csv`` by relation; those that a row must name are under ''.

    >>> link_caveats()["broader"]
    ('wider_than_category',)
    """
    found: dict[str, tuple[str, ...]] = {}
    for row in read_table("link_caveats.csv"):
        found[row["relation"]] = (*found.get(row["relation"], ()), row["code"])
    return found


@cache
def concordance_columns() -> tuple[str, ...]:
    """Return the columns of a concordance in order; those of the ICCS attributes follow the weight.

    >>> concordance_columns()[:6]
    ('national_code', 'national_label', 'iccs_code', 'relation', 'weight', 'attempted')
    """
    names: list[str] = []
    for declared in fields(Link):
        names += attribute_names() if declared.name == "attributes" else (declared.name,)
    return tuple(names)


@dataclass(frozen=True, slots=True)
class ConcordanceProblem:
    """One fault of a concordance, for the person who mends the file.

    `row` counts as a spreadsheet does: the header is row 1; None for the whole file.
    """

    severity: Severity
    rule: str
    file: str
    row: int | None
    column: str
    value: str
    message: str
    what_to_do: str
    nearest: tuple[str, ...] = ()


class ConcordanceError(ValueError):
    """A concordance cannot be used; `problems` lists all the reasons."""

    def __init__(self, problems: Iterable[ConcordanceProblem]) -> None:
        """Keep the problems and show the first ones in the message."""
        self.problems = tuple(problems)
        shown = "; ".join(
            f"{p.file}{'' if p.row is None else f', row {p.row}'}: {p.message} {p.what_to_do}"
            for p in self.problems[:5]
        )
        more = len(self.problems) - 5
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))

    def __reduce__(self) -> tuple[type[ConcordanceError], tuple[tuple[ConcordanceProblem, ...]]]:
        """Let the error cross a process boundary with its problems."""
        return type(self), (self.problems,)


@dataclass(frozen=True, slots=True)
class Concordance:
    """The links of one source in file order; `rows[i]` is row i + 2 of the file.

    A file that is not a concordance table has `unreadable` problems, raised on any use of `links`.
    `set_aside` has the categories that drafts propose, by their place in `rows`, where drafts are not used.
    """

    source_id: str
    file: str
    rows: tuple[Link, ...]
    unreadable: tuple[ConcordanceProblem, ...] = ()
    set_aside: Mapping[int, str] = field(default_factory=dict, hash=False)

    @property
    def links(self) -> tuple[Link, ...]:
        """The links.

        Raises:
            ConcordanceError: if the file could not be read as a concordance; it never returns an empty table instead.
        """
        if self.unreadable:
            raise ConcordanceError(self.unreadable)
        return self.rows

    def check(self, classification: Classification) -> list[ConcordanceProblem]:
        """Return every fault of the table, errors and warnings, in the order of the rows."""
        from iccs.concordance_rules import check_links

        if self.unreadable:
            return list(self.unreadable)
        return check_links(self.file, self.rows, classification)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column of a link that differs between two versions."""

    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One link before and after, with the columns that differ."""

    old: Link
    new: Link
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class ConcordanceDiff:
    """What changed between two versions of a concordance: the series of these national codes need a restatement."""

    added: tuple[Link, ...]
    removed: tuple[Link, ...]
    changed: tuple[LinkChange, ...]


def read_concordance(path: Path | Traversable) -> Concordance:
    """Read one concordance file, for the pipeline and for `iccs concordance check`.

    The content is checked by `Concordance.check`; a file that is not UTF-8 or has other columns is `unreadable`.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    raw = path.read_bytes()
    source_id = path.name.removesuffix(".csv")
    problem, rows = _parse(path.name, raw)
    return Concordance(source_id, path.name, rows, problem)


def list_concordances() -> list[str]:
    """Return the identifiers of the sources whose concordance is part of the package, sorted."""
    folder = files("iccs") / "concordances"
    return sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv"))


def concordance_path(source_id: str) -> Traversable:
    """Return where the packaged concordance of a source is.

    Raises:
        FileNotFoundError: with the nearest sources that have one.
    """
    known = list_concordances()
    if source_id not in known:
        near = ", ".join(nearest_values(source_id, known)) or "none is similar"
        raise FileNotFoundError(
            f"no concordance for source {source_id!r}; nearest: {near}. Add concordances/{source_id}.csv to iccs"
        )
    return files("iccs") / "concordances" / f"{source_id}.csv"


def diff(old: Concordance, new: Concordance) -> ConcordanceDiff:
    """Compare two versions of a concordance, field by field, for a reviewer and for the restatement of series.

    Links are paired by national code, ICCS code and valid_from; what is left of a national code is paired if it has
    one link on either side, so a changed target shows as a change.
    """
    pairs: list[tuple[Link, Link]] = []
    before, after = list(old.links), list(new.links)
    for depth in (3, 2, 1):
        _pair(before, after, depth, pairs)
    changed = [LinkChange(a, b, _field_changes(a, b)) for a, b in pairs if a != b]
    return ConcordanceDiff(tuple(after), tuple(before), tuple(changed))


def _pair(before: list[Link], after: list[Link], depth: int, pairs: list[tuple[Link, Link]]) -> None:
    """Move links whose first `depth` key fields are equal, and unambiguous, from both lists to `pairs`."""

    def key(link: Link) -> tuple[str, ...]:
        return (link.national_code, link.iccs_code, link.valid_from)[:depth]

    groups: dict[tuple[str, ...], tuple[list[Link], list[Link]]] = {}
    for side, links in enumerate((before, after)):
        for link in links:
            groups.setdefault(key(link), ([], []))[side].append(link)
    for olds, news in groups.values():
        if len(olds) == len(news) == 1:
            pairs.append((olds[0], news[0]))
            before.remove(olds[0])
            after.remove(news[0])


def _field_changes(old: Link, new: Link) -> tuple[FieldChange, ...]:
    after = new.row
    return tuple(FieldChange(column, a, after[column]) for column, a in old.row.items() if a != after[column])


def _parse(name: str, raw: bytes) -> tuple[tuple[ConcordanceProblem, ...], tuple[Link, ...]]:
    def broken(rule: str, row: int | None, value: str, message: str, what_to_do: str) -> ConcordanceProblem:
        return ConcordanceProblem("error", rule, name, row, "", value, message, what_to_do)

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        value = raw[error.start : error.end].hex()
        message = f"The file is not UTF-8: byte 0x{value} at position {error.start}."
        return (broken("encoding", row, value, message, "Save it as CSV UTF-8 and check the accents."),), ()
    try:
        table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        return (
            broken("csv", None, "", f"The file is not CSV: {error}.", "Close every quotation mark and save again."),
        ), ()
    header = tuple(table[0]) if table else ()
    what = _faults_of_header(header)
    if what:
        fix = f"Use these columns, separated by commas: {','.join(concordance_columns())}"
        return (broken("columns", 1, ",".join(header), f"The columns are wrong; {what}.", fix),), ()
    problems = tuple(
        broken("columns", row, ",".join(cells), f"The row has {len(cells)} cells, not {len(header)}.",
               "Quote the cells that contain a comma, and remove empty lines.")
        for row, cells in enumerate(table[1:], start=2)
        if len(cells) != len(header)
    )  # fmt: skip
    return problems, () if problems else tuple(_link(header, cells) for cells in table[1:])


def _faults_of_header(header: Sequence[str]) -> str:
    """Return what is wrong with the columns of a file; nothing if all is right.

    The columns of attributes and of the caveats may be absent: they are blank in every row then, so a new attribute
    changes no file that does not use it. Any other column must be there: without valid_to, a link that ended would go
    on.
    """
    needed = [column for column in concordance_columns() if column not in (*attribute_names(), "caveats")]
    missing = [column for column in needed if column not in header]
    extra = [column for column in header if column not in concordance_columns()]
    twice = [column for column in dict.fromkeys(header) if header.count(column) > 1]
    faults = (("missing", missing), ("not known", extra), ("there twice", twice))
    return "; ".join(f"{what}: {', '.join(map(repr, columns))}" for what, columns in faults if columns)


def _link(header: Sequence[str], cells: Sequence[str]) -> Link:
    row = dict(zip(header, map(unquote_formula, cells), strict=True))
    attributes = {name: code for name in attribute_names() if (code := row.pop(name, ""))}
    return Link(**row, attributes=attributes)
