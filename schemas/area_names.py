"""Names of areas in any of many languages, for files that have names where others have codes (``area_scheme: name``).

Names in English, French and Spanish come from the lists of areas. In other languages, common names of countries come
from Unicode CLDR (Babel), and ISO 3166 names of countries and subdivisions from Debian's iso-codes (pycountry). Both
libraries are imported late: only sources that give names need them.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from iccs.letters import without_accents
from schemas.codelists import NOT_STATED, Area, area_ancestors, load_areas
from schemas.project import project_root

LANGUAGES = ("en", "fr", "es")
"""The languages in which every area of the lists has a name."""


def names_of_areas(languages: tuple[str, ...] = LANGUAGES, of: str | None = None) -> frozenset[tuple[str, str]]:
    """Return the names of areas in some languages with their codes: as written, without accents, and in capitals.

    A name that several areas share is left out, as it identifies none of them.

    Args:
        languages: ISO 639-1 codes.
        of: the country whose parts are named, and itself; None for the countries.

    >>> dict(names_of_areas(("en",)))["Bolivia (Plurinational State of)"], dict(names_of_areas(("de",)))["Russland"]
    ('BO', 'RU')
    >>> dict(names_of_areas(of="MX"))["NUEVO LEON"], "México" in dict(names_of_areas(of="MX"))
    ('MX-NLE', False)
    """
    return _names_of_areas(languages, of, project_root())


@cache
def _names_of_areas(languages: tuple[str, ...], of: str | None, _: Path | None) -> frozenset[tuple[str, str]]:
    inside = {area for area, above, _ in area_ancestors() if above == of}
    meant: dict[str, set[str]] = {}
    for area in load_areas():
        named = area.level == "country" if of is None else area.code in inside or of in area.claimed_by
        if named and area.level != NOT_STATED:
            for form in {form for name in _names(area, languages) for form in _forms(name)}:
                meant.setdefault(form, set()).add(area.code)
    return frozenset((name, next(iter(codes))) for name, codes in meant.items() if len(codes) == 1)


def codes_of_scheme(scheme: str) -> frozenset[tuple[str, str]]:
    """Return the codes of areas in a scheme with our codes: numbers also with and without leading zeros.

    Spreadsheets drop leading zeros, and offices add them. A number that would then mean several areas is left out.

    Args:
        scheme: a column of the lists of areas.

    >>> codes = dict(codes_of_scheme("inegi"))
    >>> codes["9"], codes["09"], codes["32"], "009" in codes
    ('MX-CMX', 'MX-CMX', 'MX-ZAC', False)
    """
    return _codes_of_scheme(scheme, project_root())


@cache
def _codes_of_scheme(scheme: str, _: Path | None) -> frozenset[tuple[str, str]]:
    listed = [(code, area) for area in load_areas() for name, code in area.schemes if name == scheme]
    widths: dict[tuple[str, str], int] = {}
    for code, area in listed:
        kind = (area.code[:2], area.level)
        widths[kind] = max(widths.get(kind, 0), len(code) if code.isdecimal() else 0)
    forms: dict[str, set[str]] = {}
    for code, area in listed:
        if code.isdecimal() and int(code):
            for form in (str(int(code)), code.zfill(widths[area.code[:2], area.level])):
                forms.setdefault(form, set()).add(code)
    own = {code for code, _ in listed}
    meant = {form: next(iter(codes)) for form, codes in forms.items() if len(codes) == 1 and form not in own}
    return frozenset(
        (form, area.code)
        for code, area in listed
        for form in (code, *(other for other, original in meant.items() if original == code))
    )


def areas_called(text: str) -> tuple[Area, ...]:
    """Return the listed areas that have this name in English, French or Spanish, the largest first.

    >>> [area.code for area in areas_called("MÉXICO")], areas_called("Ciudad")
    (['MX', 'MX-MEX'], ())
    """
    return _areas_by_name(project_root()).get(text.strip().casefold(), ())


def country_called(text: str) -> Area | None:
    """Return the country that a text names, or gives the ISO 3166 code of; None if it does neither.

    >>> [country.code for text in ("Guatemala", "GTM", "gt") if (country := country_called(text))], country_called("X")
    (['GT', 'GT', 'GT'], None)
    """
    word = text.strip()
    code = _countries_by_code(project_root()).get(word.upper())
    return code or next((area for area in areas_called(word) if area.level == "country"), None)


@cache
def _countries_by_code(_: Path | None) -> dict[str, Area]:
    countries = [area for area in load_areas() if area.level == "country"]
    by_iso3 = {dict(area.schemes)["iso3"]: area for area in countries if "iso3" in dict(area.schemes)}
    return by_iso3 | {area.code: area for area in countries}


@cache
def _areas_by_name(_: Path | None) -> dict[str, tuple[Area, ...]]:
    found: dict[str, dict[str, Area]] = {}
    for area in sorted(load_areas(), key=lambda one: (one.level != "country", one.level, one.code)):
        if area.level != NOT_STATED:
            for form in {form.casefold() for name in _names(area, LANGUAGES) for form in _forms(name)}:
                found.setdefault(form, {})[area.code] = area
    return {name: tuple(areas.values()) for name, areas in found.items()}


def known_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages; raise ValueError if names are missing in one of them."""
    from babel.localedata import exists

    for language in languages:
        if not exists(language):
            raise ValueError(f"there are no area names in {language!r}; write ISO 639-1 codes, such as [de, pt]")
    return tuple(languages)


def _names(area: Area, languages: Iterable[str]) -> Iterator[str]:
    from babel import Locale

    own = {"en": area.name_en, "fr": area.name_fr, "es": area.name_es}
    domain = "iso3166-1" if area.level == "country" else "iso3166-2"
    for language in languages:
        if language in own:
            yield own[language]
        elif area.level == "country" and area.code in Locale(language).territories:
            yield Locale(language).territories[area.code]
        for name in _iso_names().get(area.code, ()):
            yield name if language == "en" else _translations(domain, language).gettext(name)


@cache
def _iso_names() -> dict[str, tuple[str, ...]]:
    """The names of ISO 3166 of each country (short, common, official) and subdivision."""
    import pycountry

    labels = ("name", "common_name", "official_name")
    names = {
        one.alpha_2: tuple(getattr(one, label) for label in labels if hasattr(one, label))
        for one in pycountry.countries
    }
    return names | {one.code: (one.name,) for one in pycountry.subdivisions}


@cache
def _translations(domain: str, language: str) -> gettext.NullTranslations:
    import pycountry

    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)


def _forms(name: str) -> Iterator[str]:
    """The forms of a name that files have: ``Iran, Islamic Republic of`` is ``Iran (Islamic Republic of)`` as well."""
    main, comma, rest = name.partition(", ")
    turned = (f"{main} ({rest})", f"{rest} {main}", f"{rest.removeprefix('The ')} {main}")
    for one in (name, *(turned if comma else ())):
        plain = without_accents(one)
        yield from {one, plain, one.upper(), plain.upper()}
