"""The labels of a source and their codes, and checks on them: of unknowns, ages and places.

On places: a row gives the region in which something happened, or only the country. The second kind counts in the
country but in no region, and must never replace the sum of the regions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

from iccs.ages import MAJORITY_AGE
from pipelines.harmonise.values.meanings import is_unknown, word_problem
from pipelines.harmonise.values.negations import negation_problem
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called, codes_of_scheme, names_of_areas
from schemas.codelists import area_codes, load_areas, parse_age, place_not_stated, valid_codes
from schemas.declarations import quote_literal
from schemas.definition.messages import hint
from schemas.errors import nearest_values
from schemas.source import Source, SourceFolder
from schemas.words_of_totals import TOTALS, plain

_NUMBER = re.compile(r"\d+")
_NEARLY_THE_SUM = 0.02
_PROBABLY_A_TOTAL = "That is about their sum, so probably a total: exclude its rows with a named exclusion."
_PARTS_OF_A_YEAR = {
    12: re.compile(r"\b(months?|mes(es)?|mois|monate?n?|m[eê]s(es)?)\b"),
    52: re.compile(r"\b(weeks?|semanas?|semaines?|wochen?)\b"),
    365: re.compile(r"\b(days?|d[ií]as?|jours?|tagen?|tage?)\b"),
}
_MINOR = re.compile(r"\b(minors?|menor(es)?|mineurs?|child(ren)?|niñ[oa]s?|juveniles?|minderjährige?)\b")
_ADULT = re.compile(r"\b(adults?|adult[oa]s?|adultes?|mayor(es)? de edad|majeurs?|erwachsene?)\b")
_WOMEN = re.compile(
    r"f|w|females?|wom[ae]n|girls?|mujer(es)?|femmes?|f[eé]minin[eoa]?s?|femenin[oa]s?|filles?|niñas?|mulher(es)?"
    r"|frau(en)?|weiblich|m[aä]dchen|donn[ae]"
)
_MEN = re.compile(
    r"h|males?|m[ae]n|boys?|hombres?|var[oó]n(es)?|hommes?|masculin[eoa]?s?|gar[cç]ons?|niños?|homens?|homem"
    r"|m[aä]nn(er)?|m[aä]nnlich|jungen?|uom[oi]ni?"
)
"""Words, in several languages, that can only mean women, or men; what a bare m means depends on the others."""
_ABOUT_PERSONS = ("sex", "age")
_MOST_NAMED = 4


Label = tuple[str, str, str, int | None]
"""Dimension, word, code, and the number of cells that have it, if known."""


def area_words(folder: SourceFolder) -> set[tuple[str, str]]:
    """Return the areas a source may name: (its code in the source's scheme, our code)."""
    scheme = folder.source.area_scheme
    if scheme == "name":
        names = folder.source.area_names
        return set(names_of_areas(names.languages, names.of) if names else names_of_areas())
    if scheme == "code":
        return {(area.code, area.code) for area in load_areas()}
    return set(codes_of_scheme(scheme))


def nearest_areas(folder: SourceFolder, text: str, valid: Sequence[str]) -> tuple[str, ...]:
    """Return the valid words that an invalid text for an area probably means: for the area it names, or the nearest.

    A text that names an area is not a typing error: ``México`` is not the nearest to ``Ciudad de México``. A code is
    given as its list has it, not with and without leading zeros.
    """
    named = {area.code for area in areas_called(text)}
    scheme = folder.source.area_scheme
    listed = {code for area in load_areas() for name, code in area.schemes if name == scheme}
    other_forms = {word for word, _ in area_words(folder)} - listed if listed else set()
    if not named:
        return nearest_values(text, [word for word in valid if word not in other_forms])
    if scheme == "name":
        return ()
    return tuple(sorted(word for word, code in area_words(folder) if code in named and word not in other_forms))


def areas_named(folder: SourceFolder, text: str) -> str:
    """Return a sentence on the areas named by a text that is not a word of the source; empty if it names none."""
    areas = areas_called(text)[:_MOST_NAMED]
    if not areas:
        return ""
    which = " and ".join(f"{area.code} ({area.name_en})" for area in areas)
    if folder.source.area_scheme != "name":
        return f" {text!r} is the name of {which}; the source gives codes (area_scheme: {folder.source.area_scheme})."
    if len(areas) > 1:
        return f" {text!r} is the name of {which}; values.csv must state which."
    return f" {text!r} is the name of {which}, which is not one of the areas to which the names of this source refer."


def checked_words(folder: SourceFolder) -> list[tuple[str, str, str]]:
    """Return the labels of values.csv as (dimension, word, code).

    Raises:
        DataRefused: a code is not in our lists, or a label means something else; a mistake there would affect every
            row with the label.
    """
    for dimension, word, code in folder.words:
        if dimension != "age_unit":
            _check_code(folder, dimension, word, code)
    sexes = sex_word_problem({word: code for dimension, word, code in folder.words if dimension == "sex"})
    problems = (judge(*one) for one in folder.words for judge in (word_problem, negation_problem))
    found = [*([sexes] if sexes else ()), *filter(None, problems)]
    if found:
        raise DataRefused([Problem("declaration_invalid", folder.source_id, f"values.csv: {one}") for one in found])
    return list(folder.words)


def sex_word_problem(codes: Mapping[str, str]) -> str | None:
    """Return what is wrong with the codes of words for sex; None if nothing is.

    Beside an h or v for men, m is a woman (mujer, mulher); beside f or w, a man. Beside an n for women (nő), f is a
    man (férfi).

    >>> sex_word_problem({"Women": "M", "Men": "F"})
    "sex 'Women' has the code M, but the word means F."
    >>> sex_word_problem({"H": "M", "M": "M"})
    "sex 'M' has the code M, but beside 'H' it means F (mujer, mulher)."
    >>> sex_word_problem({"H": "M", "M": "F"}), sex_word_problem({"M": "M", "V": "F"})
    (None, None)
    >>> sex_word_problem({"F": "M", "N": "F"})
    """
    by_word = {word.strip().casefold(): (word, code) for word, code in codes.items()}
    is_hungarian = any(by_word.get(woman, ("", ""))[1] == "F" for woman in ("n", "nő"))
    for folded, (word, code) in by_word.items():
        if folded == "f" and is_hungarian:
            continue
        meant = "F" if _WOMEN.fullmatch(folded) else "M" if _MEN.fullmatch(folded) else code
        if code in ("M", "F") and meant != code:
            return f"sex {word!r} has the code {code}, but the word means {meant}."
    word, code = by_word.get("m", ("", ""))
    man = next((by_word[letter][0] for letter in ("h", "v") if by_word.get(letter, ("", ""))[1] == "M"), None)
    woman = next((by_word[letter][0] for letter in ("f", "w") if letter in by_word), None)
    if man and not woman and code == "M":
        return f"sex {word!r} has the code M, but beside {man!r} it means F (mujer, mulher)."
    if woman and not man and code == "F":
        return f"sex {word!r} has the code F, but beside {woman!r} it means M."
    return None


def sex_of_word(word: str) -> str | None:
    """Return the code of a word that can only mean men, women, persons of unknown sex or all; None for another.

    >>> sex_of_word("Female"), sex_of_word("Hombres"), sex_of_word("Not stated"), sex_of_word("Total"), sex_of_word("m")
    ('F', 'M', '_U', '_T', 'M')
    """
    folded = word.strip().casefold()
    if _WOMEN.fullmatch(folded):
        return "F"
    if _MEN.fullmatch(folded) or folded == "m":
        return "M"
    return "_U" if is_unknown(word) else "_T" if plain(word) in TOTALS else None


def _check_code(folder: SourceFolder, dimension: str, word: str, code: str) -> None:
    found = None
    if dimension == "age":
        try:
            parse_age(code)
        except ValueError as error:
            found = f"values.csv: age {word!r}: {error}."
    else:
        own = {"ref_area": area_codes(), "measure": frozenset(folder.source.measures)}
        valid = own.get(dimension) or valid_codes("obs_status" if dimension == "value" else dimension)
        if valid is not None and code not in valid:
            found = f"values.csv: {dimension} {word!r} has the unknown code {code!r}{hint(code, valid)}."
    if found:
        raise DataRefused([Problem(rule="declaration_invalid", source=folder.source_id, found=found)])


def labels_of_cells(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Label]:
    """Return the words on persons that occur in the cells of a source, the most frequent first.

    Args:
        connection: one with the cells as ``tally`` and the lists of codes.
        source: whose.
    """
    return [
        (name, word, code, cells)
        for name in _ABOUT_PERSONS
        if name in source.columns
        for word, code, cells in connection.execute(
            f"SELECT {name}_word, code, count(*) FROM tally JOIN {name}_code ON {name}_code.id = {name}_id "
            "WHERE exclusion = 0 GROUP BY ALL ORDER BY 3 DESC, 1"
        ).fetchall()
    ]


def check_labels(labels: Sequence[Label]) -> list[Outcome]:
    """Check the words of a source against the codes they are translated to.

    That two words mean unknown is checked only for words that are known to occur.
    """
    unknown: dict[str, list[str]] = {}
    for name, word, code, cells in labels:
        if code == "_U" and cells is not None:
            unknown.setdefault(name, []).append(f"{word!r} ({cells:,} cells)")
    several = {name: words for name, words in unknown.items() if len(words) > 1}
    ages = [(word, code) for name, word, code, _ in labels if name == "age"]
    wrong = [problem for word, code in ages if (problem := age_word_problem(word, code))]
    return [
        Outcome.of_warning(
            "two_words_for_unknown", len(unknown), [f"{name}: {', '.join(words)}" for name, words in several.items()]
        ),
        Outcome.of_warning("age_words_agree", len(ages), wrong),
    ]


def age_word_problem(word: str, code: str) -> str | None:
    """Return how an age label contradicts its code; None if they agree or the label does not give an age.

    A number alone may be the number of a category, so it is not checked.

    >>> age_word_problem("Menores de edad (0-17)", "Y0T17"), age_word_problem("Menores de edad (0-17)", "Y_GE18")
    (None, "'Menores de edad (0-17)' has the code Y_GE18 but means minors")
    >>> age_word_problem("14 bis unter 16", "Y14T15"), age_word_problem("60 YEARS & ABOVE", "Y_GE60")
    (None, None)
    >>> age_word_problem("6-11 months", "Y6T11")
    "'6-11 months' has the code Y6T11 but means 6-11 parts of a year, so Y0"
    >>> age_word_problem("Adultos", "Y0T17")
    "'Adultos' has the code Y0T17 but means adults"
    """
    bounds = parse_age(code)
    text = word.casefold().replace("_", " ")
    if bounds is None or text.strip().isdigit():
        return None
    numbers = [int(number) for number in _NUMBER.findall(text)]
    start = f"{word!r} has the code {code} but means"
    low, high = bounds
    for parts, pattern in _PARTS_OF_A_YEAR.items():
        if numbers and pattern.search(text):
            years = [number // parts for number in numbers]
            fits = low >= min(years) and high is not None and high <= max(years)
            right = f"Y{years[0]}" if len(set(years)) == 1 else f"Y{min(years)}T{max(years)}"
            return None if fits else f"{start} {'-'.join(map(str, numbers))} parts of a year, so {right}"
    if _ADULT.search(text) and low < MAJORITY_AGE:
        return f"{start} adults"
    if _MINOR.search(text) and (high is None or high >= MAJORITY_AGE):
        return f"{start} minors"
    borders = {low, high, None if high is None else high + 1}
    if any(number not in borders for number in numbers):
        return f"{start} {', '.join(map(str, numbers))}"
    return None


def check_places(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> list[Outcome]:
    """Check the places of a source as a whole, for tables and incidents alike.

    In a source of events, a row for an area in addition to rows for its parts is an event whose part is not stated; so
    is a row with a blank place if several rows add up to a cell. (In a file of cells it may be the country's own.) It
    would replace the sum of the parts, so it needs the code for a place not stated. A source that declares what it
    ``covers`` must have no rows for anything else, as its figure for the country would be that of a part.

    Args:
        connection: has ``area_ancestor`` and ``core``.
        folder: the source.

    Raises:
        DataRefused: one of the two conditions is violated.
    """
    source = folder.source
    problems = []
    blank = {code for dimension, word, code in folder.words if dimension == "ref_area" and not word.strip()}
    added_up = source.rows == "events" or (source.rows == "parts" and bool(blank))
    if added_up:
        found = run_sql(connection, "harmonise/places_beside_parts").fetchall()
        wrong = [one for one in found if source.rows == "events" or one[1] in blank]
        problems += [_place_beside_parts(folder, *one) for one in wrong]
    if source.covers:
        covers = ", ".join(quote_literal(area) for area in source.covers)
        found = run_sql(connection, "harmonise/places_outside", covers=f"[{covers}]").fetchall()
        problems += [_place_outside(folder, *one) for one in found]
    if problems:
        raise DataRefused(problems)
    judged = {"place_beside_parts": added_up, "place_outside_covers": bool(source.covers)}
    return [Outcome.of_refusal(rule, int(applies)) for rule, applies in judged.items()]


def _place_beside_parts(
    folder: SourceFolder, measure: str, area: str, own: float, parts: float, file: str | None, row: int | None
) -> Problem:
    right = place_not_stated(area)
    words = [word for dimension, word, code in folder.words if (dimension, code) == ("ref_area", area)]
    lines = ", ".join(f"ref_area,{word},{right} instead of ref_area,{word},{area}" for word in words)
    what = f"What is in {area} but has no stated region gets the code {right}"
    what += f": in values.csv, write {lines}." if words else "."
    if abs(own - parts) <= _NEARLY_THE_SUM * parts:
        what = f"{_PROBABLY_A_TOTAL} If it is not, {what[0].lower()}{what[1:]}"
    return Problem(
        rule="place_beside_parts",
        source=folder.source_id,
        file=file,
        row=row,
        column=folder.source.columns.get("ref_area", "ref_area"),
        value=area,
        found=f"The measure {measure!r} has {own:,.10g} for {area} itself and {parts:,.10g} for areas inside it. "
        + what,
    )


def _place_outside(folder: SourceFolder, area: str, cells: int, file: str | None, row: int | None) -> Problem:
    column = folder.source.columns.get("ref_area", "ref_area")
    covers = ", ".join(folder.source.covers)
    found = f"{cells:,} observations of {area}, which is not among the areas under covers: {covers}."
    return Problem("place_outside_covers", folder.source_id, file=file, row=row, column=column, value=area, found=found)


def decode_again(text: str) -> str:
    """Return the original of a text encoded twice, as UTF-8 read as Latin-1 or cp1252; empty for any other.

    >>> decode_again("YucatÃ¡n"), decode_again("Yucatán"), decode_again("Ã")
    ('Yucatán', '', '')
    """
    for read_as in ("cp1252", "latin-1"):  # the second has all bytes
        try:
            meant = text.encode(read_as).decode("utf-8")
        except UnicodeError:  # not encoded twice: most texts with letters beyond ASCII are not valid UTF-8
            continue
        return meant if meant != text else ""
    return ""
