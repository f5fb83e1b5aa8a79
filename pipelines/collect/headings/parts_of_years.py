"""Words for a part of a year: January to September 2024, first half, Q3, in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.collect.headings.month_names import MONTH_NAMES, number_of_month

_MONTH = rf"({'|'.join(map(re.escape, MONTH_NAMES))})(?!\w)\.?"
_YEAR = r"(?:,?\s*(?:de\s+|del\s+)?(?:19|20)\d\d)?"
_TO = (
    r"-|–|—|־|/|~|～|\b(?:to|through|until|a|al|à|au|bis|ate|até|do|până în|till|til|tot|t/m|kuni|iki|līdz"
    r"|hingga|sampai|s/d|đến|по|до|έως|ως|μέχρι|إلى|الى|حتى|לעד|עד)\b|ถึง"
)
_RANGE = re.compile(rf"(?<![^\Wבלמו]){_MONTH}{_YEAR}\s*(?:{_TO})\s*{_MONTH}", re.IGNORECASE)
_NUMBERED_RANGE = re.compile(
    r"(?<!\d)(?P<first>\d{1,2})\s?[月월]?[分中]?\s*(?:-|–|—|~|～|〜|至|到|から|부터)\s*"
    r"(?:翌年?|[令平][和成]?\s?)?(?:\d{1,4}\s?[年년]\s?)?(?P<last>\d{1,2})\s?[月월]"
    r"|\btháng\s(?P<first_vi>\d{1,2})(?:/\d{4})?\s*(?:-|–|đến)\s*(?:hết\s)?(?:tháng\s)?(?P<last_vi>\d{1,2})(?!\d)",
    re.IGNORECASE,
)
"""A range of months in Chinese, Japanese, Korean and Vietnamese, which number them."""
_UNTIL = re.compile(
    rf"(?:\b(?:hasta|until|up to|jusqu['’]\S*|bis|até|sampai|hingga|s/d|μέχρι|έως|حتى|لغاية|עד|fino a)\s+(?:\w+\s+)?"
    rf"|ถึง(?:เดือน)?\s*){_MONTH}",
    re.IGNORECASE,
)
_UNTIL_NUMBERED = re.compile(
    r"截[至止]\s?(?:\d{4}\s?年)?\s?(\d{1,2})\s?月|(?<!\d)(\d{1,2})\s?月末?まで|(?<!\d)(\d{1,2})\s?월(?:\s?말)?\s?까지"
)
_PART = re.compile(
    r"\b(?:first|second|1st|2nd|primer|segundo|premier|1er|2e|deuxième|primeiro|[12]\.|[12]º|ii?)\s*"
    r"(?:half\b|semestre\b|semester\b|halbjahr\b)|\bh[12]\b"
    r"|\b(?:q[1-4]|[1-4]q|t[1-4])\b|\b\w+\s+(?:quarter|trimestre|quartal)\b"
    r"|\b(?:three|six|nine|[369])\s+(?:months|meses|mois|monate)\b",
    re.IGNORECASE,
)
_PART_ELSEWHERE = re.compile(
    # Chinese, Japanese, Korean
    r"[上下]半[年期]|[상하]반기|前[一二三1-3]季度|第[一二三四1-4]四半期|第?[一二三四1-4]季度|(?<!\d)[1-4]\s?분기"
    r"|(?<!\d)[369三六九]\s?[かヶカケ箇個个]月(?![以未平内前後当])|(?<!\d)[369]\s?개월(?!\s?[이미])"
    # Cyrillic
    r"|\b(?:перв\w+|втор\w+|перш\w+|друг\w+|I{1,2}|[12](?:-?[её]е?)?)\s+(?:полугоди\w+|півріччя)|жартыжылды\w*"
    r"|\b(?:I{1,3}|IV|[1-4](?:-?й)?|перв\w+|втор\w+|трет\w+|перш\w+|друг\w+)\s+(?:квартал\w*|тоқсан\w*)"
    r"|\b[369]\s+(?:месяцев|месяца|місяців|місяці|ай(?!\w))|\bза\s+(?:[2-9]|1[01])\s+(?:месяц|місяц)\w+"
    # Turkish, Indonesian, Malay, Vietnamese
    r"|\b(?:[1-4]\.?|ilk|birinci|ikinci|üçüncü|dördüncü)\s+(?:çeyrek|yarıyıl)\w*|\bilk (?:üç|altı|dokuz|[369]) ay\w*"
    r"|\b(?:semester|triwulan|kuartal|suku tahun)\s+(?:i{1,3}|iv|[1-4]|pertama|kedua)\b|\b[369] bulan\b"
    r"|\bquý\s+(?:i{1,3}|iv|[1-4])\b|\b[369] tháng\b|\b(?:[2-9]|1[01]) tháng đầu năm"
    # Hebrew, Arabic, Thai, Greek
    r"|רבעון (?:ה?ראשון|שני|שלישי|רביעי|[1-4])|מחצית ה?(?:ראשונה|שנייה)|(?<!\d)[369] חודשים"
    r"|النصف (?:ال[أا]ول|الثاني)|الربع (?:ال[أا]ول|الثاني|الثالث|الرابع)|(?:ثلاثة|ستة|تسعة|(?<!\d)[369]) [أا]شهر"
    r"|ไตรมาส|ครึ่งปี(?:แรก|หลัง)|(?<!\d)[369] เดือน|\b(?:ενν[ιε]άμηνο|εξάμηνο|τρίμηνο)\b"
    # Polish, Czech, Hungarian, Italian, Dutch, Nordic languages
    r"|\b(?:I{1,2}|[12]\.?|pierwsz\w+|drugi\w*)\s+(?:półrocz\w+|pololetí|félév\w*|halvår\w*|semestre)\b"
    r"|\b(?:I{1,3}|IV|[1-4]\.?)\s+(?:kwartał\w*|negyedév\w*|trimestr\w+|čtvrtletí|kvartal\w*)"
    r"|\b(?:primo|secondo) semestre|\b(?:eerste|tweede) (?:half ?jaar|kwartaal)"
    r"|\b(?:första|andra) (?:halvår|kvartal)et",
    re.IGNORECASE,
)
_OF_A_TABLE = re.compile(r"t[1-4]", re.IGNORECASE)
"""What may be the number of a table as well (Table T1, the sheet T2)."""
_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SO_FAR = re.compile(
    r"\byear[- ]to[- ]date\b|\bytd\b|\bthis year so far\b|\ben lo que va (?:del? )?(?:presente )?año\b"
    r"|\b(?:en )?lo corrido del (?:presente )?año\b|\bacumulad[oa]s? (?:en |del? |n?o |do )*(?:año|ano)\b"
    r"|\bdepuis (?:le début de l['’]année|le 1er janvier)\b|\bseit jahresbeginn\b|\blaufende[ns]? jahre?s?\b"
    r"|\bс начала года|\bз початку року|年初来|今年以来|올해 들어|yıl başından beri|\bod początku roku|מתחילת השנה"
    r"|منذ بداية (?:العام|السنة)|\btừ đầu năm|\bsejak awal tahun|\bdall['’]inizio dell['’]anno",
    re.IGNORECASE,
)
_ROLLING = re.compile(
    r"\b(?:rolling|moving|running|trailing)[- ](?:12|twelve|annual|years?|totals?|sums?)\b(?:[- ]months?)?"
    r"|\b(?:12|twelve)[- ]months?[- ](?:ending|ended|to|up to|rolling|moving|totals?|sums?)\b"
    r"|\byears?[- ](?:ending|ended)\b|\b(?:años?|anos?) m[oó]ve(?:l|is)\b|\baños? m[oó]vil(?:es)?\b"
    r"|\b(?:acumulad[oa]s?|sumas?|totale?s?)[^.;]{0,12} (?:(?:12|doce|doze) [uú]ltimos meses|[uú]ltimos (?:12"
    r"|doce|doze)"
    r" meses)\b|\bannées? glissantes?\b|\b(?:12|douze) (?:derniers mois|mois glissants)\b|\bgleitende\w* (?:12"
    r"|jahr)\w*",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"(?P<month>{_MONTH})|m?(?P<number>0?[1-9]|1[0-2])|(?P<part>(?:[qth]|s|tr?im\.?|sem\.?)\s*[1-4]|[1-4]\s*[qt]|[1-4]º?\s*(?:trimestre|semestre))",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d-(0[1-9]|1[0-2])-[0-3]\d(?:[ T][\d:.]+)?"
    r"|[0-3]?\d[./-](0?[1-9]|1[0-2])[./-](?:19|20)\d\d(?: [\d:.]+)?"
)
"""A day, written with the year or with the day first."""
PARTS_OF_A_YEAR = {"month": 12, "q": 4, "t": 4, "trim": 4, "trim.": 4, "h": 2, "s": 2, "sem": 2, "sem.": 2}
"""How many parts of each kind, as :func:`part_of_year_in` names them without their number, a year has."""
_NAMES_OF_PARTS = {
    "month ": re.compile(r"\b(?:months?|mes|mois|monat|m[eê]s)\b", re.IGNORECASE),
    "q": re.compile(r"\b(?:quarters?|qtr|trimestre|quartal)\b", re.IGNORECASE),
    "h": re.compile(r"\b(?:half(?:[ -]?year)?|semestre|semester|halbjahr)\b", re.IGNORECASE),
}
"""What a column of numbers of months, quarters or half-years is called."""


@dataclass(frozen=True)
class YearLackingParts:
    """A year of which a column has only some parts, although its figures are published as those of the whole year."""

    column: str
    year: str
    parts: str

    @property
    def text(self) -> str:
        """What was found, for people."""
        return (
            f"{self.column!r}: only {self.parts} of {self.year}, but the figures of {self.year} are for the full year"
        )


def part_of_year_in(text: str, column: str, dates: bool = False) -> str | None:
    """Return the part of a year that a cell names, without its year; None if it names none, or a whole year.

    A bare number is a month only in a column that says so.

    Args:
        text: of the cell.
        column: the label of its column.
        dates: whether a day names its month.

    >>> part_of_year_in("2023-H1", "year"), part_of_year_in("Q3 2023", "x"), part_of_year_in("Aug", "x")
    ('h1', 'q3', 'month 8')
    >>> part_of_year_in("8", "month"), part_of_year_in("8", "district"), part_of_year_in("2023", "year")
    ('month 8', None, None)
    >>> [part_of_year_in(day, "x", dates=True) for day in ("2023-08-31 00:00:00", "31.8.2023", "1/30/2023")]
    ['month 8', 'month 8', None]
    >>> part_of_year_in("2023.1", "yearq"), part_of_year_in("2023-01", "x"), part_of_year_in("2", "quarter")
    (None, 'month 1', 'q2')
    """
    if dates and (date := _DATE.fullmatch(text.strip())):
        return f"month {int(date[1] or date[2])}"
    rest = re.sub(r"(?<!\d)(?:19|20)\d\d(?!\d)", " ", text)
    has_year, bare = rest != text, rest.strip(" -_/.,:")
    found = _ALONE.fullmatch(bare)
    if found is None:
        match = _PART.fullmatch(bare)
        return " ".join(match[0].lower().split()) if match else None
    if found["number"]:
        return _numbered_part(bare, int(found["number"]), column.replace("_", " "), has_year)
    if found["month"]:
        return f"month {number_of_month(found['month'].rstrip('.'))}"
    return re.sub(r"\s+", "", found["part"]).lower()


def _numbered_part(text: str, number: int, column: str, has_year: bool) -> str | None:
    """The part of a year that a number means: in a column that says which, or two digits after a year (2023-01)."""
    for kind, names in _NAMES_OF_PARTS.items():
        if names.search(column):
            return f"{kind}{number}"
    return f"month {number}" if has_year and (len(text) == 2 or text[0] in "mM") else None


def words_for_months_of_two_years(text: str) -> str | None:
    """Return the words of a text for twelve months that do not begin in January; None if there are none.

    >>> words_for_months_of_two_years("Delitos, julio a junio"), words_for_months_of_two_years("Enero a diciembre")
    ('julio a junio', None)
    """
    return next((words for words, first, last in _ranges(text) if first > 1 and last == first - 1), None)


def _ranges(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words for each range of months in a text, and its first and last month."""
    for found in _RANGE.finditer(text):
        yield found[0].rstrip("."), number_of_month(found[1]), number_of_month(found[2])
    for found in _NUMBERED_RANGE.finditer(text):
        first, last = int(found["first"] or found["first_vi"]), int(found["last"] or found["last_vi"])
        if 1 <= first <= 12 and 1 <= last <= 12:
            yield found[0], first, last


def words_for_rolling_year(text: str) -> str | None:
    """Return the words of a text for the twelve months up to each month or quarter; None if there are none.

    >>> words_for_rolling_year("Offences, 12 months ending"), words_for_rolling_year("Delitos, año móvil")
    ('12 months ending', 'año móvil')
    >>> words_for_rolling_year("Offences by month, 12 months")
    """
    match = _ROLLING.search(text.replace("_", " "))
    return match[0] if match else None


def words_for_part_of_year(text: str, is_count: bool = False) -> str | None:
    """Return the words of a text for a part of a year (not for twelve months); None if there are none.

    T1 is a quarter beside a year, and the number of a table alone.

    Args:
        text: of a caption.
        is_count: whether it is the label of a column of counts, which T1 alone makes those of a quarter.

    >>> words_for_part_of_year("Homicidios, enero a septiembre de 2024"), words_for_part_of_year("2024 (Jan-Sep)")
    ('enero a septiembre', 'Jan-Sep')
    >>> words_for_part_of_year("Delitos en lo que va del año"), words_for_part_of_year("cases_ytd")
    ('en lo que va del año', 'ytd')
    >>> words_for_part_of_year("Year ending March 2024"), words_for_part_of_year("April 2019 to March 2020")
    (None, None)
    >>> words_for_part_of_year("令和5年1～9月"), words_for_part_of_year("за январь - сентябрь 2023 года")
    ('1～9月', 'январь - сентябрь')
    >>> words_for_part_of_year("T1"), words_for_part_of_year("T1 2023"), words_for_part_of_year("T1", is_count=True)
    (None, 'T1', 'T1')
    """
    text = text.replace("_", " ")
    if named := next((words for words, first, last in _ranges(text) if (last - first + 1) % 12), None):
        return named
    if so_far := _SO_FAR.search(text):
        return so_far[0]
    for found in _UNTIL.finditer(text):
        if number_of_month(found[1]) != 12:
            return found[0].rstrip(".")
    for found in _UNTIL_NUMBERED.finditer(text):
        if int(next(filter(None, found.groups()))) < 12:
            return found[0]
    for part in _PART.finditer(text):
        if is_count or not _OF_A_TABLE.fullmatch(part[0]) or _HAS_YEAR.search(text):
            return part[0]
    elsewhere = _PART_ELSEWHERE.search(text)
    return elsewhere[0] if elsewhere else None
