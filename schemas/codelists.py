"""Code lists: the codes a column may hold, areas and their parents, and SDMX age codes."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from iccs.ages import parse_age as parse_age
from iccs.classification import attribute_names
from schemas.declarations import DeclarationError
from schemas.project import AREAS, WHOLE_LISTS, find_project, merge_packaged, project_root

SPECIAL_AGES = {
    "_T": ("All ages", "Tous âges", "Todas las edades"),
    "_U": ("Age unknown", "Âge inconnu", "Edad desconocida"),
    "_Z": ("Not applicable", "Sans objet", "No aplicable"),
}
_AREA_COLUMNS = ("code", "name_en", "name_fr", "name_es", "level", "parent")
_AREA_HISTORY = ("valid_from", "valid_to", "split_from", "merged_into", "claimed_by")
_EXTENDABLE = ("sex",)
_LISTS_OF_CONCORDANCES = {"caveat": "link_caveats.csv"}
_OWN_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
NOT_STATED = "not_stated"
"""Level of the place for events known to be in an area, but not in which part of it."""
_NOT_STATED_NAMES = ("{}, place not stated", "{}, lieu non précisé", "{}, lugar no especificado")
_YEAR_OR_MONTH = re.compile(r"[12][0-9]{3}(-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Code:
    """One code with its labels.

    Attributes:
        code: as in the data.
        label_en: in English.
        label_fr: in French.
        label_es: in Spanish.
        rank: position in the order of the list, from 1; None if the list has no order. For what the order is used,
            see ``ranked_codes``.
        rank_reason: why the code has this place.
    """

    code: str
    label_en: str
    label_fr: str
    label_es: str
    rank: int | None = None
    rank_reason: str = ""


@dataclass(frozen=True)
class Area:
    """One reference area, as it was.

    Attributes:
        code: ISO 3166 where there is one.
        name_en: in English.
        name_fr: in French.
        name_es: in Spanish.
        level: of ``codelists/area_level.csv``.
        parent: the area it is added to; None for countries and for territories that several countries claim.
        schemes: its code in other lists (iso3, inegi, indec, dane, eurostat ...).
        valid_from: first year (or month) of an area that was created.
        valid_to: last year (or month) of an area that was dissolved.
        split_from: the areas it was part of until ``valid_from``.
        merged_into: the area it is part of since ``valid_to``.
        claimed_by: the countries that claim it; it is added to none of them.
    """

    code: str
    name_en: str
    name_fr: str
    name_es: str
    level: str
    parent: str | None
    schemes: tuple[tuple[str, str], ...]
    valid_from: str | None = None
    valid_to: str | None = None
    split_from: tuple[str, ...] = ()
    merged_into: str | None = None
    claimed_by: tuple[str, ...] = ()

    @property
    def first_year(self) -> int | None:
        """The first year of an area that was created."""
        return int(self.valid_from[:4]) if self.valid_from else None

    @property
    def last_year(self) -> int | None:
        """The last year of an area that was dissolved."""
        return int(self.valid_to[:4]) if self.valid_to else None


def read_csv_rows(path: Traversable, needed: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Return the rows of a small hand-written table, as text.

    Args:
        path: a CSV file in UTF-8, with or without a byte order mark.
        needed: columns that must be there and filled in each row to the end; others may be left off.

    Raises:
        DeclarationError: not UTF-8, another delimiter, a column missing, or a row with too few, too many or endless
            fields.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"{path.name}: byte 0x{error.object[error.start]:02x} is not UTF-8; save it as CSV UTF-8"
        raise DeclarationError(found) from error
    table = csv.DictReader(io.StringIO(text, newline=""))
    try:
        rows = list(table)
    except csv.Error as error:
        raise DeclarationError(f"{path.name}, row {table.line_num + 1}: it cannot be read ({error})") from error
    missing = [name for name in needed if name not in (table.fieldnames or ())]
    if missing:
        found = f"{path.name}: the header has no {', '.join(missing)}; it must have {', '.join(needed)}"
        raise DeclarationError(f"{found}, with commas between them (it is {','.join(table.fieldnames or ())!r})")
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise DeclarationError(f"{path.name}, row {number}: more fields than the header; quote a text with a comma")
        if any(row[name] is None for name in needed):
            raise DeclarationError(f"{path.name}, row {number}: fewer fields than the header; it needs {needed[-1]}")
    return rows


def load_codelist(name: str) -> tuple[Code, ...]:
    """Return a code list in the order of its file, then what sources add to it (``added_codes``).

    The result is cached by project: a process that changes to another project reads its lists.

    Raises:
        KeyError: there is no such list.
        DeclarationError: what a source adds is not valid.

    >>> [code.code for code in load_codelist("sex")]
    ['M', 'F', '_O', '_U', '_T', '_Z']
    """
    return _load_codelist(name, project_root())


@cache
def _load_codelist(name: str, _: Path | None) -> tuple[Code, ...]:
    path = resources.files("schemas").joinpath("codelists", f"{name}.csv")
    if path.is_file():
        codes = tuple(_code(row) for row in read_csv_rows(path))
        if name in _LISTS_OF_CONCORDANCES:
            table = resources.files("iccs").joinpath("tables", _LISTS_OF_CONCORDANCES[name])
            codes = (*codes, *(_code(row) for row in read_csv_rows(table)))
        return (*codes, *_added_to(name, codes)) if name in _EXTENDABLE else codes
    attributes = read_csv_rows(resources.files("iccs").joinpath("tables", "attribute_codes.csv"))
    codes = tuple(_code(row) for row in attributes if row["attribute"] == name)
    if not codes:
        raise KeyError(f"no code list {name!r} in schemas/codelists or iccs/tables/attribute_codes.csv")
    return (*codes, *_added_to(name, codes))


def _added_to(name: str, codes: tuple[Code, ...]) -> tuple[Code, ...]:
    shipped = resources.files("pipelines").joinpath("sources")
    project = find_project()
    own = project.source_folders() if project is not None else {}
    added = added_codes({**{entry.name: entry for entry in shipped.iterdir()}, **own}).get(name, ())
    for code in added:
        if any(code.code == other.code for other in codes):
            raise DeclarationError(f"codes.csv: {name} {code.code!r} is already in the list; delete the row")
    return added


def added_codes(sources: Mapping[str, Traversable]) -> dict[str, tuple[Code, ...]]:
    """Return the codes that sources add to the lists, from ``codes.csv`` in their folders.

    An office has categories of its own: a third sex, a weapon that no list has. Lists whose codes have a meaning in the
    program (stages, counting units, statuses ...) cannot be extended.

    Args:
        sources: the folder of each source by its name.

    Raises:
        DeclarationError: a list that cannot be extended, a malformed code, a missing label, or two sources that give
            one code different labels.
    """
    found: dict[tuple[str, str], Code] = {}
    for source_id, entry in sorted(sources.items()):
        path = entry.joinpath("codes.csv")
        if not path.is_file():
            continue
        for row in read_csv_rows(path, ("list", "code", "label_en", "label_fr", "label_es")):
            where, name = f"{source_id}/codes.csv: {row['code']!r}", row["list"]
            if name not in (*_EXTENDABLE, *attribute_names()):
                known = ", ".join((*_EXTENDABLE, *attribute_names()))
                raise DeclarationError(f"{where}: the list {name!r} cannot be extended; those that can: {known}")
            if not _OWN_CODE.fullmatch(row["code"]):
                raise DeclarationError(f"{where}: write a code of capital letters, digits and _, such as NON_BINARY")
            if not (row["label_en"] and row["label_fr"] and row["label_es"]):
                raise DeclarationError(f"{where}: give the label in English, French and Spanish")
            code = _code(row)
            if found.setdefault((name, code.code), code) != code:
                raise DeclarationError(
                    f"{where}: another source gives this code different labels; use the same labels, or another code"
                )
    names = {name for name, _ in found}
    return {name: tuple(code for (of, _), code in found.items() if of == name) for name in names}


def _code(row: dict[str, str]) -> Code:
    rank = int(row["rank"]) if "rank" in row else None
    return Code(row["code"], row["label_en"], row["label_fr"], row["label_es"], rank, row.get("rank_reason", ""))


@cache
def ranked_codes(name: str) -> tuple[str, ...]:
    """Return the codes of a list that has an order, by rank.

    Where a source has several counting units or stages and none is requested, the first in this order is used. A figure
    computed from others has the last of their observation statuses (see ``weakest_status``).

    Raises:
        KeyError: there is no such list.
        ValueError: the list has no order, or gives a rank twice.

    >>> ranked_codes("counting_unit")[:2]
    ('victim', 'offence')
    """
    ranks = {code.code: code.rank for code in load_codelist(name)}
    if sorted(rank or 0 for rank in ranks.values()) != list(range(1, len(ranks) + 1)):
        raise ValueError(f"codelists/{name}.csv: the ranks must be 1 to {len(ranks)}, each given once")
    return tuple(sorted(ranks, key=lambda code: ranks[code] or 0))


def weakest_status(statuses: Iterable[str]) -> str:
    """Return the observation status of a figure computed from figures with these statuses; A where there are none.

    It is the one of highest rank in ``codelists/obs_status.csv``, which has the hierarchy that SDMX recommends where
    only one status can be given (Possible Ways of Implementing the Observation Status Concept, 2.0, 2019, section 2).

    >>> weakest_status(["A", "P", "D"]), weakest_status([])
    ('D', 'A')
    """
    order = ranked_codes("obs_status")
    return max(statuses, key=order.index, default=order[0])


def load_areas() -> tuple[Area, ...]:
    """Return every area of every file in ``codelists/areas`` and in the folder ``areas`` of the project.

    A new country adds a file, no list is edited; a file of the project takes the place of a packaged one of its name.

    Raises:
        DeclarationError: a file is not such a table, or an area is listed twice or has an unknown level or parent.

    >>> [area.name_en for area in load_areas() if area.code == "MX-JAL"]
    ['Jalisco']
    """
    return _load_areas(project_root())


@cache
def _load_areas(_: Path | None) -> tuple[Area, ...]:
    files = merge_packaged(AREAS, resources.files("schemas").joinpath("codelists", "areas"))
    if why := _invalid_areas.get(state := _state_of(files)):
        raise DeclarationError(why)
    try:
        return read_areas(files)
    except DeclarationError as error:
        _invalid_areas[state] = str(error)
        raise


_invalid_areas: dict[tuple[tuple[str, int, int], ...], str] = {}
"""What is wrong with lists, by their state: every source asks for them, and reads them again only if they changed."""


def _state_of(files: Mapping[str, Traversable]) -> tuple[tuple[str, int, int], ...]:
    found = ((str(path), path.stat()) for path in files.values() if isinstance(path, Path))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def read_areas(files: Mapping[str, Traversable]) -> tuple[Area, ...]:
    """Return the areas of these lists, checked as in ``load_areas``, and the place not stated of each divided area.

    Args:
        files: each list by its name; files other than CSV are ignored.
    """
    lists = {
        name: [_area(row) for row in read_csv_rows(path, _AREA_COLUMNS)]
        for name, path in files.items()
        if name.endswith(".csv") and name != WHOLE_LISTS
    }
    areas = [area for listed in lists.values() for area in listed]
    _check_areas(areas, {name: {area.code for area in listed} for name, listed in lists.items()})
    parents = {area.parent for area in areas}
    divided = [area for area in areas if area.level == "country" or area.code in parents]
    return (*areas, *map(_place_not_stated, divided))


def place_not_stated(code: str) -> str:
    """Return the code for events in an area whose part of it is not stated.

    It counts in the total of the area, and in none of its parts.

    >>> place_not_stated("MX")
    'MX-_U'
    """
    return f"{code}-_U"


def _place_not_stated(area: Area) -> Area:
    english, french, spanish = _NOT_STATED_NAMES
    return Area(
        code=place_not_stated(area.code),
        name_en=english.format(area.name_en),
        name_fr=french.format(area.name_fr),
        name_es=spanish.format(area.name_es),
        level=NOT_STATED,
        parent=area.code,
        schemes=(),
    )


def _area(row: dict[str, str]) -> Area:
    others = (name for name in row if name not in (*_AREA_COLUMNS, *_AREA_HISTORY))
    return Area(
        code=row["code"],
        name_en=row["name_en"],
        name_fr=row["name_fr"],
        name_es=row["name_es"],
        level=row["level"],
        parent=row["parent"] or None,
        schemes=tuple((name, row[name]) for name in others if row[name]),
        valid_from=row.get("valid_from") or None,
        valid_to=row.get("valid_to") or None,
        split_from=tuple((row.get("split_from") or "").split()),
        merged_into=row.get("merged_into") or None,
        claimed_by=tuple((row.get("claimed_by") or "").split()),
    )


def _check_areas(areas: list[Area], lists: Mapping[str, set[str]]) -> None:
    """A second row for a code would count its cells twice; without level and parent an area adds up to nothing."""
    levels = (valid_codes("area_level") or frozenset()) - {NOT_STATED}
    codes = {area.code for area in areas}
    if len(codes) < len(areas):
        (twice, _) = Counter(area.code for area in areas).most_common(1)[0]
        files = " and ".join(name for name, listed in lists.items() if twice in listed)
        raise DeclarationError(f"areas: {twice} is listed twice ({files}); keep one row for each area")
    seen: dict[tuple[str, str], str] = {}
    for area in areas:
        if area.level not in levels:
            known = ", ".join(sorted(levels))
            raise DeclarationError(f"areas: {area.code} has the level {area.level!r}, not one of {known}")
        if area.parent is not None and area.parent not in codes:
            raise DeclarationError(f"areas: the parent {area.parent!r} of {area.code} is in no area list")
        for scheme in area.schemes:
            other = seen.setdefault(scheme, area.code)
            if other != area.code:
                raise DeclarationError(f"areas: {scheme[0]} {scheme[1]!r} is both {other} and {area.code}")
        _check_history(area, codes)


def _check_history(area: Area, codes: set[str]) -> None:
    """A split or merger breaks the series of the areas concerned: these and its date must be known."""
    where = f"areas: {area.code}"
    for name, period in (("valid_from", area.valid_from), ("valid_to", area.valid_to)):
        if period is not None and not _YEAR_OR_MONTH.fullmatch(period):
            raise DeclarationError(f"{where}: {name} {period!r} is not a year or month: 2014 or 2014-06")
    if area.split_from and not area.valid_from:
        raise DeclarationError(f"{where}: split_from needs valid_from, the first year or month of the area")
    if area.merged_into and not area.valid_to:
        raise DeclarationError(f"{where}: merged_into needs valid_to, the last year or month of the area")
    if area.claimed_by and area.parent is not None:
        raise DeclarationError(f"{where}: a territory with claimed_by has no parent: it is not added to any country")
    related = {"split_from": area.split_from, "claimed_by": area.claimed_by}
    related["merged_into"] = (area.merged_into,) if area.merged_into else ()
    for name, given in related.items():
        for code in given:
            if code not in codes:
                raise DeclarationError(f"{where}: {name} {code!r} is in no area list")


def area_codes() -> frozenset[str]:
    """Return the codes of all areas.

    >>> "MX-JAL" in area_codes()
    True
    """
    return _area_codes(project_root())


@cache
def _area_codes(_: Path | None) -> frozenset[str]:
    return frozenset(area.code for area in load_areas())


def area_ancestors() -> tuple[tuple[str, str, str], ...]:
    """Return (area, ancestor, level of the ancestor) for each area and everything above it, itself included."""
    return _area_ancestors(project_root())


@cache
def _area_ancestors(_: Path | None) -> tuple[tuple[str, str, str], ...]:
    by_code = {area.code: area for area in load_areas()}
    pairs = []
    for area in by_code.values():
        above: Area | None = area
        while above is not None:
            pairs.append((area.code, above.code, above.level))
            above = by_code[above.parent] if above.parent else None
    return tuple(pairs)


def age_labels(code: str) -> tuple[str, str, str]:
    """Return the labels of an age code in English, French and Spanish.

    >>> age_labels("Y15T29")[0], age_labels("Y_GE60")[2]
    ('15-29 years', '60 años y más')
    """
    bounds = parse_age(code)
    if bounds is None:
        return SPECIAL_AGES[code]
    low, high = bounds
    if high is None:
        return f"{low} years and over", f"{low} ans et plus", f"{low} años y más"
    span = str(low) if low == high else f"{low}-{high}"
    return f"{span} years", f"{span} ans", f"{span} años"


def valid_codes(name: str) -> frozenset[str] | None:
    """Return the codes a dimension may hold, or None where a pattern decides (age)."""
    return None if name == "age" else frozenset(code.code for code in load_codelist(name))
