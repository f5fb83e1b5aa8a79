"""The rules that a concordance must keep, one function each; all are applied and all faults are returned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from iccs.ages import is_age_band
from iccs.classification import Classification, UnknownCode
from iccs.concordance import ConcordanceProblem, Link, Severity, link_caveats
from iccs.nearest import nearest_values
from iccs.periods import InvalidPeriod

RELATIONS = ("exact", "narrower", "broader", "partial", "undivided", "none")
# Persons held, prosecuted ... for any offence: no offence is mapped, and no category below level 1 is meant.
UNDIVIDED_TARGET = "TOTAL"
# counted_elsewhere: a part, or a sum, of other rows of the same source; linking it too would count the same acts twice.
OUT_OF_SCOPE = ("not_crime", "too_wide", "counted_elsewhere", "pending")
STATUSES = ("draft", "reviewed", "published")
COVERAGE_VALUES = ("included", "excluded", "unknown")
COVERAGE_COLUMNS = ("threats", "aiding", "accomplice", "conspiracy", "incitement")

# Shares written with six decimals (thirds) still sum to one.
WEIGHT_TOLERANCE = Decimal("0.000001")

_BOUND = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")

Rows = Sequence[tuple[int, Link]]
Report = Callable[..., ConcordanceProblem]


def check_links(file: str, links: Sequence[Link], classification: Classification) -> list[ConcordanceProblem]:
    """Return every fault of a concordance's links, for its author and for the gate before a run.

    Args:
        file: the file's name, for the messages.
        links: the rows in file order; the first is row 2, under the header.
        classification: the ICCS.
    """
    rows = list(enumerate(links, start=2))
    found: list[ConcordanceProblem] = []
    for row, link in rows:
        report = _reporter(file, row)
        for rule in (_identity, _relation, _coverage_flags, _caveats, _sex_and_age, _weight, _validity, _review):
            found.extend(rule(link, report))
        found.extend(_target(link, report, classification))
        found.extend(_attributes(link, report, classification))
    readable = [(row, link) for row, link in rows if _is_readable(link)]
    found.extend(_overlaps(file, readable))
    found.extend(_weight_sums(file, readable))
    found.extend(_parent_and_child(file, readable, classification))
    return sorted(found, key=lambda problem: problem.row or 0)


def _reporter(file: str, row: int) -> Report:
    def report(
        rule: str,
        column: str,
        value: str,
        message: str,
        what_to_do: str,
        nearest: Sequence[str] = (),
        severity: Severity = "error",
    ) -> ConcordanceProblem:
        return ConcordanceProblem(severity, rule, file, row, column, value, message, what_to_do, tuple(nearest))

    return report


def _one_of(
    report: Report, rule: str, column: str, value: str, allowed: Sequence[str], blank: bool = False
) -> Iterator[ConcordanceProblem]:
    if value in allowed or (blank and not value):
        return
    nearest = nearest_values(value, allowed)
    what_to_do = f"Write one of {', '.join(allowed)}" + (", or leave it blank." if blank else ".")
    yield report(rule, column, value, f"{column} {value!r} is not a known value.", what_to_do, nearest)


def _identity(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    for column in ("national_code", "national_label"):
        if not getattr(link, column).strip():
            message = f"{column} is missing."
            yield report("label_missing", column, "", message, "Copy it from the source, as published.")


def _relation(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    yield from _one_of(report, "relation", "relation", link.relation, RELATIONS)
    yield from _one_of(report, "out_of_scope", "out_of_scope", link.out_of_scope, OUT_OF_SCOPE, blank=True)
    if link.relation != "none":
        if not link.iccs_code and link.relation != "undivided":  # which says below that its code is TOTAL
            what = "Give the deepest ICCS category that contains it, or relation none with a reason."
            yield report(
                "target_missing", "iccs_code", "", f"A link with relation {link.relation!r} has no code.", what
            )
        if link.out_of_scope:
            what = "Leave out_of_scope blank, or set relation to none."
            yield report(
                "out_of_scope", "out_of_scope", link.out_of_scope, "A linked code cannot be out of scope.", what
            )
        return
    if link.iccs_code:
        what = "Leave iccs_code blank, or choose another relation."
        yield report("target_of_none", "iccs_code", link.iccs_code, "A link with relation none has a code.", what)
    if not link.out_of_scope:
        what = f"Say why in out_of_scope ({', '.join(OUT_OF_SCOPE)})."
        yield report("out_of_scope", "out_of_scope", "", "A code without a category needs a reason.", what)
    if not link.note.strip():
        yield report(
            "out_of_scope", "note", "", "A code without a category is not explained.", "Explain it in the note."
        )


def _caveats(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    """Check caveats: one in no list would be shown without a label; one on a code without figures, never."""
    named = [code for code in link.caveats.split(";") if code]
    for code in named:
        yield from _one_of(report, "caveats", "caveats", code, link_caveats()[""])
    if named and link.relation == "none":
        what = "Leave caveats blank, or choose another relation."
        yield report("caveats", "caveats", link.caveats, "A code without a category has no figures to mark.", what)


def _target(link: Link, report: Report, classification: Classification) -> Iterator[ConcordanceProblem]:
    code = link.iccs_code
    if link.relation == "undivided":
        if code != UNDIVIDED_TARGET:
            message = "A figure that the source does not break down by offence belongs to all offences together."
            yield report("level_1", "iccs_code", code, message, f"Write {UNDIVIDED_TARGET}, or another relation.")
        return
    if not code or code in classification.combined:
        members = classification.combined[code].members if code else ()
        if any(classification.get(member).level == 1 for member in members):
            yield report("level_1", "iccs_code", code, f"{code} contains whole sections.", _NOT_LEVEL_1, members)
        return
    if code not in classification:
        yield report("unknown_code", "iccs_code", code, *_unknown(code, classification))
        return
    if classification.get(code).level == 1:
        nearest = [child.code for child in classification.children(code)]
        message = f"{code} is a section (level 1): too wide to compare."
        yield report("level_1", "iccs_code", code, message, _NOT_LEVEL_1, nearest)
    elif classification.is_residual(code) and not (link.note.strip() or link.basis.strip()):
        parent = classification.get(code).parent or ""
        message = (
            f"{code} is a residual category (other): it contains only what is known to belong to none of its siblings."
        )
        what = f"Say in note or basis why the siblings are excluded, or use the parent {parent}."
        yield report("residual", "iccs_code", code, message, what, (parent,), "warning")


_NOT_LEVEL_1 = "Choose the deepest category, level 2 or below, that contains all of it; or relation none, too_wide."


def _unknown(code: str, classification: Classification) -> tuple[str, str, tuple[str, ...]]:
    try:
        repaired = classification.normalise(code)
    except UnknownCode as error:
        return str(error), "Write a code of the ICCS as text, with its leading zero.", error.nearest
    return f"{code!r} is not written as in the ICCS.", f"Write {repaired}, as text.", (repaired,)


def _attributes(link: Link, report: Report, classification: Classification) -> Iterator[ConcordanceProblem]:
    for attribute, codes in classification.attribute_codes.items():
        value = link.text_of(attribute)
        yield from _one_of(report, "attribute_code", attribute, value, tuple(codes), blank=True)


def _coverage_flags(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    for column in COVERAGE_COLUMNS:
        yield from _one_of(report, "coverage_flag", column, getattr(link, column), COVERAGE_VALUES, blank=True)


def _sex_and_age(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    yield from _one_of(report, "sex", "sex", link.sex, ("M", "F"), blank=True)
    if link.age and not is_age_band(link.age):
        what = "Write years as Y17, Y0T17, Y_LT18 or Y_GE18, or leave it blank."
        yield report("age", "age", link.age, f"age {link.age!r} is not an SDMX age code.", what)


def _weight(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    try:
        _ = link.share
    except ValueError as error:
        what = "Write a share such as 0.25, or leave it blank for all of the code."
        yield report("weight", "weight", link.weight, f"{error}.", what)


def _validity(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    what = "Write 'YYYY', 'YYYY-MM' or 'YYYY-MM-DD', or leave it blank for no limit."
    for column in ("valid_from", "valid_to"):
        value = getattr(link, column)
        if value and not _BOUND.fullmatch(value):
            yield report("period", column, value, f"{column} {value!r} is not a period.", what)
            return
    try:
        _ = link.validity
    except InvalidPeriod as error:
        column = "valid_to" if link.valid_to else "valid_from"
        yield report("period", column, getattr(link, column), f"{error}.", what)


def _review(link: Link, report: Report) -> Iterator[ConcordanceProblem]:
    yield from _one_of(report, "status", "status", link.status, STATUSES)
    if link.decided_on:
        try:
            date.fromisoformat(link.decided_on)
        except ValueError:
            message = f"decided_on {link.decided_on!r} is not a date."
            yield report("decided_on", "decided_on", link.decided_on, message, "Write it as 2024-12-31.")
    if link.status in ("reviewed", "published"):
        for column in ("decided_by", "decided_on", "note"):
            if not getattr(link, column).strip():
                message = f"A {link.status} link has no {column}."
                what = "Say who decided, when and why, or set the status back to draft."
                yield report("review_missing", column, "", message, what)


def _is_readable(link: Link) -> bool:
    """Say whether weight and validity are usable; their own faults are reported elsewhere."""
    try:
        _ = link.share, link.validity
    except ValueError:
        return False
    return True


def _by_national_code(rows: Rows) -> Iterator[tuple[str, list[tuple[int, Link]]]]:
    groups: dict[str, list[tuple[int, Link]]] = {}
    for row, link in rows:
        groups.setdefault(link.national_code, []).append((row, link))
    yield from groups.items()


def _overlaps(file: str, rows: Rows) -> Iterator[ConcordanceProblem]:
    for code, group in _by_national_code(rows):
        for position, (row, link) in enumerate(group):
            earlier = [r for r, other in group[:position] if other.iccs_code == link.iccs_code and link.overlaps(other)]
            if earlier:
                target = link.iccs_code or "no category"
                message = f"National code {code!r} leads to {target} in the same period as in row {earlier[0]}."
                what = "End the earlier link with valid_to before this one begins, or remove one of them."
                yield _reporter(file, row)("overlap", "valid_from", link.valid_from, message, what)


def _weight_sums(file: str, rows: Rows) -> Iterator[ConcordanceProblem]:
    for code, group in _by_national_code(rows):
        unexplained: dict[int, Link] = {}
        for start, end in _stretches(group):
            valid = [(row, link) for row, link in group if link.validity[0] <= start <= link.validity[1]]
            total = sum((link.share for _, link in valid), Decimal(0))
            if valid and abs(total - 1) > WEIGHT_TOLERANCE:
                message = f"The weights of national code {code!r} sum to {total}, not 1, {_in_words(start, end)}."
                what = (
                    "Make the shares of the code sum to 1; give what is outside the ICCS relation none and its share."
                )
                yield _reporter(file, valid[0][0])("weight_sum", "weight", str(total), message, what)
            if len(valid) > 1:
                unexplained.update({row: link for row, link in valid if not link.basis.strip()})
        for row, link in unexplained.items():
            message = f"National code {code!r} is split and the share {link.share} has no basis."
            what = "Say in basis where the share comes from: microdata, sample or expert, with the reference."
            yield _reporter(file, row)("split_without_basis", "basis", "", message, what)


def _stretches(group: Rows) -> Iterator[tuple[date, date]]:
    """Split the calendar where a link of the code begins or ends, into stretches with the same links."""
    starts = {link.validity[0] for _, link in group}
    starts |= {end + timedelta(days=1) for _, link in group if (end := link.validity[1]) != date.max}
    ordered = sorted(starts)
    ends = [following - timedelta(days=1) for following in ordered[1:]] + [date.max]
    yield from zip(ordered, ends, strict=True)


def _in_words(start: date, end: date) -> str:
    since = "" if start == date.min else f"from {start.isoformat()} "
    until = "" if end == date.max else f"until {end.isoformat()}"
    return (since + until).strip() or "at any time"


def _parent_and_child(file: str, rows: Rows, classification: Classification) -> Iterator[ConcordanceProblem]:
    by_target: dict[str, list[tuple[int, Link]]] = {}
    for row, link in rows:
        if link.iccs_code in classification:
            by_target.setdefault(link.iccs_code, []).append((row, link))
    for code, wider in by_target.items():
        below = [c.code for c in classification.descendants(code) if c.code in by_target]
        meeting = [c for c in below if any(one.overlaps(other) for _, one in wider for _, other in by_target[c])]
        if meeting:
            message = f"{code} is a target, and so is {', '.join(meeting)} below it: do the wider counts include these?"
            what = (
                "Map the wider code to a deeper category if possible; if not, use this source at the wider level "
                "and state this in note."
            )
            report = _reporter(file, wider[0][0])
            yield report("parent_and_child", "iccs_code", code, message, what, meeting, "warning")
