"""What the columns of an undeclared file are likely to hold: a guess from their words, never certain."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.collect.headings.kinds_of_figures import kind_of_heading
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.collect.headings.roles import stage_named
from pipelines.harmonise.values.meanings import is_unknown
from pipelines.project import heading_words
from pipelines.project.calendars import Calendar, calendar_of
from pipelines.project.known_words import age_words, country_words, find_area_scheme, known_words, months, sex_words
from pipelines.project.seen_table import NUMBER, SPLIT_YEAR, YEAR, SeenTable
from schemas.declarations import breakdown_columns
from schemas.errors import UsageError, nearest_values
from schemas.words_of_totals import TOTALS, plain

_ENOUGH = 0.6
"""Share of a column's words that must be known for the column to be given their role."""
_MOST_CATEGORIES = 3000
_LONGEST_BESIDE_YEAR = 6
"""Letters beside a year in its label: "2024 prel.", "2023 (p)", "2022 r"."""
_LEAST_LIKENESS = 0.5
_MANY_AREAS = 5
"""So many different numbers that are all codes of areas are no chance."""
_COUNT_LABELS = re.compile(
    r"\b(victim\w*|v[ií]ctim\w*|cases?|casos?|count|cantidad|total|number|n[uú]mero|offences?|offenses?|delitos?|"
    r"incidents?|hechos|anzahl|nombre|faits|value|valor|obs_value|recorded|reported|registrad[oa]s|denuncias?)\b",
    re.IGNORECASE,
)
_RATE_LABELS = re.compile(r"rate|tasa|taux|per 100|100[., ]?000|%|percent|porcentaje|share", re.IGNORECASE)
_COORDINATE_LABELS = re.compile(
    r"\b(?:lat|long?|lng|latitude?|longitude|latitud|longitud|coord\w*|[xy] coord\w*|easting|northing|gps)\b|\A[xy]\Z",
    re.IGNORECASE,
)
_COUNTRY_LABELS = (
    "country",
    "countries",
    "pais",
    "pays",
    "land",
    "staat",
    "nation",
    "country name",
    "reporting country",
)
_QUARTER_LABELS = ("quarter", "trimestre", "quartal", "trim", "qtr")
_PERIOD = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2]|Q[1-4])")
_PERIOD_IN_ANOTHER_FORM = re.compile(r"((?:19|20)\d\d)[-_ /.]?(?:(?:M|(?<=[-_/.]))(0[1-9]|1[0-2])|[QKTC]([1-4]))")
"""2023M01, 2023_01, 2023Q1, 2023K1 (Scandinavia), 2023T1: the year, and the month or quarter."""
_IN_LABEL = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MORE_THAN_ONE_YEAR = re.compile(
    r"chang|varia|diff|ver[äa]nder|évolution|evoluci|f[öo]r[äa]ndring|endring", re.IGNORECASE
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( .*)?")


@dataclass
class Roles:
    """The role of each column, as guessed.

    Attributes:
        columns: the label of the column by role (``ref_area``, ``national_code``, ``value``, ``sex`` ...).
        words: by dimension, the code of each known word that occurs.
        unknown: by dimension, the words that occur and are not known.
        area_scheme: the area scheme that knows most of the areas.
        label: the column with the labels of the national codes, if there is one.
        wide: labels of the columns of counts where the header holds a period, sex, age or offence; otherwise empty.
        wide_is: what these labels are: ``year``, ``month``, ``sex``, ``age`` or ``offence``.
        has_split_years: whether years are written as 2009-2010.
        has_more_in_years: whether the labels of the years have more than the year ("2023*", "2023 | Number").
        period_in_another_form: whether periods, in a column or as columns, are written as 2023M01 or 2023Q1.
        calendar: how years are written if not as 2023, in a column or as columns.
        month: the column with months, beside one of years.
        quarter: the column with quarters, beside one of years.
        total: the column of counts with the total of those in ``wide``.
        counts: other columns that may hold counts.
        unused: columns without a role.
    """

    columns: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    area_scheme: str = "code"
    label: str | None = None
    wide: tuple[str, ...] = ()
    wide_is: str = ""
    has_split_years: bool = False
    has_more_in_years: bool = False
    period_in_another_form: bool = False
    calendar: Calendar | None = None
    month: str | None = None
    quarter: str | None = None
    total: str | None = None
    counts: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def find_roles(table: SeenTable, country: str | None, given: dict[str, str], one_offence: bool = False) -> Roles:
    """Return the likely role of each column.

    Args:
        table: the file.
        country: the country it is about; None if it covers several.
        given: columns whose role the user has stated, by role.
        one_offence: whether the user has stated the one offence of the file, so that no column has any.

    Raises:
        UsageError: a stated column is not in the file.
    """
    for role, name in given.items():
        if name not in table.names:
            near = ", ".join(nearest_values(name, table.names)) or ", ".join(table.names)
            raise UsageError(f"--{role}: there is no column {name!r} in {table.path.name}; nearest: {near}")
    roles = Roles(columns={_ROLE_OF_OPTION[role]: name for role, name in given.items()})
    texts = {name: table.column(name) for name in table.names if name}
    open_names = [name for name in texts if name not in given.values() and any(texts[name])]
    _take_wide(roles, open_names, country)
    _take_periods(roles, open_names, texts, country)
    _take_areas(roles, open_names, texts, country)
    _take_dimensions(roles, open_names, texts)
    _take_counts(roles, open_names, texts)
    if not one_offence:
        _take_categories(roles, open_names, texts)
    roles.unused = tuple(open_names)
    return roles


_ROLE_OF_OPTION = {"area": "ref_area", "offence": "national_code", "value": "value", "period": "time_period"}


def _take_wide(roles: Roles, names: list[str], country: str | None) -> None:
    """Recognise years, months, sexes or ages as columns."""
    if value := roles.columns.get("value"):
        if len(group := _years_with_more([value, *names], value)) >= 2:
            roles.wide, roles.wide_is, roles.has_more_in_years = tuple(group), "year", True
            del roles.columns["value"]
            names[:] = [name for name in names if name not in group]
        return
    unknown = {plain(name): "_U" for name in names if is_unknown(plain(name))}
    codes = {"sex": sex_words(names) | unknown, "age": age_words(names) | unknown}
    kinds = {
        "year": [name for name in names if YEAR.fullmatch(name)],
        "month": [name for name in names if plain(name).rstrip(".") in months()],
        **{kind: [name for name in names if known.get(plain(name), "_T") != "_T"] for kind, known in codes.items()},
    }
    kinds["year"] = kinds["year"] or [name for name in names if SPLIT_YEAR.fullmatch(name)]
    with_more = _years_with_more(names)
    if len(with_more) > len(kinds["year"]) and set(kinds["year"]) <= set(with_more):
        kinds["year"], roles.has_more_in_years = with_more, True
    if len(periods := [name for name in names if _PERIOD_IN_ANOTHER_FORM.fullmatch(name)]) >= 2:
        kinds["year"], roles.has_more_in_years, roles.period_in_another_form = periods, False, True
    if not kinds["year"]:
        kinds["year"], roles.calendar = _years_of_a_calendar(names, country)
    for kind, found in kinds.items():
        if len(found) >= (6 if kind == "month" else 2):
            roles.wide, roles.wide_is = tuple(found), kind
            roles.has_split_years = kind == "year" and (
                SPLIT_YEAR.fullmatch(found[0]) is not None or (roles.calendar or _PLAIN).is_financial
            )
            names[:] = [name for name in names if name not in found]
            if kind in codes:
                roles.words[kind] = {name: codes[kind][plain(name)] for name in found}
            if kind != "year":
                _take_total(roles, names)
            return


_PLAIN = Calendar("years", YEAR, None)


def _years_of_a_calendar(names: list[str], country: str | None) -> tuple[list[str], Calendar | None]:
    """Return the labels that are years written otherwise than as 2023, and how; none and None if fewer than two are."""
    found: dict[Calendar, list[str]] = {}
    for name in names:
        if (calendar := calendar_of([name], country)) is not None:
            found.setdefault(calendar, []).append(name)
    several = {calendar: labels for calendar, labels in found.items() if len(labels) >= 2}
    return max(((labels, one) for one, labels in several.items()), key=lambda item: len(item[0]), default=([], None))


def _years_with_more(names: list[str], one: str | None = None) -> list[str]:
    """Return the labels of one count that differ only in their year: "2023 | Number" and "2024 prel. | Number".

    If there are several such counts (men, women), the result is the count that has the label ``one``, or the only one
    that is called a count. Rates and changes are not counts.
    """
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        years, rest = _IN_LABEL.findall(name), [one for one in name.split(" | ") if not _IN_LABEL.search(one)]
        label = " | ".join(rest)
        if len(years) == 1 and not _is_no_count(name) and not _MORE_THAN_ONE_YEAR.search(name):
            alone = not rest and len(re.sub(r"\W", "", _IN_LABEL.sub("", name))) > _LONGEST_BESIDE_YEAR
            if not alone:
                groups.setdefault(label, {}).setdefault(years[0], name)
    found = {label: group for label, group in groups.items() if len(group) >= 2}
    if one is not None:
        return next((list(group.values()) for group in found.values() if one in group.values()), [])
    counts = [group for label, group in found.items() if _COUNT_LABELS.search(label)]
    chosen = counts if len(found) > 1 else [*found.values()]
    return list(chosen[0].values()) if len(chosen) == 1 else []


def _take_total(roles: Roles, names: list[str]) -> None:
    """Take the one column that is called the total of those beside each other."""
    totals = [name for name in names if plain(name) in TOTALS or plain(name).startswith("total ")]
    if len(totals) == 1:
        roles.total = totals[0]
        names.remove(totals[0])


def _take_periods(roles: Roles, names: list[str], texts: dict[str, list[str]], country: str | None) -> None:
    if roles.wide_is != "year" and "time_period" not in roles.columns:
        for pattern in (YEAR, _PERIOD, _PERIOD_IN_ANOTHER_FORM, SPLIT_YEAR):
            if found := [name for name in names if _share(texts[name], pattern) >= 0.95]:
                roles.columns["time_period"] = found[0]
                roles.has_split_years = pattern is SPLIT_YEAR
                roles.period_in_another_form = pattern is _PERIOD_IN_ANOTHER_FORM
                names.remove(found[0])
                break
        else:
            _take_years_of_a_calendar(roles, names, texts, country)
    elif given := roles.columns.get("time_period"):
        roles.has_split_years = _share(texts[given], SPLIT_YEAR) >= 0.95
        roles.period_in_another_form = _share(texts[given], _PERIOD_IN_ANOTHER_FORM) >= 0.95
        if roles.calendar is None and (calendar := calendar_of(texts[given], country)) is not None:
            roles.calendar, roles.has_split_years = calendar, calendar.is_financial
    if roles.wide_is in ("", "sex", "age") and "time_period" in roles.columns:
        for name in names:
            words = {plain(text).rstrip(".") for text in texts[name] if text}
            numbers = {word.lstrip("0") for word in words}
            by_label = plain(name) in ("month", "mes", "mois", "monat") and numbers <= {str(n) for n in range(1, 13)}
            if by_label or (len(words) >= 2 and words <= months().keys() and not words <= {"mar", "may"}):
                roles.month = name
                names.remove(name)
                return
            if plain(name) in _QUARTER_LABELS and {quarter_of(word) for word in words} <= {"1", "2", "3", "4"}:
                roles.quarter = name
                names.remove(name)
                return


def _take_years_of_a_calendar(roles: Roles, names: list[str], texts: dict[str, list[str]], country: str | None) -> None:
    """Take the column whose texts are years of another calendar; of plain numbers, only one that is called years."""
    for name in names:
        calendar = calendar_of(texts[name], country)
        is_called = heading_words.YEARS.search(name.replace("_", " ")) is not None
        if calendar is not None and (is_called or not calendar.countries):
            roles.columns["time_period"], roles.calendar = name, calendar
            roles.has_split_years = calendar.is_financial
            names.remove(name)
            return


def quarter_of(word: str) -> str | None:
    """Return the number of a quarter; None if a word is not one.

    >>> quarter_of("Q3"), quarter_of("1er trimestre"), quarter_of("IV"), quarter_of("total")
    ('3', '1', '4', None)
    """
    text = plain(word)
    roman = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
    if (found := roman.get(text.removeprefix("q").removeprefix("t").strip(" ."))) is not None:
        return found
    digits = re.findall(r"\d+", text)
    return digits[0] if len(digits) == 1 and digits[0] in "1234" else None


def _take_areas(roles: Roles, names: list[str], texts: dict[str, list[str]], country: str | None) -> None:
    given = roles.columns.get("ref_area")
    if given is None and _take_country(roles, names, texts, country):
        return
    best: tuple[float, int, str] | None = None
    for name in [given] if given else names:
        words = [word for word in dict.fromkeys(texts[name]) if word and plain(word) not in TOTALS]
        if not words or len(words) > 20_000:
            continue
        scheme, codes, share = find_area_scheme(words, country)
        enough = share >= _ENOUGH and (scheme != "name" or len(codes) > 1 or len(words) == 1)
        label = name.replace("_", " ")
        is_count = _is_called_count(name) or (len(words) < _MANY_AREAS and not heading_words.AREAS.search(label))
        numbers_only = all(word.isdigit() for word in words) and is_count and not given
        if (given or (enough and not numbers_only)) and (best is None or (share, len(words)) > best[:2]):
            best = (share, len(words), name)
            roles.area_scheme = scheme
            totals = {word for word in texts[name] if plain(word) in TOTALS} if country else ()
            roles.words["ref_area"] = {**codes, **dict.fromkeys(totals, country or "")}
            roles.unknown["ref_area"] = [word for word in words if word not in codes]
    if best is None and given is None:
        best = _take_called_areas(roles, names, texts, country)
    if best is not None:
        roles.columns["ref_area"] = best[2]
        if best[2] in names:
            names.remove(best[2])


def _take_called_areas(
    roles: Roles, names: list[str], texts: dict[str, list[str]], country: str | None
) -> tuple[float, int, str] | None:
    """Return the column of texts that is called one of areas, although no list has them: that with the most."""
    found = {
        name: [word for word in dict.fromkeys(texts[name]) if word and plain(word) not in TOTALS]
        for name in names
        if heading_words.AREAS.search(name.replace("_", " "))
        and not heading_words.OFFENCES.search(name.replace("_", " "))
        and _share(texts[name], NUMBER) < _ENOUGH
    }
    if not any(found.values()):
        return None
    chosen = max(found, key=lambda name: len(found[name]))
    totals = {word for word in texts[chosen] if plain(word) in TOTALS} if country else ()
    roles.area_scheme, roles.words["ref_area"] = "code", dict.fromkeys(totals, country or "")
    roles.unknown["ref_area"] = found[chosen]
    return 0.0, len(found[chosen]), chosen


def _take_country(roles: Roles, names: list[str], texts: dict[str, list[str]], country: str | None) -> bool:
    """Recognise a column that is called the country and has the name of the one that the file is about."""
    for name in names:
        words = {word for word in texts[name] if word}
        if country and plain(name) in _COUNTRY_LABELS and words and words <= country_words(country):
            roles.columns["ref_area"] = name
            roles.words["ref_area"] = dict.fromkeys(sorted(words), country)
            names.remove(name)
            return True
    return False


def _take_dimensions(roles: Roles, names: list[str], texts: dict[str, list[str]]) -> None:
    for dimension in breakdown_columns():
        if dimension == roles.wide_is:
            continue
        best = (0.0, "")
        for name in names:
            words = [word for word in dict.fromkeys(texts[name]) if word]
            known = _words_of(dimension, words)
            real = [word for word in words if known.get(plain(word), "_T") != "_T"]
            share = sum(plain(word) in known for word in words) / max(len(words), 1)
            if 2 <= len(words) <= 60 and share >= _ENOUGH and len(real) >= 2:
                best = max(best, (share, name))
        if best[1]:
            words = [word for word in dict.fromkeys(texts[best[1]]) if word]
            known = _words_of(dimension, words)
            roles.columns[dimension] = best[1]
            roles.words[dimension] = {word: known[plain(word)] for word in words if plain(word) in known}
            roles.unknown[dimension] = [word for word in words if plain(word) not in known]
            names.remove(best[1])


def _words_of(dimension: str, words: Sequence[str]) -> Mapping[str, str]:
    if dimension == "age":
        return age_words(words)
    return sex_words(words) if dimension == "sex" else known_words()[dimension]


def _take_counts(roles: Roles, names: list[str], texts: dict[str, list[str]]) -> None:
    if roles.wide or "value" in roles.columns:
        return
    numeric = [name for name in names if _share(texts[name], NUMBER) >= 0.5 and not _is_no_count(name)]
    likely = [name for name in numeric if _is_called_count(name)]
    numeric = [name for name in numeric if name in likely or not heading_words.AREAS.search(name.replace("_", " "))]
    roles.counts = tuple(likely[1:])
    if not likely and _is_of_inhabitants(names, texts, numeric):
        return
    recorded = [name for name in numeric if stage_named(name.replace("_", " ")) is None]
    if chosen := (likely or recorded[-1:] or numeric[-1:])[:1]:
        roles.columns["value"] = chosen[0]
        names.remove(chosen[0])


def _is_of_inhabitants(names: Sequence[str], texts: dict[str, list[str]], others: Sequence[str]) -> bool:
    """Whether a table has numbers of inhabitants, so that numbers whose headings are not offences may be codes."""
    numeric = [name for name in names if _share(texts[name], NUMBER) >= 0.5]
    labels = [name.replace("_", " ") for name in numeric]
    inhabitants = any(
        kind_of_heading(label) == "inhabitants" and stage_named(label) is None and words_for_rate(label) is None
        for label in labels
    )
    return inhabitants and _offence_likeness(others) < _LEAST_LIKENESS


def _is_no_count(name: str) -> bool:
    """Whether a heading says that its numbers are rates, changes, cases cleared up, places; prisoners are counts."""
    label = name.replace("_", " ")
    if _COORDINATE_LABELS.search(label):
        return True
    if _RATE_LABELS.search(label) or words_for_rate(label):
        return True
    return kind_of_heading(label) is not None and stage_named(label) is None


def _take_categories(roles: Roles, names: list[str], texts: dict[str, list[str]]) -> None:
    """Find the column whose labels are most like offences, and the column of codes that has one code per label."""
    chosen = roles.columns.get("national_code")
    if chosen is None:
        likely = {
            name: _offence_likeness(texts[name])
            for name in names
            if _share(texts[name], NUMBER) < 0.5 and len(set(texts[name])) <= _MOST_CATEGORIES
        }
        best = max(likely.values(), default=0.0)
        called = [name for name in likely if heading_words.OFFENCES.search(name.replace("_", " "))]
        if best <= 0 and not called:
            _take_offences_as_columns(roles, names, texts)
            return
        # Of columns that look about as much like offences (a type and its subtype), the one with the most labels.
        similar = [name for name in likely if likely[name] >= 0.7 * best]
        similar = called if called and best < _LEAST_LIKENESS else similar
        chosen = max(similar, key=lambda name: len(set(texts[name])))
        names.remove(chosen)
        roles.columns["national_code"] = chosen
    labels = texts[chosen]
    for name in names:
        if _is_no_count(name) or _IN_LABEL.search(name):  # rates and counts are no codes
            continue
        if _share(texts[name], NUMBER) >= 0.5 and not _may_be_numeric_code(name, chosen, list(texts)):
            continue
        pairs = set(zip(texts[name], labels, strict=True))
        one_to_one = len(pairs) == len({code for code, _ in pairs}) == len({label for _, label in pairs}) > 1
        if one_to_one and all(0 < len(code) <= 12 and " " not in code for code, _ in pairs):
            roles.columns["national_code"], roles.label = name, chosen
            names.remove(name)
            return


def _may_be_numeric_code(name: str, of: str, order: list[str]) -> bool:
    """Whether a column of numbers may be the codes of the labels in another: it is called one, or stands before it."""
    is_before = order.index(name) + 1 == order.index(of) if of in order else False
    return is_before or kind_of_heading(name.replace("_", " "), ()) == "codes"


def _take_offences_as_columns(roles: Roles, names: list[str], texts: dict[str, list[str]]) -> None:
    """Where no column has offences, the labels of numeric columns may be offences; totals are left out."""
    numeric = [name for name in texts if name in names or name == roles.columns.get("value")]
    numeric = [name for name in numeric if _share(texts[name], NUMBER) >= 0.5 and not _is_no_count(name)]
    found = [name for name in numeric if not re.match(r"(total|all|suma|sum)\b", plain(name.replace("_", " ")))]
    if not roles.wide and len(found) >= 2 and not _is_of_inhabitants(list(texts), texts, found):
        roles.wide, roles.wide_is = tuple(found), "offence"
        if (value := roles.columns.pop("value", None)) is not None and value not in found:
            names.append(value)
        names[:] = [name for name in names if name not in found]
        _take_total(roles, names)


def _offence_likeness(texts: Sequence[str]) -> float:
    """Return how much a column's words look like offences: the mean score of their best candidates, in any language."""
    from iccs.suggest import LabelToCode, suggest
    from iccs.suggest.language import guess_language

    words = [word for word in dict.fromkeys(texts) if word and plain(word) not in TOTALS]
    labels = [word for word in words if any(letter.isalpha() for letter in word)][:40]
    if not labels:
        return 0.0
    found = suggest([LabelToCode(label, label) for label in labels], guess_language(labels).language, limit=1)
    return sum(one.candidates[0].score if one.candidates else 0.0 for one in found) / len(labels)


def _share(texts: Sequence[str], pattern: re.Pattern[str]) -> float:
    filled = [text for text in texts if text]
    return sum(pattern.fullmatch(text) is not None for text in filled) / max(len(filled), 1)


def looks_like_events(table: SeenTable, roles: Roles, stated: Collection[str] = ()) -> bool:
    """Whether each row seems to be an event or a person: a date, or a month with a sex or age, and no count.

    A column of numbers that are not called a count, and not ``stated`` to be one, may be a number of the case.
    """
    dated = any(_share(table.column(name), _DATE) >= 0.9 for name in roles.unused)
    personal = roles.month is not None and bool({"sex", "age"} & roles.columns.keys())
    value = roles.columns.get("value")
    has_counts = bool(roles.wide) or (value is not None and (value in stated or _is_called_count(value)))
    return (dated or personal) and not has_counts


def _is_called_count(name: str) -> bool:
    label = name.replace("_", " ")
    return (_COUNT_LABELS.search(label) or heading_words.COUNTS.search(label)) is not None and stage_named(
        label
    ) is None
