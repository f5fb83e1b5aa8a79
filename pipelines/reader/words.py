"""Words of pictures, pages and commands in three languages: English here, French and Spanish in ``locale``.

Catalogues are gettext files (``.po``), which any translation editor opens; the context of a message is its key here.
Labels of codes are columns of the code lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pipelines.reader.words_of_commands import COMMAND_WORDS
from schemas.errors import UsageError, nearest_values

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "fr", "es")

WORDS = {
    "rate": "per 100,000 population",
    "source": "Source",
    "release": "Release",
    "poisson": "Band: exact Poisson 95 % interval.",
    "usual": "It covers chance alone; with the usual variation between years it is more than twice as wide.",
    "usual year": "It covers chance alone; with the usual variation between years: {low} to {high} in {year}.",
    "segments": "Thin lines: joinpoint segments, percent a year (ns: not significant).",
    "not drawn": "Not drawn (too many or not comparable): {areas}.",
    "whole line": "Grey line: {name}.",
    "last rates": (
        "Above each panel, on the right: its latest rate comparable with other years, for {year} or the year in "
        "brackets."
    ),
    "log": "Logarithmic scale; a year with a count of zero is not drawn.",
    "bounds": (
        "Brackets: the sex or age of too many persons is unknown; the rate lies between these limits (with none "
        "of them, with all of them)."
    ),
    "breaks": "Dotted: break in series, not compared across.",
    "break": "break",
    "bridged": "bridged",
    "bridges": (
        "Before a bridged break: recorded (grey) times the factor between the definitions, the "
        "band with its limits; an estimate (E)."
    ),
    "monthly": "monthly count",
    "raw": "as recorded",
    "adjusted": "seasonally adjusted",
    "trend": "trend",
    "turns": "turning point",
    "stl": "Adjusted and trend: STL (Cleveland et al. 1990); the last months change when new ones arrive.",
    "men": "men",
    "women": "women",
    "unknown": "Not shown, sex or age unknown: {n}",
    "observed": "observed",
    "fitted": "fitted",
    "without": "expected without the change",
    "begins": "strategy begins",
    "evaluation model": "Quasi-Poisson regression, errors correlated from period to period.",
    "effect months": (
        "First {n} months after the date relative to the course expected: {value} ({low} to {high}), p {p}: {verdict}."
    ),
    "effect year": (
        "First year after the date relative to the course expected: {value} ({low} to {high}), p {p}: {verdict}."
    ),
    "dark figure": "experienced and recorded",
    "experienced panel": "Experienced (survey estimate)",
    "recorded panel": "Recorded by the police",
    "share panel": "Recorded over estimated",
    "two populations": (
        "Two figures of two populations, never one series: the survey counts each {survey} in its population "
        "({people}), the police each {recorded} in the total population."
    ),
    "told of period": "People were asked about {period}.",
    "told of unknown period": "The period about which people were asked is not declared.",
    "share signs": "On the right: the colour of the estimates, the marker of the recorded counts.",
    "share with limits": (
        "{year}: recorded divided by estimated {share} ({low} to {high}, limits of the estimate only)."
    ),
    "share without limits": "{year}: recorded divided by estimated {share}; the survey gives no sampling error.",
    "no reporting rate": "This is not a reporting rate: definitions, places and periods differ.",
    "measure reported_share": "reported to the police",
    "measure dark_share": "not reported, or not investigated",
    "told of offences": "According to the survey itself ({measure}, {year}): {share} of the offences.",
    "told of victims": "According to the survey itself ({measure}, {year}): {share} of the victims.",
    "effect own": "Expected: the area’s own course before the date.",
    "effect controls": "Expected: the weighted rates of {areas}, and the drift relative to them before the date.",
    "effect placebos": "Of {n} other dates and areas, {share} show as large an effect.",
    "no cause": "A single date does not prove a cause.",
    "verdict within": "within the usual swings",
    "verdict elsewhere": "as at other dates and areas",
    "verdict below": "below the course expected",
    "verdict above": "above the course expected",
    "verdict below by model": "below the course expected by the model alone",
    "verdict above by model": "above the course expected by the model alone",
    "evaluation": "change at {date}",
    "caveats": "Caveats",
    "caveat": "caveat",
    "all areas": "all areas",
    "no rate": "no rate",
    "none given": "none given",
    "ranked": "ranked",
    "no other alike": "no other figure is comparable",
    "fewer events": "count below {n}",
    "status": "status {status}",
    "part missing": "part of it is missing or exceptional",
    "differs": "{what} differs: {parts}",
    "all of them": "all",
    "other years": "no figure in {year}; there are figures from {first} to {last}",
    "other series alone": "no figure of the series asked for; there are figures of {names}",
    "no years": "no figure of any year",
    "classes": "Classes of roughly equal size (number of areas in brackets); equal-area projection.",
    "areas in brackets": "areas in brackets",
    "class highest": "highest",
    "class high": "high",
    "class middle": "middle",
    "class low": "low",
    "class lowest": "lowest",
    "disputed borders": "Dotted borders: disputed (set {name}).",
    "hatched": "Hatched: no rate, or none comparable with the others; not zero.",
    "few events": "*: count below {n}.",
    "few events in": "Fewer than {n} events, so chance can move the rate a long way: {where}.",
    "without outline": "Not drawn (no outline): {names}.",
    "names of areas": "Areas are named where there is room, or shown by their code where only that fits.",
    "disputed land": "Land that two countries claim is left white.",
    "outlines": "Outlines: {origin}; they imply no opinion on any border.",
    "slopes": "Solid lines rise, dashed lines fall; labelled: those that changed most, and the highest.",
    "from to": "{first} and {last}",
    "yearly rate": "per 100,000 population a year",
    "no figure": "no figure",
    "gaps": "× at the bottom: no rate that may be shown: {reasons}.",
    "population": "Population",
    "made of": "Composed of the categories",
    "trend sentence": "{first} to {last}: {direction}",
    "direction rising": "rising",
    "direction falling": "falling",
    "direction stable": "stable",
    "direction inconclusive": "inconclusive",
    "direction too few events": "too few events",
    "direction number rising": "number rising",
    "direction number falling": "number falling",
    "direction number stable": "number stable",
    "percent a year": "{percent} % a year ({low} to {high})",
    "no upper limit": "no upper limit",
    "direction not tested (persons counted on one day)": "not tested (persons counted on one day)",
    "direction not tested (fewer than 8 years)": "not tested (fewer than 8 years)",
    "expected from the past": "expected from the past",
    "limit of the past": "its upper limit",
    "as published": "as published",
    "alert": "alert",
    "nowcast": "expected once complete, 95 %",
    "events a month": "events a month",
    "latest": (
        "Limit: exceeded by chance once in 200 months (Farrington 1996, Noufaily 2013); "
        "alert: also among all months tested in the release."
    ),
    "month alert": (
        "{month}: {value}, where {expected} were expected and {upper} is the limit: more than the past explains."
    ),
    "month apart": "not compared with other months",
    "months usual": "No month from {first} to {last} is higher than the past explains.",
    "months not tested": "Not tested: too few months or events since the last break.",
    "month fills": "{month} is still filling up: it is expected to reach {value} ({low} to {high}).",
    "no break": "no break declared",
    "break in": "break in {years}",
    "used years": "used {years}",
    "bridged in": "bridged in {year} (factor {factor})",
    "bridged between": "bridged in {year} (factor {factor}, {low} to {high})",
    "smoothed": "smoothed per 100,000",
    "not told apart": "not distinguishable from the common rate",
    "funnel 95": "95 %",
    "funnel 998": "99.8 %",
    "funnel people": "population, persons (logarithmic)",
    "funnel": (
        "Limits around the common rate: chance alone (dotted: exact Poisson), and with the variation between areas, "
        "{share} % of that rate. Of {n} areas, {chance} lie outside the 99.8 % limits of the first and "
        "{outside} outside those of the second."
    ),
    "funnel dashes": "Dashes: smoothed rates (Marshall 1991).",
    "funnel dashes bym": "Dashes: smoothed rates.",
    "bym": "Smoothed towards the rates of neighbours and of all areas (BYM2, Riebler 2016).",
    "without neighbour": "Without neighbours, smoothed only towards the rate of all areas: {names}.",
    **COMMAND_WORDS,
}
"""English by key."""


def word(key: str, language: str) -> str:
    """Return a word of a picture or page in a language.

    >>> word("trend", "es")
    'tendencia'
    """
    return WORDS[key] if language == "en" else load_catalogue(language)[key]


def reworded(text: str, group: str, language: str, places: Mapping[str, Callable[[str], str]] | None = None) -> str:
    """Return an English text in another language: one made from the word of a key that begins with ``group``.

    This is for texts of calculations, which know no language. Their figures get the separators of the language.

    Args:
        text: the English text; returned as it is if no word is like it.
        group: beginning of the keys.
        language: of the result.
        places: what is to be put in places that are not figures, by their names.

    >>> reworded("How the series would have continued: 17 periods before the date are few.", "cannot tell ", "es")
    'Cómo habría continuado la serie: 17 períodos antes de la fecha son pocos.'
    """
    if language == "en":
        return text
    for key, english in WORDS.items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(english))
        if key.startswith(group) and (found := re.fullmatch(pattern, text)):
            said = {
                name: places[name](part) if places and name in places else figure_in(part, language)
                for name, part in found.groupdict().items()
            }
            return word(key, language).format(**said)
    return text


def counted(key: str, number: float, language: str) -> str:
    """Return the word for a number of things: that of ``key 1`` where the language has the singular.

    >>> counted("years back", 1, "es"), counted("years back", 2, "es")
    ('{years}, hasta {n} año atrás', '{years}, hasta {n} años atrás')
    """
    singular = number < 2 if language == "fr" else number == 1
    return word(f"{key} 1" if singular else key, language)


def colon(language: str) -> str:
    """Return the colon with the spacing of the language."""
    return " : " if language == "fr" else ": "


def semicolon(language: str) -> str:
    """Return the semicolon with the spacing of the language."""
    return " ; " if language == "fr" else "; "


def figure_in(text: str, language: str) -> str:
    """Return a figure written in English format with the separators of a language.

    >>> figure_in("21,941.5", "es"), figure_in("21,941.5", "fr"), figure_in("21,941.5", "en")
    ('21.941,5', '21\u202f941,5', '21,941.5')
    """
    thousands, decimal = {"en": (",", "."), "fr": ("\u202f", ","), "es": (".", ",")}[language]
    return text.translate(str.maketrans(",.", thousands + decimal))


@cache
def load_catalogue(language: str) -> dict[str, str]:
    """Return the translations into a language by key; a message without a translation is left out.

    Raises:
        UsageError: there is no catalogue of that language.
    """
    return {
        str(message.context): str(message.string)
        for message in _read_catalogue(language)
        if message.id and message.string and not message.fuzzy and WORDS.get(str(message.context)) == message.id
    }


@cache
def _read_catalogue(language: str) -> Catalog:
    from babel.messages.pofile import read_po

    if language not in LANGUAGES:
        near = nearest_values(language, LANGUAGES) or LANGUAGES
        raise UsageError(f"there is no language {language!r}; nearest: {', '.join(near)}")
    file = resources.files("pipelines").joinpath("reader", "locale", f"{language}.po")
    with file.open("rb") as lines:
        return read_po(lines, locale=language)


def translate(text: str, language: str) -> str:
    """Return a text of a page in a language: the text itself in English, otherwise its translation.

    >>> translate("Countries", "fr")
    'Pays'
    """
    return text if language == "en" else load_texts(language)[text]


@cache
def load_texts(language: str) -> dict[str, str]:
    """Return the translations of texts of pages, by their English, from the catalogue of a language."""
    return {
        str(message.id): str(message.string)
        for message in _read_catalogue(language)
        if message.id and message.string and not message.fuzzy and message.context is None
    }
