"""How a text becomes a period: one definition for tables and incidents, in SQL that DuckDB and Spark share.

A row gives its period as a text in one of several forms, as columns of years and months, or as a constant of the
source. Each becomes the first day of the known period, and a frequency. A form is a text with the parts YYYY, MM, DD
and N (the number of a quarter), YY (two digits of a year; 69 to 99 are in the 20th century, as usual in computing), and
M and D (one or two digits); every other character represents itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pipelines.harmonise.values.numbers import parse_whole
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError
from schemas.source import Source

OUR_FORMS = ("YYYY", "YYYY-QN", "YYYY-MM")
"""How periods are written here, and must be written in a table."""

# No figures by period are older: Sweden has counted its people since 1749.
_OLDEST_PERIOD = "1700-01-01"
_PARTS = re.compile(r"YYYY|YY|MM|M|DD|D|N")
_DIGITS = {
    "YYYY": "[0-9]{4}",
    "YY": "[0-9]{2}",
    "MM": "[0-9]{2}",
    "M": "[0-9]{1,2}",
    "DD": "[0-9]{2}",
    "D": "[0-9]{1,2}",
}
_DIGITS |= {"N": "[1-4]"}
_NAMES = {"YY": "YYYY", "M": "MM", "D": "DD"}  # parts of the same meaning
_PRECISIONS = {
    frozenset({"YYYY", "MM", "DD"}): "day",
    frozenset({"YYYY", "MM"}): "month",
    frozenset({"YYYY", "N"}): "quarter",
    frozenset({"YYYY"}): "year",
}
FREQUENCIES = {"day": "M", "month": "M", "quarter": "Q", "year": "A"}
"""The frequency of a row whose period is known to the day, month ...: no figures are published by day."""

ENDS_OF_MONTHS = (3, 7)
"""How many days at the start and the end of a month are counted separately, as a file may lack them."""

_COARSER = ("day", "month", "year")
# The zone at the end of a time: Z, an offset from UTC, or letters that are not those of a clock of twelve hours.
_ZONE = "[0-9Mm.] ?(Z|z|[A-Z][A-Z][A-Z]+|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})$"
_UTC = ("Z", "z", "UTC", "GMT")


def precision_of(source: Source) -> str:
    """Return the precision of every date of a file of incidents: day, month or year.

    If some dates are less precise than others, nothing more precise is published, so that no incident is lost.
    """
    if "year" in source.columns:
        return "month" if "month" in source.columns else "year"
    if "time_period" in source.constants:
        return "year" if len(source.constants["time_period"]) == 4 else "month"
    precisions = {_precision(form) for form in source.dates}
    if not precisions <= set(_COARSER):
        raise UsageError(
            f"source {source.source_id}: dates: {', '.join(source.dates)}: write formats such as YYYY-MM-DD, "
            "DD/MM/YYYY, D/M/YY, YYYY-MM, YYYY"
        )
    if len({_same_shape(form) for form in source.dates}) < len(source.dates):
        raise UsageError(f"source {source.source_id}: dates: two of {', '.join(source.dates)} cannot be distinguished")
    if source.ages is not None and source.ages.unit == "birth_date":
        two_digits = [form for form in source.dates if "YY" in _PARTS.findall(form)]
        if precisions != {"day"} or two_digits:
            raise UsageError(
                f"source {source.source_id}: dates: {', '.join(source.dates)}: ages from dates of birth need days, and "
                "years with four digits"
            )
    return max((str(precision) for precision in precisions), key=_COARSER.index)


def _precision(form: str) -> str | None:
    return _PRECISIONS.get(frozenset(_NAMES.get(part, part) for part in _PARTS.findall(form)))


def _is_fixed(form: str) -> bool:
    """Whether each part has a fixed length, so that its place in the text is known."""
    return not {"YY", "M", "D"} & set(_PARTS.findall(form))


def _shape(form: str) -> str:
    """The form as a pattern of LIKE."""
    return _PARTS.sub(lambda part: "_" * len(part[0]), form)


def _same_shape(form: str) -> str:
    """Return a key that is the same for forms that a text cannot distinguish."""
    return _PARTS.sub(lambda part: "_" if part[0] in ("M", "D", "MM", "DD") else "_" * len(part[0]), form)


def _pattern(form: str) -> str:
    """Return the form as a regular expression with a group for each part, without backslashes, as Spark differs."""
    literals = [re.sub("[^A-Za-z0-9]", lambda char: f"[{char[0]}]", text) for text in _PARTS.split(form)]
    groups = [f"({_DIGITS[part]})" for part in _PARTS.findall(form)]
    return "".join(text + group for text, group in zip(literals, [*groups, ""], strict=True))


def parse_dates(text: str, forms: tuple[str, ...], time_zone: str | None = None) -> str:
    """Return the SQL for the first day of a date in one of several forms; NULL for any other text.

    A time may follow a day (``2024-03-05 12:30``). One with a zone (``2024-03-05T02:30Z``) may be of another day at the
    place of the incident: without ``time_zone`` it is not a date; with it, the day is that of this zone.

    >>> parse_dates("word", ("YYYY-MM",))
    "CASE WHEN word LIKE '____-__' THEN TRY_CAST(substr(word, 1, 4) || '-' || substr(word, 6, 2) || '-' || '01' AS DATE) END"
    """  # noqa: E501
    cases = []
    # A form with fewer open places first: 2024-00-00 has the shape of YYYY-00-00, and of YYYY-MM-DD.
    for form in sorted(forms, key=lambda form: sum(len(part) for part in _PARTS.findall(form))):
        if _is_fixed(form):
            shape, short = quote_literal(_shape(form)), f"substr({text}, 1, {len(form)})"
            cases.append(f"WHEN {text} LIKE {shape} THEN TRY_CAST({_day_of(text, form)} AS DATE)")
            timed = " OR ".join(f"{text} LIKE {quote_literal(_shape(form) + mark + '%:%')}" for mark in " T")
        else:
            shape = quote_literal(f"^{_pattern(form)}$")
            short = f"regexp_extract({text}, {quote_literal('^' + _pattern(form))}, 0)"
            day = f"TRY_CAST({_day_of(text, form)} AS DATE)"
            cases.append(f"WHEN regexp_extract({text}, {shape}, 0) = nullif({text}, '') THEN {day}")
            timed = f"regexp_extract({text}, {quote_literal(f'^{_pattern(form)}[ T].*:')}, 0) <> ''"
        if _precision(form) == "day":
            cases.append(f"WHEN {timed} THEN {_day_of_time(text, _day_of(short, form), time_zone)}")
    return f"CASE {' '.join(cases)} END"


def _day_of(text: str, form: str) -> str:
    """Return the SQL for the text as YYYY-MM-DD, given that it has the shape of the form."""
    if form == "YYYY-MM-DD":
        return text
    part = {}
    for number, one in enumerate(_PARTS.finditer(form), start=1):
        if _is_fixed(form):
            part[one[0]] = f"substr({text}, {one.start() + 1}, {len(one[0])})"
        else:
            found = f"regexp_extract({text}, {quote_literal('^' + _pattern(form))}, {number})"
            century = f"CASE WHEN {found} < '69' THEN '20' ELSE '19' END"
            whole = f"{century} || {found}" if one[0] == "YY" else f"lpad({found}, 2, '0')"
            part[_NAMES.get(one[0], one[0])] = found if one[0] == "YYYY" else whole
    if "N" in part:
        part["MM"] = f"CAST(3 * TRY_CAST({part['N']} AS INTEGER) - 2 AS STRING)"
    return " || '-' || ".join(part.get(name, "'01'") for name in ("YYYY", "MM", "DD"))


def _day_of_time(text: str, day: str, time_zone: str | None) -> str:
    """Return the SQL for the day of a date with a time: as written, or if it has a zone, that in ``time_zone``."""
    zone, written = f"regexp_extract({text}, '{_ZONE}', 1)", f"TRY_CAST({day} AS DATE)"
    if time_zone is None:
        return f"CASE WHEN {zone} = '' THEN {written} END"
    hours, minutes = (f"regexp_extract({text}, '[ T]([0-9][0-9]?):([0-9][0-9])', {group})" for group in (1, 2))
    instant = f"TRY_CAST({day} || ' ' || lpad({hours}, 2, '0') || ':' || {minutes} || ':00' AS TIMESTAMP)"
    digits = f"replace({zone}, ':', '')"
    ahead = (
        f"TRY_CAST(substr({digits}, 1, 1) || '1' AS INTEGER) * (60 * TRY_CAST(substr({digits}, 2, 2) AS INTEGER) "
        f"+ coalesce(TRY_CAST(nullif(substr({digits}, 4, 2), '') AS INTEGER), 0))"
    )
    utc = ", ".join(quote_literal(name) for name in _UTC)
    moved = f"({instant} - INTERVAL '1' MINUTE * CASE WHEN {zone} IN ({utc}) THEN 0 ELSE {ahead} END)"
    *changes, (_, last) = _offsets(time_zone)
    cases = " ".join(f"WHEN {moved} < TIMESTAMP '{until}' THEN {offset}" for until, offset in changes)
    offset = f"CASE {cases} ELSE {last} END" if cases else str(last)
    there = f"CAST({moved} + INTERVAL '1' MINUTE * {offset} AS DATE)"
    twelve_hours = f"regexp_extract({text}, '[AaPp][.]?[Mm]', 0)"
    return f"CASE WHEN {zone} = '' THEN {written} WHEN {twelve_hours} = '' THEN {there} END"


@cache
def _offsets(time_zone: str) -> tuple[tuple[str, int], ...]:
    """Return how many minutes a zone is ahead of UTC, and until when (UTC), from 1970 on; the last has no end."""
    zone = ZoneInfo(time_zone)

    def ahead(hour: int) -> int:
        moment = datetime.fromtimestamp(hour * 3600, tz=zone)
        return int((moment.utcoffset() or timedelta()).total_seconds() // 60)

    found, known = [], ahead(0)
    for day in range(0, 24 * 365 * 70, 24):
        if ahead(day + 24) == known:
            continue
        hour = next(hour for hour in range(day + 1, day + 25) if ahead(hour) != known)
        found.append((datetime.fromtimestamp(hour * 3600, tz=UTC).strftime("%Y-%m-%d %H:%M:%S"), known))
        known = ahead(hour)
    return (*found, ("", known))


def parse_period(text: str, forms: tuple[str, ...]) -> tuple[str, str]:
    """Return the SQL for the first day and the frequency of the period that a text names; NULL if it names none.

    If two forms have the same shape, the first counts.
    """
    day = parse_dates(text, forms)
    known = f"{day} >= DATE '{_OLDEST_PERIOD}'"
    cases = (
        f"WHEN {text} LIKE {quote_literal(_shape(form))} THEN {quote_literal(FREQUENCIES[_precision(form) or 'year'])}"
        for form in forms
    )
    return f"CASE WHEN {known} THEN {day} END", f"CASE WHEN {known} THEN CASE {' '.join(cases)} END END"


@dataclass(frozen=True)
class RowPeriod:
    """How the rows of a source give their periods.

    A cell has a period with its own frequency, in one of our forms. An incident has a day, month or year, with the same
    precision in all rows. Neither begins later than the day on which its file came; populations may, as there are
    projections.
    """

    source: Source

    @property
    def is_of_cells(self) -> bool:
        """Whether the rows are cells of a table."""
        return self.source.kind != "incident"

    @property
    def may_come(self) -> bool:
        """Whether a period may be in the future."""
        return self.source.kind == "population"

    @property
    def has_days(self) -> bool:
        """Whether the rows are incidents whose day is known."""
        in_column = not self.is_of_cells and "time_period" in self.source.columns
        return in_column and precision_of(self.source) == "day"

    def days_by_form(self) -> dict[str, str]:
        """Return conditions on rows with a day, by form: dates in this form, on the first, up to the twelfth."""
        forms = self.source.dates
        found: dict[str, str] = {}
        for number, form in enumerate(forms):
            name, written = f"form_{number}", "TRUE"
            if len(forms) > 1:
                text = "trim(r._period_text)"
                shape = f"{text} LIKE {quote_literal(_shape(form) + '%')}"
                pattern = quote_literal(f"^{_pattern(form)}")
                written = shape if _is_fixed(form) else f"regexp_extract({text}, {pattern}, 0) <> ''"
                found[name] = written
            found |= {
                f"{name}_first": f"{written} AND day(r._day) = 1",
                f"{name}_early": f"{written} AND day(r._day) <= 12",
            }
        return found

    @property
    def forms(self) -> tuple[str, ...]:
        """The allowed forms of a text."""
        if not self.is_of_cells:
            return self.source.dates
        return OUR_FORMS if self.source.year_starts is None else ("YYYY",)

    def own(self) -> dict[str, str]:
        """Return the columns computed from a tidy row: its first day, the day it came, and the frequency of a cell."""
        role = "year" if "year" in self.source.columns else "time_period"
        if not self.is_of_cells:
            return {"_day": self._day_of_incident(), "_received": "tidy._received", "_period_text": self._text(role)}
        text = f"trim(coalesce({self._text('time_period')}, ''))"
        written = text
        text = text if self.source.year_starts is None else first_year(text)
        first_day, freq = parse_period(text, self.forms)
        own = {"_day": first_day, "_freq": freq, "_received": "tidy._received", "_period_text": text}
        return own if self.source.year_starts is None else {**own, "_written": written}

    def _text(self, name: str) -> str:
        if name in self.source.constants:
            return quote_literal(self.source.constants[name])
        return f"CAST(tidy.{quote_identifier(self.source.columns[name])} AS STRING)"

    def _day_of_incident(self) -> str:
        source = self.source
        if "time_period" in source.constants:
            return f"CAST({quote_literal((source.constants['time_period'] + '-01-01')[:10])} AS DATE)"
        if "year" not in source.columns:
            return parse_dates(self._text("time_period"), self.forms, source.time_zone)
        parts = [parse_whole(self._text("year"), 9999), "1"]
        if precision_of(source) == "month":
            parts[1] = parse_whole(self._text("month"), 12)
        text = " || '-' || ".join(f"lpad(CAST({part} AS STRING), {2 if n else 4}, '0')" for n, part in enumerate(parts))
        return f"TRY_CAST({text} || '-01' AS DATE)"


def period_bounds(period: RowPeriod) -> tuple[str, str]:
    """Return the SQL for the first and last day of a row's known period, throughout which a link must hold."""
    last = {
        "day": "r._day",
        "month": "last_day(r._day)",
        "quarter": "last_day(r._day + INTERVAL 2 MONTH)",
        "year": "last_day(r._day + INTERVAL 11 MONTH)",
    }
    if not period.is_of_cells:
        return "r._day", last[precision_of(period.source)]
    by_freq = f"WHEN 'A' THEN {last['year']} WHEN 'Q' THEN {last['quarter']} ELSE {last['month']}"
    return "r._day", f"CASE r._freq {by_freq} END"


_YEAR = "((?:19|20)[0-9][0-9])"
_NO_YEAR = "(?:[03-9][0-9]|1[0-8]|2[1-9])[0-9][0-9]"
_END = "(?:$|[^0-9])"
# Where the year is in a text that is not a period: first, after day and month (numbers or words), or in eight digits
# of which the other four are not a year. A time may follow: 29/02/2023 1930.
_YEAR_IN_TEXT = (
    f"^{_YEAR}{_END}",
    f"^(?:(?:[0-9]{{1,2}}|[^0-9./ -]+)[./ -]+){{1,2}}{_YEAR}{_END}",
    f"^{_YEAR}{_NO_YEAR}{_END}",
    f"^{_NO_YEAR}{_YEAR}{_END}",
)
_MONTH_AFTER_YEAR = "^(?:19|20)[0-9][0-9][-/.](0[1-9]|1[0-2])[-/.]"
_MONTH_SECOND = "^[0-9]{1,2}[-/.](0[1-9]|1[0-2])[-/.](?:19|20)[0-9][0-9](?:$|[^0-9])"
_TWO_YEARS = f"^[0-9]{{4}}[^0-9]+{_YEAR}{_END}"


def period_number(period: RowPeriod) -> str:
    """Return the SQL for a row's period as one number; NULL for none, -1 for a day after the file came.

    A year is 202400, its months are 202401 to 202412, its quarters 202421 to 202424. A text that is not a period but
    contains its year (2024-13-01, 29/02/2023) is -202400: the row is rejected, and its year is known to have lost one.
    Where its month is as plain (2024-05-91; 29/02/2023 if all declared dates begin with the day), it is -202405.
    A text that may contain two years (2016-2020, 2012-13, 20132024) has none.
    """
    text = "trim(r._period_text)"
    years = (f"nullif(regexp_extract({text}, '{pattern}', 1), '')" for pattern in _YEAR_IN_TEXT)
    two = f"regexp_extract({text}, '{_TWO_YEARS}', 0) <> '' OR {first_year(text)} <> {text}"
    year = f"CASE WHEN NOT coalesce({two}, FALSE) THEN TRY_CAST(coalesce({', '.join(years)}) AS INTEGER) END"
    pattern = _MONTH_SECOND if _begins_with_days(period) else _MONTH_AFTER_YEAR
    month = f"coalesce(TRY_CAST(nullif(regexp_extract({text}, '{pattern}', 1), '') AS INTEGER), 0)"
    return f"coalesce({_valid_period_number(period)}, CAST(-100 * {year} - {month} AS INTEGER))"


def _begins_with_days(period: RowPeriod) -> bool:
    return period.has_days and all(re.match(r"DD?[^A-Z]+MM?[^A-Z]+Y", form) for form in period.forms)


def _valid_period_number(period: RowPeriod) -> str:
    year, month = "extract(year FROM r._day) * 100", "extract(month FROM r._day)"
    if period.is_of_cells:
        part = f"CASE r._freq WHEN 'M' THEN {month} WHEN 'Q' THEN 20 + extract(quarter FROM r._day) ELSE 0 END"
        number = f"{year} + {part}"
    else:
        number = year if precision_of(period.source) == "year" else f"{year} + {month}"
    to_come = "" if period.may_come else "WHEN r._day > CAST(r._received AS DATE) THEN -1 "
    return f"CAST(CASE {to_come}WHEN r._day >= DATE '{_OLDEST_PERIOD}' THEN {number} END AS INTEGER)"


def period_text(number: str) -> str:
    """Return the SQL for the period with this number: 2024, 2024-Q1 or 2024-03."""
    year, part = f"substr(CAST({number} AS STRING), 1, 4)", f"{number} % 100"
    return (
        f"CASE WHEN {part} = 0 THEN {year} WHEN {part} > 20 THEN {year} || '-Q' || CAST({part} - 20 AS STRING) "
        f"ELSE {year} || '-' || substr(CAST({number} AS STRING), 5, 2) END"
    )


def period_freq(number: str) -> str:
    """Return the SQL for the frequency of the period with this number."""
    return f"CASE WHEN {number} % 100 = 0 THEN 'A' WHEN {number} % 100 > 20 THEN 'Q' ELSE 'M' END"


def first_year(text: str) -> str:
    """Return the SQL for the first year of a span of two (2009-10, 2009/10, 2009-2010); other texts are unchanged.

    >>> "substr(word, 1, 4)" in first_year("word")
    True
    """
    span = f"regexp_extract({text}, '^[0-9]{{4}} ?[-/_\u2013] ?([0-9]{{4}}|[0-9]{{2}})$', 1)"
    first = f"TRY_CAST(substr({text}, 1, 4) AS INTEGER)"
    following = f"right(CAST({first} + 1 AS STRING), length({span})) = {span}"
    return f"CASE WHEN {span} <> '' AND {following} THEN substr({text}, 1, 4) ELSE {text} END"


_NOT_MONTHS = {
    "weeks": re.compile(r"\b(?:weeks?|wk|semanas?|semaines?|wochen?|kw)\b", re.IGNORECASE),
    "quarters": re.compile(r"\b(?:quarters?|qtr|trimest(?:re|er)s?|quartale?)\b", re.IGNORECASE),
    "half-years": re.compile(r"\b(?:half|halves|half[ -]?years?|semest(?:re|er)s?|halbjahre?)\b", re.IGNORECASE),
}
_MONTHS = re.compile(r"\b(?:months?|mes(?:es)?|mois|monate?|m[eê]s)\b", re.IGNORECASE)
_NAME_OF_MONTH = (
    r"(?i:jan|ene|f[eé][bv]|mar|m[aä]r|a[bpv]r|ma[iyj]|ju[iln]|aug|ago|ao[uû]|se[pt]|o[ckut]|no[v]|d[ei][cz]|d[eé]c)"
    r"[^\W\d]{0,8}\.?"
)
_OTHER_PERIODS = {
    "a year with a decimal point, as programs write numbers (in reshape.sql: split_part(year, '.', 1))": r"\d{4}[.,]0*",
    "a year of the Hijri calendar, which is no calendar year (give the calendar year in reshape.sql)": (
        r"\D{0,8}(1[34]|[١۱][٣٤۳۴])\d\d\s*هـ?\W*"
    ),
    "a year in digits other than 0 to 9 (convert it in reshape.sql: translate(year, '٠١٢٣٤٥٦٧٨٩', '0123456789'))": (
        r"(?!.*[0-9])\D{0,8}\d{4}\D{0,8}"
    ),
    "a year of a Japanese era (in reshape.sql: plus 2018 for 令和, 1988 for 平成, 1925 for 昭和; 元年 is 1)": (
        r"(令和|平成|昭和|[RHS])\s?(元|\d{1,2})\s?年?度?"
    ),
    "a year of the Republic of China (in reshape.sql: its number plus 1911)": (
        r"(中華)?民[國国]\s?\d{2,3}\s?年?度?|1[0-3]\d\s?年?度?"
    ),
    "a year of the Buddhist era (in reshape.sql: its number minus 543)": r"\D{0,6}25\d\d",
    "a decade": r"\d{3}0['’]?[sS]|\d{4}er",
    "a year followed by a mark or note (in reshape.sql: left(year, 4), and the mark in a column of its own)": (
        r"\d{4}(\s*[^\d\s\-/.:_\u2013\u2014]{1,3}|\s*[(\[][^)\]]*[)\]]|[\u00b9\u00b2\u00b3]|\s+[^\W\d]{4,})"
    ),
    "a financial or fiscal year (declare year_starts in source.yml)": r"(?i:fy)[- ']?(\d{4}|\d{2})",
    "the name of a month (in reshape.sql, use a CASE to get its number)": (
        rf"{_NAME_OF_MONTH}([-/ ]+(de )?(\d{{4}}|\d{{2}}))?|(\d{{4}}|\d{{2}})[-/ ]+{_NAME_OF_MONTH}"
    ),
    "a season, which is no period here": r"(?i:winter|spring|summer|autumn|fall|invierno|primavera|verano|otoño|hiver"
    r"|printemps|été|automne|frühling|sommer|herbst)[-/ ]+\d{4}([-/]\d{2,4})?",
    "a year of another calendar (convert it in reshape.sql)": r"1[34]\d\d",
    "a quarter in words (write 2023-Q1 in reshape.sql)": (
        r"(?i:(1st|2nd|3rd|[1-4](º|°|er|e|\.)?|first|second|third|fourth|i{1,3}|iv|primer|segundo|tercer|cuarto)"
        r"\s*(quarter|trimestre|quartal))\W+(de )?\d{4}|\d{4}[-/ ]?[1-4][QqTt]"
    ),
    "a number of days, as spreadsheets store dates": r"[34]\d{4}(\.0*)?",
    "half a year": r"\d{4}[- ]?[HhSsBb][12]|[HhSsBb][12][-/ ]\d{4}",
    "a week": r"\d{4}[- ]?[WwSs]\d{1,2}|[WwSs]\d{1,2}[-/ ]\d{4}",
    "a month or quarter in another format": r"\d{4}[-/.]\d{1,2}|\d{4}[Mm]\d{1,2}|\d{1,2}[-/.]\d{4}|\d{4} ?[QqTt][1-4]|"
    r"[QqTt][1-4][-/ ]\d{4}|\d{4}(0[1-9]|1[0-2])",
    "a day": r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})\b.*|\d{8}",
}
_DAY_OF_A_YEAR = r"\d{4}-(01-01|12-31)([T ]00:00(:00(\.0+)?)?)?"
_SPAN = re.compile(r"(\d{4})\s*[-/_\u2013\u2014]\s*(\d{4}|\d{2})")


def periods_named(column: str) -> str | None:
    """Return the periods shorter or longer than a month that a column is named after; None if there are none.

    >>> periods_named("week_no"), periods_named("Trimestre"), periods_named("month of quarter"), periods_named("year")
    ('weeks', 'quarters', None, None)
    """
    name = column.replace("_", " ")
    named = next((periods for periods, words in _NOT_MONTHS.items() if words.search(name)), None)
    return None if _MONTHS.search(name) else named


def years_in_span(text: str) -> int | None:
    """Return how many years a text such as 2009-10, 2009/2010 or 2006-2008 spans; None for any other text.

    >>> years_in_span("2009-10"), years_in_span("1999/00"), years_in_span("2006_2008"), years_in_span("2009-07")
    (2, 2, 3, None)
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    years = (last - first if len(found[2]) == 4 else (last - first) % 100) + 1
    return years if 2 <= years <= 10 else None


def describe_period(text: str, source: Source) -> str:
    """Return, for messages, what an invalid period resembles, and the forms allowed in the source."""
    looks = next((name for name, form in _OTHER_PERIODS.items() if re.fullmatch(form, text.strip())), None)
    years = years_in_span(text)
    if source.kind == "incident" and "time_period" in source.columns:
        forms = f"Its dates are {', '.join(source.dates)} (dates in source.yml; list every format that occurs)."
        if looks is not None and "spreadsheets" in looks:
            return f"It looks like {looks}. {forms}"
        if re.search(_ZONE, text) and ":" in text:
            return (
                "The time has a zone, so its day may differ from the local day of the event; declare the local time "
                f"zone (time_zone in source.yml). {forms}"
            )
        return forms
    first_or_last = re.fullmatch(_DAY_OF_A_YEAR, text.strip()) is not None
    if source.kind == "incident":
        year, month = source.columns.get("year"), source.columns.get("month")
        as_year = f" It looks like a year stored as a day: {_reshape(year)}" if first_or_last and year else ""
        of_month = f", and of the month (column {month!r}) 1 to 12" if month else ""
        return f"The values of the year (column {year!r}) are numbers such as 2024{of_month}.{as_year}"
    if source.year_starts is not None:
        return (
            "Its years are written 2009-10, 2009/10, 2009-2010, or 2009 for the year that begins in 2009 "
            "(year_starts in source.yml)."
        )
    if looks is not None and periods_named(source.columns.get("time_period", "")) == "weeks":
        looks = "a week, of which neither months nor quarters can be made"
    if years == 2:
        looks = (
            "a year that does not begin in January (a financial, fiscal or school year: declare year_starts in "
            "source.yml)"
        )
    elif years is not None:
        looks = f"a span of {years} years"
    if first_or_last and (column := source.columns.get("time_period")):
        return (
            "It looks like a year stored as a day, as spreadsheets do. If all periods of this column are years, "
            f"{_reshape(column)} If they are months, write 7 for 4."
        )
    guess = f"It looks like {looks}. " if looks is not None else ""
    return f"{guess}In a table, write 2024, 2024-Q1 or 2024-03."


def _reshape(column: str) -> str:
    """What to write in reshape.sql to have the year of a day."""
    name = quote_identifier(column)
    return f"write in reshape.sql: SELECT * REPLACE (left({name}, 4) AS {name}) FROM raw."
