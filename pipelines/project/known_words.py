"""Words in files whose meaning is already known: from the packaged sources, and the names of months and areas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from pipelines.collect.headings.kind_words import OF_SEX
from pipelines.harmonise.values.labels import age_word_problem
from schemas.area_names import codes_of_scheme, names_of_areas
from schemas.codelists import NOT_STATED, load_areas
from schemas.declarations import breakdown_columns
from schemas.source import list_sources
from schemas.words_of_totals import TOTALS, plain

LANGUAGES = ("en", "es", "fr", "pt", "de", "it")


@cache
def known_words() -> Mapping[str, Mapping[str, str]]:
    """Return the code that the packaged sources give to each word, by dimension; the most frequent one of several."""
    dimensions = (*breakdown_columns(), "value")
    counted: dict[tuple[str, str], Counter[str]] = {}
    for folder in list_sources().values():
        if folder.origin != "package":
            continue
        for dimension, word, code in folder.words:
            if dimension in dimensions and word.strip() and not word.strip().isdigit():
                counted.setdefault((dimension, plain(word)), Counter())[code] += 1
    found: dict[str, dict[str, str]] = {name: {} for name in dimensions}
    for (dimension, word), codes in counted.items():
        found[dimension][word] = codes.most_common(1)[0][0]
    found["value"] |= dict.fromkeys(("..", "...", "n/a", "n.a.", "n.d.", "s/d", "na"), "O")
    found["sex"] = {word: code for word, code in found["sex"].items() if len(word) > 1} | {
        word: "_T" for word in TOTALS
    }
    return found


_YEARS = r"(?:\s*(?:years?|anos|ans|jahren?)(?: old| of age)?)?"
_AGES = (
    (re.compile(rf"(?:\w+ )?(\d{{1,3}})\s*(?:-|–|to|a|bis|y|und)\s*(\d{{1,3}}){_YEARS}"), "Y{}T{}"),
    (
        re.compile(
            rf"(?:\w+ )?(\d{{1,3}})(?:\s*\+|{_YEARS}\s*(?:and|or|y|o|et|ou|und|e|&)\s*(?:over|older|above|more|mas|plus"
            rf"|mehr|alter|mais)){_YEARS}"
        ),
        "Y_GE{}",
    ),
    (
        re.compile(rf"(?:under|below|less than|menos de|menores de|moins de|unter|abaixo de) (\d{{1,3}}){_YEARS}"),
        "Y_LT{}",
    ),
)


def age_words(words: Iterable[str]) -> dict[str, str]:
    """Return the code of each word for ages: those of the packaged sources, ranges of years, and totals.

    >>> age_words(["15 a 29 años", "60 and over", "under 15", "Ambos", "grupo 1"])
    {'15 a 29 anos': 'Y15T29', '60 and over': 'Y_GE60', 'under 15': 'Y_LT15', 'ambos': '_T'}
    """
    found: dict[str, str] = {}
    for word in map(plain, words):
        ranges = (code.format(*map(int, ages.groups())) for form, code in _AGES if (ages := form.fullmatch(word)))
        code = known_words()["age"].get(word) or next(ranges, None) or ("_T" if word in TOTALS else None)
        if code is not None and age_word_problem(word, code) is None:
            found[word] = code
    return found


def sex_words(words: Iterable[str]) -> dict[str, str]:
    """Return the code of each known word for sex, as read in a column with these words.

    What a single letter means depends on the others: m is male beside f or w, but female (mujer, mulher) beside h or v.

    >>> sex_words(["H", "M"])["m"], sex_words(["F", "M"])["m"], "m" in sex_words(["M", "Unknown"])
    ('F', 'M', False)
    """
    given = [*words]
    there, there_as_written = {plain(word) for word in given}, set(given)
    named = {plain(word): code for word in given for code, name in OF_SEX.items() if name.fullmatch(word.strip())}
    codes = {plain(code): code for code in ("_T", "_U") if code in there_as_written}
    known: dict[str, str] = {**named, **known_words()["sex"], **codes}
    female, male = there & {"f", "w"}, there & {"h", "v"}
    if female and male and "m" not in there:
        known |= dict.fromkeys(female, "F") | dict.fromkeys(male, "M")
    elif female and not male:
        known |= dict.fromkeys(female, "F") | {"m": "M"}
    elif male and not female:
        known |= dict.fromkeys(male, "M") | {"m": "F"}
    return known


@cache
def months() -> Mapping[str, int]:
    """Return the number of each month by its full and abbreviated name, in several languages."""
    from babel import Locale

    found: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in Locale(language).months["format"][width].items():
                found.setdefault(plain(name).rstrip("."), number)
    return found


def find_area_scheme(words: Iterable[str], country: str | None) -> tuple[str, dict[str, str], float]:
    """Return the area scheme that knows most of the words, the code of each word, and the share of known words.

    Args:
        words: the distinct words of a column.
        country: the country the file is about; None if it covers several.
    """
    wanted = list(dict.fromkeys(words))
    areas = [area for area in load_areas() if area.level != NOT_STATED and _may_be_meant(area.code, country)]
    meant = dict.fromkeys(area.code for area in areas)
    schemes = {"code": {code: code for code in meant}}
    for name in dict.fromkeys(name for area in areas for name, _ in area.schemes):
        schemes[name] = {code: ours for code, ours in codes_of_scheme(name) if ours in meant}
    names = dict(names_of_areas(of=country)) | dict(names_of_areas(LANGUAGES, None) if country is None else ())
    schemes["name"] = names
    plain_names = {plain(name): code for name, code in names.items()}
    best = max(schemes, key=lambda scheme: (sum(word in schemes[scheme] for word in wanted), scheme == "code"))
    codes = {word: schemes[best][word] for word in wanted if word in schemes[best]}
    codes |= {word: plain_names[plain(word)] for word in wanted if word not in codes and plain(word) in plain_names}
    return best, codes, len(codes) / max(len(wanted), 1)


def country_words(country: str) -> set[str]:
    """Return the code and the names of a country, in several languages.

    >>> {"MX", "Mexico", "México", "Mexiko"} <= country_words("MX")
    True
    """
    return {country} | {name for name, code in names_of_areas(LANGUAGES, None) if code == country}


def _may_be_meant(code: str, country: str | None) -> bool:
    return "-" not in code if country is None else code == country or code.startswith(f"{country}-")
