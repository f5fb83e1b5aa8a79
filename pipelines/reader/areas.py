"""Areas by code or by name: which area is meant, and which areas have figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.reader.release import packaged_query, query
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist
from schemas.errors import UsageError, nearest_values
from schemas.words_of_totals import plain

LANGUAGES = ("en", "fr", "es")


def fold_name(text: str) -> str:
    """Return a name without case, accents and double spaces, for comparison.

    >>> fold_name("  M\u00e9xico "), fold_name("C\u00f4te d\u2019Ivoire")
    ('mexico', "cote d'ivoire")
    """
    return plain(text.replace("\u2019", "'"))


def find_area(text: str, settings: Settings | None = None) -> str:
    """Return the code of the area that is meant by a code or by a name in English, French or Spanish.

    A code takes precedence, whatever its case. Of several areas with the same name the largest is meant: ``Mexico`` is
    the country, not the state. Two of the same level are refused.

    Raises:
        UsageError: no area has this code or name, or several of the same level do; lists the nearest, with names.

    Example::

        find_area("Mexico"), find_area("mx-jal"), find_area("Jalisco")
    """
    areas = query("SELECT code, area_level, name_en, name_fr, name_es FROM out.area", settings).records()
    codes = {area["code"].casefold(): area["code"] for area in areas}
    if text.strip().casefold() in codes:
        return str(codes[text.strip().casefold()])
    levels = [level.code for level in load_codelist("area_level")]  # the largest first
    named = [area for area in areas if fold_name(text) in names_of_area(area)]
    if not named:
        raise UsageError(_unknown(text, areas))
    largest = min(levels.index(area["area_level"]) for area in named)
    meant = [area for area in named if levels.index(area["area_level"]) == largest]
    if len(meant) > 1:
        raise UsageError(f"several areas are called {text!r}: {_in_words(meant)}; give the code of one")
    return str(meant[0]["code"])


def names_of_area(area: dict[str, Any]) -> set[str]:
    """Return the names of an area, folded for comparison."""
    return {fold_name(area[f"name_{language}"]) for language in LANGUAGES if area[f"name_{language}"]}


def list_areas(text: str | None = None, settings: Settings | None = None) -> list[dict[str, Any]]:
    """Return the areas that have annual figures, countries first: code, names, level, sources, first and last year.

    Args:
        text: only areas whose code or name contains it, and those that are part of such an area.
        settings: where the published file is.
    """
    areas = packaged_query("reader/areas", settings).records()
    if text is None:
        return areas
    wanted = fold_name(text)
    found = {
        area["code"]
        for area in areas
        if wanted in area["code"].casefold() or any(wanted in name for name in names_of_area(area))
    }
    return [area for area in areas if area["code"] in found or area["parent"] in found]


def _unknown(text: str, areas: list[dict[str, Any]]) -> str:
    """Return the message on an unknown area, with the nearest by code and by name."""
    spelled = {spelling: area for area in areas for spelling in [area["code"], *names_of_area(area)]}
    near = {spelled[one]["code"]: spelled[one] for one in nearest_values(fold_name(text), spelled, count=5)}
    return f"unknown area {text!r}; nearest: {_in_words(list(near.values())[:3]) or 'none'}; list all: iccs areas"


def _in_words(areas: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"{area['code']} ({area['name_en']})" for area in areas)
