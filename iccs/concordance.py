"""Concordances: reviewed tables that lead from a source's own offence categories to the ICCS.

One CSV file for each source, one link a row. Reading refuses a file that is not such a table; checking reports every
other fault at once, with the row, the rule and what to do. Nothing is repaired silently.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from iccs.classification import Classification
from iccs.periods import InvalidPeriod, first_day, last_day

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Link:
    """One row of a concordance, text as in the file; the fields are the file's columns, in order.

    `relation` reads from the national category: `narrower` means the national category is narrower than the ICCS one.
    A blank weight is 1; a blank validity bound is open; a blank attribute says that the national code implies nothing.
    """

    national_code: str
    national_label: str
    iccs_code: str
    relation: str
    weight: str = ""
    attempted: str = ""
    weapon: str = ""
    relationship: str = ""
    citizenship: str = ""
    motive: str = ""
    cyber: str = ""
    situational_context: str = ""
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
        """First and last day on which the link holds; the calendar's ends where it is open.

        Raises:
            InvalidPeriod: if a bound cannot be read or the last day is before the first.
        """
        start = first_day(self.valid_from) if self.valid_from else date.min
        end = last_day(self.valid_to) if self.valid_to else date.max
        if end < start:
            raise InvalidPeriod(f"valid_to {self.valid_to!r} is before valid_from {self.valid_from!r}")
        return start, end

    def holds_for(self, period: str) -> bool:
        """Say whether the link holds for the whole of an observation's period ('2024', '2024-03', '2024-Q1').

        >>> Link("1", "Murder", "0101", "exact", valid_to="2019").holds_for("2019-12")
        True
        """
        start, end = self.validity
        return start <= first_day(period) and last_day(period) <= end


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Link))


@dataclass(frozen=True, slots=True)
class Problem:
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
    """A concordance cannot be used; `problems` says why, all together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems and show the first ones in the message."""
        self.problems = tuple(problems)
        shown = "; ".join(
            f"{p.file}{'' if p.row is None else f', row {p.row}'}: {p.message} {p.what_to_do}"
            for p in self.problems[:5]
        )
        more = len(self.problems) - 5
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))

    def __reduce__(self) -> tuple[type[ConcordanceError], tuple[tuple[Problem, ...]]]:
        """Let the error cross a process boundary with its problems."""
        return type(self), (self.problems,)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a concordance leaves without a link, and the national codes that never occur in the data."""

    unlinked: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Concordance:
    """The links of one source in file order; `rows[i]` is row i + 2 of the file.

    A file that is no concordance table has `unreadable` problems and gives them on any use of `links`.
    """

    source_id: str
    file: str
    rows: tuple[Link, ...]
    unreadable: tuple[Problem, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        """The links.

        Raises:
            ConcordanceError: if the file could not be read as a concordance; never an empty table in its place.
        """
        if self.unreadable:
            raise ConcordanceError(self.unreadable)
        return self.rows

    def check(self, classification: Classification) -> list[Problem]:
        """Return every fault of the table, errors and warnings, in the order of the rows."""
        from iccs.concordance_rules import check_links

        if self.unreadable:
            return list(self.unreadable)
        return check_links(self.file, self.rows, classification)

    def coverage_of(self, codes: Iterable[tuple[str, str]]) -> Coverage:
        """Compare the links with the (national code, period) pairs of the data, for a gap before it becomes a loss.

        A pair is linked when a link holds for the whole of its period. A code listed as out of scope is linked.

        Raises:
            ConcordanceError: if the file could not be read.
            InvalidPeriod: if a period is not one of 'YYYY', 'YYYY-MM', 'YYYY-Qn', 'YYYY-Sn', 'YYYY-MM-DD'.
        """
        by_code: dict[str, list[Link]] = {}
        for link in self.links:
            by_code.setdefault(link.national_code, []).append(link)
        unlinked: dict[tuple[str, str], None] = {}
        seen: set[str] = set()
        for code, period in codes:
            seen.add(code)
            if not any(link.holds_for(period) for link in by_code.get(code, ())):
                unlinked[code, period] = None
        return Coverage(tuple(unlinked), tuple(code for code in by_code if code not in seen))


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

    The content is judged by `Concordance.check`; a file that is not UTF-8 or has other columns is kept as `unreadable`.

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
        near = ", ".join(get_close_matches(source_id, known, n=3, cutoff=0.4)) or "none is similar"
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
    """Move links whose first `depth` key fields are alike, and unambiguous, from both lists to `pairs`."""

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
    values = zip(COLUMNS, astuple(old), astuple(new), strict=True)
    return tuple(FieldChange(column, a, b) for column, a, b in values if a != b)


def _parse(name: str, raw: bytes) -> tuple[tuple[Problem, ...], tuple[Link, ...]]:
    def broken(rule: str, row: int | None, value: str, message: str, what_to_do: str) -> Problem:
        return Problem("error", rule, name, row, "", value, message, what_to_do)

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
    if header != COLUMNS:
        missing = [column for column in COLUMNS if column not in header]
        extra = [column for column in header if column not in COLUMNS]
        what = f"missing: {missing}, not expected: {extra}" if missing or extra else "the order differs"
        fix = f"Use exactly these columns, separated by commas: {','.join(COLUMNS)}"
        return (broken("columns", 1, ",".join(header), f"The columns are wrong; {what}.", fix),), ()
    problems = tuple(
        broken("columns", row, ",".join(cells), f"The row has {len(cells)} cells, not {len(COLUMNS)}.",
               "Quote the cells that contain a comma, and remove empty lines.")
        for row, cells in enumerate(table[1:], start=2)
        if len(cells) != len(COLUMNS)
    )  # fmt: skip
    return problems, () if problems else tuple(Link(*cells) for cells in table[1:])
