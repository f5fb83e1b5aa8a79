"""The captions of a table: the lines above it, the labels of its columns, its foot, the name of its sheet.

Rule: captions and declaration must not contradict each other. Figures captioned as in thousands are not taken as units,
a table captioned with a year has figures of that year, and one captioned with nine months is not a whole year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipelines.collect.acquire import RawFile
from pipelines.collect.header import Header, Needed
from pipelines.collect.headings.cut_off import words_for_cut_off
from pipelines.collect.headings.parts_of_years import YearLackingParts, words_for_part_of_year
from pipelines.system.errors import Problem
from pipelines.system.outcomes import ANNUAL, Outcome
from schemas.source import Source, SourceFolder

_A_NUMBER = re.compile(r"[-+]?\d[\d.,\s'’]*")
_MOST_ROWS = 20
_LONGEST = 500
_SHOWN = 120

_SCALES = (
    r"""['’´`]000s?\b|\b000s\b|\(\s*000s?\s*\)"""
    # English, French, German, Spanish, Portuguese: in thousands, figures in millions, thousands of offences
    r"""|\b(in|en|em)\s+(the\s+)?(hundreds|thousands?|millions?|milliers|cent(ain)?e?s|miles|millones"""
    r"""|milhares|mil|milh[oõ]es|tausend(en)?|tsd\.?|mio\.?|millionen|1[.,\s]?000s?(er[n]?)?)(?![\w,.]*\d)\b"""
    r"""(?!\s+(?!(of|de|and|y|et|und|unless|except|rounded)\b)\w)"""
    r"""|\(\s*(thousands?|millions?|milliers|miles|millones|milhares|tausend|tsd\.?|mio\.?)\s*\)"""
    r"""|\b(thousands|milliers|miles|milhares)\s+(of|de|d['’])\s*(offen[cs]es|crimes|incidents|persons|people|victims"""
    r"""|households|infractions|personnes|victimes|m[eé]nages|delitos|personas|v[ií]ctimas|hogares|crimes|pessoas)"""
    r"""|\b[x×*]\s?1[.,\s]?000\b|\b1[.,\s]?000-tal\b|(?<![\d.,])000\s+(persons|people)\b|\bthsd\b"""
    # at the end of a title; and in other languages, but not of rates: per 100 thousand
    r"""|[,;:–-]\s*(thousands|millions|milliers|miles|milhares|tausend)\s*$|\bthousands\s*$"""
    r"""|(\b(in|w|v|ve|в|i)\s+|\(\s*)(lakhs?|lacs?|crores?|migliaia|duizend(tallen)?|tusen(tal)?|tusinder|tysi[aą]cach"""
    r"""|tisíc(ích|ech)?|тысячах|миллионах)\b"""
    r"""|(?<!\d)(?<!\d\s)\b(тыс|млн|tys|тис)\.|\b(в|у)\s+тис(ячах|\.)|\bмың\s+(адам|жағдай)|\(\s*мың\s*\)"""
    r"""|单位\s*[::]?\s*[百千万亿]|單位\s*[::]?\s*[百千萬億]|単位\s*[::]?\s*[百千万]|단위\s*[::]?\s*[백천만]"""
    r"""|(?<![\d十百每])[百千万萬]\s?[人件起宗](?!口|当|当|あ|に)|(?<![\d십백])[천만]\s?[명건](?!당)"""
    r"""|באלפים|\(\s*אלפים\s*\)|ب[اآ]ل[اآ]لاف|ب[اآ]ل[أا]لف|หน่วย\s*:?\s*(พัน|หมื่น|แสน|ล้าน)"""
    r"""|\(\s*(พัน|หมื่น|แสน)(คดี|ราย|คน)?\s*\)"""
    r"""|\bσε\s+χιλιάδες|\(\s*χιλιάδες\s*\)|\bbin\s+(kişi|adet)|\(\s*bin\s*\)|\b(dalam\s+)?ribuan\b"""
    r"""|\bdalam ribu\b|\(\s*ribu\s*\)"""
    r"""|\b(nghìn|ngàn)\s+(vụ|người)|\(\s*(nghìn|ngàn)\s*\)|đơn vị( tính)?\s*:?\s*(nghìn|ngàn)"""
)
_SCALE = re.compile(_SCALES, re.IGNORECASE)
_UNIT = re.compile(
    r"""\W*(?:(?:in|en|em)\s+)?(?:hundreds?|thousands?|millions?|ths\b|tsd\b|milliers?|miles\b|mil\b|millones|milhares"""
    r"""|milh[oõ]es|tausend|mio\b|1[\s.,]?000\b|0?00s?\b|lakhs?|lacs?\b|crores?|migliaia|duizend|tusen|tys\b|тыс|тис\b|млн|мың|[百千万萬천만](?=\s?[人件起名宗案명건)）]|\s*$)|พัน|หมื่น|แสน|nghìn|ngàn|ribu|bin\b|χιλιάδες|אלפים|بالآلاف|بالألف)""",
    re.IGNORECASE,
)
"""What a cell of a column of units begins with."""
_FACTORS = (
    (r"hundreds?|cent(ain)?e?s\b|(?<!0)00s?\b", 100),
    (r"millions?|millones|milh[oõ]es|mio\b|млн|миллион|ล้าน", 1_000_000),
    (r"[亿億]", 100_000_000),
    (r"[万萬만]|หมื่น", 10_000),
    (r"แสน", 100_000),
    (r"[百백]", 100),
    (r"lakhs?|lacs?\b", 100_000),
    (r"crores?", 10_000_000),
    (
        r"thousand|milliers?|miles\b|mil\b|milhares|tausend|tsd|ths|000|migliaia|duizend|tus(en|ind)|tys|тыс|тис"
        r"|мың|[千천]|พัน|nghìn|ngàn|ribu|\bbin\b|χιλιάδες|אלפים|ب[اآ]ل[اآ]لاف|ب[اآ]ل[أا]لف",
        1_000,
    ),
)
_OTHER_THINGS = re.compile(
    r"popula[tc]|poblaci|bev[oö]lkerung|einwohner|habitant|inhabitant|dollar|euro|peso|\breal|\breais|pounds?\b|francs?\b"
    r"|\brate|\btasa|\btaxa|\btaux|\bper\b|\bpor cada\b|\bpour\b|\bje\b|[$€£]"
    r"|人口|円|[万亿千億]元|인구|[만천억]\s?원|населен|\bруб|\bгрн|тенге|سكان|دينار|ريال|جنيه|درهم|ประชากร|บาท|penduduk|rupiah"
    r"|dân số|đồng\b|nüfus|\blira|πληθυσμ|אוכלוסי|שקל|当たり|あたり|명당|每[十百万]",
    re.IGNORECASE,
)
"""A line about people, money or rates does not give the scale of counts."""

_YEAR = re.compile(
    r"(?<![\d.,/:-])((?:19|20)\d\d)(?:(?:\s?[-–—/_]\s?|\s(?:to|until|a|al|à|au|bis|até|ao)\s)((?:19|20)?\d\d))?(?![\d.,/:-]*\d)",
    re.IGNORECASE,
)
_OF_THE_EDITION = re.compile(
    r"publi|updat|\bas (at|of|on)\b|extract|edition|edici|édition|\bsource|fuente|fonte|quelle|©|copyright|\bstand\b"
    r"|erstellt|actuali[sz]|atuali[sz]|\bcorte\b|mise à jour|elabora|\bprinted|generat|generad|downloaded|descarga"
    r"|consult|\blaw\b|\bley\b|\bloi\b|\blei\b|gesetz|\bcensus\b|\bcenso\b|recensement|\bsince\b|desde|depuis|seit\b|\bbase\b"
    r"|\bab (?=(?:19|20)\d\d\b(?! ?(?:[-–]|bis)))",
    re.IGNORECASE,
)
"""The years in a line about the edition, a law or a base are not those of the figures."""


@dataclass(frozen=True)
class Caption:
    """A text around a table, with its place.

    Attributes:
        file: the file.
        sheet: the sheet of a workbook.
        row: the row; None for the name of a sheet or file.
        text: the words.
        is_title: whether it is above the table, or the name of its sheet.
        is_count: whether it is the label of a column of counts.
        is_unit: whether it is a cell of such a column in a row of units below the header.
    """

    file: str
    sheet: str | None
    row: int | None
    text: str
    is_title: bool = False
    is_count: bool = False
    is_unit: bool = False


def captions_of(
    folder: SourceFolder,
    file: RawFile,
    sheet: str | None,
    header: Header,
    above: Sequence[tuple[int, Sequence[str]]],
    foot: Iterable[tuple[int, Sequence[str]]],
) -> tuple[Caption, ...]:
    """Return the captions of a table; the words of one row are joined.

    Args:
        folder: the source.
        file: the file.
        sheet: the sheet of a workbook.
        header: its header; only the labels that the source uses count.
        above: the rows above the header, with their numbers.
        foot: the rows from the foot on.
    """
    needed = Needed(folder, folder.source.layouts[file.layout])
    used = [
        Caption(file.name, sheet, header.last_row, label, is_count=needed.counts(label, name))
        for label, name in zip(header.labels, header.names, strict=True)
        if needed.uses(label, name)
    ]
    rows = [Caption(file.name, sheet, number, _words(row), True) for number, row in above[-_MOST_ROWS:]]
    rows += [Caption(file.name, sheet, number, _words(row)) for number, row in list(foot)[:_MOST_ROWS]]
    title = [Caption(file.name, sheet, None, sheet, True)] if sheet else []
    return (*title, *(one for one in rows if one.text), *used)


def units_below(
    folder: SourceFolder, file: RawFile, sheet: str | None, row: int, names: Sequence[str], cells: Sequence[str | None]
) -> tuple[Caption, ...]:
    """Return the captions in the first row below a header if that is a row of units, which has no numbers.

    Args:
        folder: the source.
        file: the file.
        sheet: the sheet of a workbook.
        row: the number of the row.
        names: its columns.
        cells: what they have in it.
    """
    if any(cell and _A_NUMBER.fullmatch(cell.strip()) for cell in cells):
        return ()
    needed = Needed(folder, folder.source.layouts[file.layout])
    return tuple(
        Caption(file.name, sheet, row, cell.strip(), is_unit=True)
        for name, cell in zip(names, cells, strict=True)
        if cell and cell.strip() and needed.counts(name, name)
    )


def _words(row: Sequence[str]) -> str:
    return " ".join(" ".join(row).split())[:_LONGEST]


def find_scales(folder: SourceFolder, captions: Iterable[Caption]) -> list[Problem]:
    """Return a problem for each file and sheet captioned as in thousands, unless the source declares its scale.

    ``multiply`` in source.yml, even ``multiply: 1``, declares it.

    >>> bool(_SCALE.search("Infractions (en milliers)")), bool(_SCALE.search("Figures in 2,000 households"))
    (True, False)
    """
    found: dict[tuple[str, str | None], Problem] = {}
    for caption in captions:
        place = (caption.file, caption.sheet)
        if (
            place not in found
            and words_for_scale(caption.text, caption.is_unit)
            and (problem := scale_problem(folder, caption))
        ):
            found[place] = problem
    return list(found.values())


def words_for_scale(text: str, is_unit: bool = False) -> str | None:
    """Return the words of a text that give a scale, such as "in thousands"; None if there are none.

    Args:
        text: of a caption, or of a cell.
        is_unit: whether it is a cell of a column of units, where the bare word ("thousands") is enough.

    >>> words_for_scale("Thousand persons"), words_for_scale("Thousand persons", is_unit=True)
    (None, 'Thousand')
    """
    if is_unit and (unit := _UNIT.match(text)):
        return unit[0].strip()
    scale = _SCALE.search(text)
    return scale[0].strip() if scale else None


def scale_factor(scale: str) -> int | None:
    """Return the factor that words for a scale mean; None if they may mean several.

    >>> [scale_factor(words) for words in ("in hundreds", "(thousands)", "in lakhs", "'000", "Mio")]
    [100, 1000, 100000, 1000, 1000000]
    """
    return next((factor for words, factor in _FACTORS if re.search(words, scale, re.IGNORECASE)), None)


def scale_problem(
    folder: SourceFolder, caption: Caption, column: str | None = None, other: str | None = None
) -> Problem | None:
    """Return the problem of a scale that words give and the source does not declare; None if there is no such problem.

    ``multiply`` in source.yml, even ``multiply: 1``, declares the scale, but for all rows alike.

    Args:
        folder: the source.
        caption: the words.
        column: the column in whose cells they are, if they are not a caption.
        other: what the column has in other rows that the source uses.
    """
    source = folder.source
    in_numbers = any(measure.unit == "number" for measure in source.measures.values())
    if source.kind in ("incident", "survey") or not in_numbers:
        return None
    if "multiply" in source.model_fields_set and other is None:
        return None
    if source.kind != "population" and _OTHER_THINGS.search(caption.text):
        return None
    words = caption.text if len(caption.text) <= _SHOWN else f"{caption.text[: _SHOWN - 4]} ..."
    scale = words_for_scale(caption.text, is_unit=caption.is_unit or column is not None) or words
    if column is None:
        found = f"The table says {scale!r} of its figures ({words!r}), but source.yml does not declare multiply."
    elif other is None:
        found = (
            f"The column {column!r} says {words!r} of figures that are used, but source.yml does not declare multiply."
        )
    else:
        found = (
            f"The column {column!r} says {words!r} of some figures that are used, and {other!r} of others: multiply "
            "would apply to both. Leave out the rows of one of them by a named exclusion, or make them another source."
        )
    return Problem(
        "scale_not_declared", source.source_id, found, caption.file, caption.sheet, caption.row, column, scale
    )


def judge_years(
    captions: Iterable[Caption], years: Mapping[tuple[str, str | None], frozenset[int]], source: Source
) -> Outcome:
    """Warn of titles that name other years than those of the figures below them.

    A year in the name of a file may be that of publication, so it is reported only if all are before the figures.

    Args:
        captions: of all tables.
        years: the years of the figures of each file and sheet.
        source: the source; words of its files may identify a person, and are then not shown.
    """
    named: dict[tuple[str, str | None], dict[int, str]] = {}
    for caption in captions:
        if caption.is_title and not _OF_THE_EDITION.search(caption.text) and not source.has_checked(caption.text):
            for year in years_in(caption.text):
                named.setdefault((caption.file, caption.sheet), {})[year] = caption.text
    found, judged, about = [], 0, list[tuple[str, str]]()
    for (file, sheet), of in sorted(years.items(), key=str):
        texts = named.get((file, sheet), {})
        in_name = set() if source.has_checked(file) else years_in(PurePosixPath(file).name)
        judged += bool(texts or in_name)
        span = str(min(of)) if len(of) == 1 else f"{min(of)} to {max(of)}"
        place = f"{file}{f', {sheet}' if sheet else ''}"
        if texts and not of & set(texts):
            title = "the title" if source.personal else f"{next(iter(texts.values()))[:_SHOWN]!r}"
            found.append(f"{place}: {title}, and the figures are of {span}")
        elif in_name and max(in_name) < min(of):  # a file may be published after its figures, not before
            found.append(f"{place}: the file name, but the figures are of {span}")
        about += [("_file", file)] if len(found) > len(about) else []
    if not judged:
        return Outcome.not_applicable("years_of_title")
    return replace(Outcome.of_warning("years_of_title", judged, found, shown=10), about=tuple(dict.fromkeys(about)))


def judge_parts_of_years(
    captions: Iterable[Caption],
    years: Mapping[tuple[str, str | None], frozenset[int]],
    in_rows: Iterable[YearLackingParts],
    source: Source,
) -> Outcome:
    """Warn of tables that are captioned with a part of a year although their figures are of whole years.

    Args:
        captions: of all tables.
        years: the years for which each file and sheet has annual figures.
        in_rows: what the rows themselves show.
        source: the source; it may say that words were looked at.
    """
    found: dict[str, tuple[tuple[str, str], ...]] = {
        one.text: ((ANNUAL, one.year),) for one in in_rows if not source.has_checked(one.column)
    }
    names = [
        Caption(file, sheet, None, PurePosixPath(file).stem.replace("_", " "))
        for file, sheet in years
        if not source.has_checked(file)
    ]
    for caption in (*names, *captions):
        annual = years.get((caption.file, caption.sheet), frozenset())
        if source.has_checked(caption.text) or not annual:
            continue
        part, named = words_for_part_of_year(caption.text, caption.is_count), years_in(caption.text) & annual
        if part is None or not (named or not years_in(caption.text)):
            if (part := words_for_cut_off(caption.text, annual)) is None:
                continue
            named = {int(year) for year in re.findall(r"(?:19|20)\d\d", part)} & annual
        of = ", ".join(map(str, sorted(named))) if named else "its years"
        where = [caption.file, caption.sheet, f"row {caption.row}" if caption.row else None]
        text = f"{', '.join(filter(None, where))}: {part!r}, but the figures of {of} are for the full year"
        found[text] = tuple((ANNUAL, str(year)) for year in sorted(named or annual))
    if not any(years.values()) and not found:
        return Outcome.not_applicable("part_of_year")
    about = tuple(dict.fromkeys(one for several in found.values() for one in several))
    return replace(Outcome.of_warning("part_of_year", len(years), found, shown=10), about=about)


def years_in(text: str) -> set[int]:
    """Return the years that a text names, including every year of a span, but not parts of dates and numbers.

    >>> sorted(years_in("Delitos 2019-2021, corte 12.03.2024")), sorted(years_in("Year to March 2019/20"))
    ([2019, 2020, 2021], [2019, 2020])
    """
    found: set[int] = set()
    for first, last in _YEAR.findall(text):
        start = int(first)
        end = int(last if len(last) == 4 else first[:2] + last) if last else start
        found.update(range(start, end + 1) if start <= end <= start + 100 else (start,))
    return found
