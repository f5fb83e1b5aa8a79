"""The measurable commitments of the Kyoto Declaration, each as a selection of ICCS categories and attributes.

Source: Kyoto Declaration on Advancing Crime Prevention, Criminal Justice and the Rule of Law (Fourteenth United Nations
Congress on Crime Prevention and Criminal Justice, 2021). The paragraphs are its own; the selections are made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from iccs.ages import is_age_band
from iccs.classification import Classification, Text, load_classification, read_table
from iccs.nearest import nearest_values

COLUMNS = (
    "paragraph",
    "theme_id",
    "theme_en",
    "theme_fr",
    "theme_es",
    "iccs",
    "attribute_filter",
    "indicator_wanted",
    "note",
)

_SEXES = ("F", "M", "_U")
_PARAGRAPHS = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_IDENTIFIER = re.compile(r"[a-z][a-z_]*[a-z]")


class ThemesError(ValueError):
    """The table of themes has faults; `faults` holds each as a sentence with its row."""

    def __init__(self, faults: Iterable[str]) -> None:
        """Keep the faults and show them all."""
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))

    def __reduce__(self) -> tuple[type[ThemesError], tuple[tuple[str, ...]]]:
        """Let the error cross a process boundary with its faults."""
        return type(self), (self.faults,)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a theme: the column of an observation and the codes that fulfil it.

    `codes` are as written in the table; `covers` adds the narrower ones (PARTNER also holds PARTNER_CURRENT).
    """

    attribute: str
    codes: tuple[str, ...]
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """One commitment: what to count, with which conditions (all must hold), and which figure is wanted.

    `iccs` is empty if the figure is not a count of offences (prisons, legal aid, reoffending).
    """

    theme_id: str
    paragraph: str
    paragraphs: tuple[int, ...]
    name: Text
    iccs: tuple[str, ...]
    filters: tuple[Filter, ...]
    indicator_wanted: str
    note: str


@cache
def load_themes() -> tuple[Theme, ...]:
    """Return the themes in the order of the table, for the published database and for readers of this package.

    >>> theme = next(theme for theme in load_themes() if theme.theme_id == "gender_related_killing")
    >>> theme.iccs, [(f.attribute, f.codes) for f in theme.filters]
    (('0101',), [('sex', ('F',)), ('relationship', ('PARTNER', 'FAMILY'))])
    """
    return parse_themes(read_table("themes.csv"), load_classification())


def parse_themes(rows: Iterable[Mapping[str, str]], classification: Classification) -> tuple[Theme, ...]:
    """Turn rows of the table into themes, after checking every code, attribute and value.

    Args:
        rows: the rows by column, all text, without the header.
        classification: the ICCS.

    Raises:
        ThemesError: with every fault found, the row as a spreadsheet counts it, and the nearest valid values.
    """
    table = list(rows)
    faults: list[str] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(table, start=2):
        faults += [f"themes.csv, row {number}: {fault}" for fault in _faults(row, classification)]
        earlier = seen.setdefault(row.get("theme_id", ""), number)
        if earlier != number:
            faults.append(f"themes.csv, row {number}: theme_id {row['theme_id']!r} is also that of row {earlier}")
    if faults:
        raise ThemesError(faults)
    return tuple(_theme(row, classification) for row in table)


def _theme(row: Mapping[str, str], classification: Classification) -> Theme:
    return Theme(
        row["theme_id"],
        row["paragraph"],
        tuple(_paragraphs(row["paragraph"])),
        Text(row["theme_en"], row["theme_fr"], row["theme_es"]),
        tuple(_split(row["iccs"])),
        tuple(
            Filter(attribute, codes, _covered(attribute, codes, classification))
            for attribute, codes in _conditions(row["attribute_filter"])
        ),
        row["indicator_wanted"],
        row["note"],
    )


def _faults(row: Mapping[str, str], classification: Classification) -> Iterator[str]:
    if tuple(row) != COLUMNS or None in row.values():
        yield f"the columns must be {','.join(COLUMNS)}"
        return
    for column in ("paragraph", "theme_id", "theme_en", "theme_fr", "theme_es", "indicator_wanted", "note"):
        if not row[column].strip():
            yield f"{column} is blank"
    if row["theme_id"] and not _IDENTIFIER.fullmatch(row["theme_id"]):
        yield f"theme_id {row['theme_id']!r} is not small letters and underscores"
    yield from _paragraph_faults(row["paragraph"])
    yield from _code_faults(list(_split(row["iccs"])), classification)
    attributes = [attribute for attribute, _ in _conditions(row["attribute_filter"])]
    for attribute in dict.fromkeys(attributes):
        if attributes.count(attribute) > 1:
            yield f"attribute {attribute!r} is filtered twice: join its codes with '|'"
    for attribute, codes in _conditions(row["attribute_filter"]):
        yield from _condition_faults(attribute, codes, classification)


def _paragraph_faults(paragraph: str) -> Iterator[str]:
    for part in _split(paragraph):
        found = _PARAGRAPHS.fullmatch(part)
        if found is None or (found.group(2) and int(found.group(2)) <= int(found.group(1))):
            yield f"paragraph {part!r} is neither a number nor a range such as 53-58"


def _code_faults(codes: list[str], classification: Classification) -> Iterator[str]:
    for code in codes:
        if code not in classification:
            nearest = ", ".join(classification.nearest(code, limit=3))
            yield f"{code!r} is not a code of the ICCS as text; nearest: {nearest}"
        elif codes.count(code) > 1:
            yield f"{code} is listed twice"
        else:
            above = [category.code for category in classification.ancestors(code) if category.code in codes]
            if above:
                yield f"{code} is listed together with {above[0]}, which contains it: it would be counted twice"


def _condition_faults(attribute: str, codes: tuple[str, ...], classification: Classification) -> Iterator[str]:
    known = ("age", "sex", *classification.attribute_codes)
    if attribute not in known:
        nearest = ", ".join(nearest_values(attribute, known)) or ", ".join(known)
        yield f"attribute {attribute!r} is not a column to filter by; nearest: {nearest}"
        return
    if not codes:
        yield f"attribute {attribute!r} has no codes: write {attribute}=CODE or {attribute}=CODE|CODE"
    for code in codes:
        if attribute == "age":
            if not is_age_band(code):
                yield f"age {code!r} is not an SDMX age code such as Y0T17 or Y_GE60"
            continue
        valid = _SEXES if attribute == "sex" else tuple(classification.attribute_codes[attribute])
        if code not in valid or code == "_T":
            nearest = ", ".join(nearest_values(code, valid)) or ", ".join(valid)
            yield f"{attribute} {code!r} is not a code to filter by; nearest: {nearest}"


def _covered(attribute: str, codes: tuple[str, ...], classification: Classification) -> tuple[str, ...]:
    """Return the codes and those whose ICCS values are all among theirs."""
    values = classification.attribute_codes.get(attribute)
    if values is None:
        return codes
    wanted = {value for code in codes for value in values[code].iccs_values}
    return tuple(code for code, known in values.items() if known.iccs_values and wanted.issuperset(known.iccs_values))


def _conditions(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in _split(text):
        attribute, _, codes = part.partition("=")
        yield attribute.strip(), tuple(code.strip() for code in codes.split("|") if code.strip())


def _paragraphs(text: str) -> Iterator[int]:
    for part in _split(text):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _split(text: str) -> Iterator[str]:
    yield from (part.strip() for part in text.split(";") if part.strip())
