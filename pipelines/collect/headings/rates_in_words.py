"""Words for a rate, a share or a percentage: per 100,000, tasa, Prozent, %, 率, in many languages.

Rule: what a heading calls a rate or a share is not a count. A whole number does not show its unit; the words do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from pipelines.collect.headings.captions import Caption
from pipelines.system.outcomes import Outcome
from schemas.definition.publication import MOST_QUOTED
from schemas.source import Source

_THOUSANDS = (
    r"1(?:0{2,6}|0{0,2}[.,'’\s]000(?:[.,'’\s]000)?)(?!\d)|cent|cien|100?\s?mil|(?:cien|diez|dez|cem) mil|mil\b|mille\b"
    r"|thousand|million"
    r"|(?:un )?mill[oó]n|(?:um )?milh[aã]o"
)
_PER = (
    rf"\b(?:per|por|par|pour|je|pro|auf|cada|ogni|op)\s+(?:cada\s+)?(?:{_THOUSANDS})"
    r"|\b(?:na|на)\s+(?:1(?:0{2,5}|0{0,2}[.,\s]000)(?!\d)|100?\s?(?:tys|тыс|tis|тис|мың)\w*\.?|(?:сто|sto)\s\w+)"
    r"|\byüz ?binde\b|\b(?:100[.,\s]?000|yüz ?bin) ki[sş]i(?:de|ye)\b"
    r"|(?:10|十)\s?[万萬]\s?人(?:当たり|当り|あたり|に対|口)?|每(?:10|十)?[万萬十]|(?:10|십)\s?만\s?명당"
    r"|لكل\s+(?:100|١٠٠|مائة|مئة|مليون|ألف)"
    r"|\bανά\s+(?:1\d{2,5}|1\d{0,2}[.,]000|εκατ)|\btrên\s+1(?:0{2,5}|0{0,2}[.,]000)|\bל-?\s?1(?:0{2,5}|0{0,2},000)"
    r"|ต่อ(?:ประชากร)?\s?(?:100|แสน)"
)
_RATE = re.compile(
    rf"{_PER}"
    r"|\b(?:rates?(?:\d+k?)?|tasas?|taxas?|taux\w*|häufigkeitszahl|hz|pr[ée]valen\w+|shares?|ratios?"
    r"|percent(?:ages?)?|per cent|porcentajes?"
    r"|porcentage[mn]s?|pourcentages?|prozent\w*|prozentual\w*|anteile?|propor(?:tion|ción|ção)"
    r"|tass[oi]|percentual[ei]|wskaźnik\w*|коэффициент\w*|процент\w*|odsetek|procent\w*|andel|oranı|yüzde|míra"
    r"|mutató|pct|aandeel|percentuale|arány\w*|százalék\w*|podíl|osuus|prosentti\w*|rata|pondere\w*"
    r"|доля|удельный вес|раскрываемость|частка|питома вага|відсот\w*|коефіцієнт\w*|пайыз\w*|үлес\w*"
    r"|ποσοστ\w*|αναλογία|oran(?:lar)?ı?|hızı?|persentase|rasio|risiko penduduk|risiko terkena"
    r"|peratus\w*|phần trăm|t[ỷỉ] (?:lệ|suất))\b"
    r"|(?<!100)(?<!100\s)%|معدل|نسبة|درصد|نرخ|שיעור|אחוז"
    r"|率|割合|構成比|百分[比率]|比[重例]|占比|(?<!法)(?<!법)[율률](?![가-힣])|발생비|구성비|비중|백분|อัตรา|ร้อยละ|สัดส่วน",
    re.IGNORECASE,
)
_RATE_OF_TABLE = re.compile(rf"{_PER}|معدل لكل", re.IGNORECASE)
_RATE_OF_FILE = re.compile(
    rf"{_PER}|\b(?:rates|tasas?|taxas?|taux|percentages?|porcentajes?|pourcentages?)\b", re.IGNORECASE
)
_NUMBER = re.compile(
    r"\b(?:numbers?|n[uú]meros?|cantidad(?:es)?|counts?|nombres?|anzahl|fälle|absolut\w*|totals?|frecuencias?|conteos?"
    r"|and|y|et|e|und)\b|[&/]|n[°º]",
    re.IGNORECASE,
)
_CODES = re.compile(
    r"p_[hm]thab|per_?100000p?|per_?100k|rt_?100000|10p5hb|rate|rt|pc|pct|pc_[a-z_]+|per_?1000p?|percent|pt|ratio",
    re.IGNORECASE,
)
"""Units as codes, in a column of units: those of Eurostat, the OECD and the UN for rates and percentages."""
_UNITS = {
    "per_million": r"1[.,'’\s]?000[.,'’\s]?000|\b(?:per|por|pour|je|pro|cada)\s(?:1\s|um\s|un\s)?(?:million"
    r"|mill[oó]n|milh[aã]o)",
    "per_100k": r"(?<!\d)100[.,'’\s]?000|100\s?k\b|100\s?(?:mil|thousand|tys|тыс)|cien mil|p_hthab|10p5hb|10\s?[万萬]",
    "per_10k": r"(?<!\d)10[.,'’\s]?000(?![.,'’\s]?\d)|10\s?mil\b|diez mil",
    "per_1000": r"(?<![\d.,])1[.,'’\s]?000(?![.,'’\s]?\d)|\bmil(?:le)?\b|(?<!100 )(?<!100)\bthousand|‰|per ?mille",
    "percent": r"%|per ?cent|porcent|pourcent|prozent|por cien\b|percentual|процент|pct\b",
}


def words_for_rate(label: str) -> str | None:
    """Return the words for a rate or share in a column's label; None if it names a number, or neither of them.

    In a label of several header rows, the last row that names a rate or a number decides.

    >>> words_for_rate("2024 | Tasa por 100 mil"), words_for_rate("Casos y tasas | Número"), words_for_rate("2024 | %")
    ('Tasa', None, '%')
    >>> words_for_rate("rate_per_100k"), words_for_rate("num_cases")
    ('rate', None)
    """
    for part in reversed(label.replace("_", " ").split(" | ")):
        if match := _RATE.search(part):
            return match[0]
        if _NUMBER.search(part):
            return None
    return None


def unit_named(label: str) -> str | None:
    """Return the unit that the label of a rate gives, as a code of our list; None if it gives none.

    >>> unit_named("Rate per 100,000"), unit_named("Prevalence (%)"), unit_named("Victims")
    ('per_100k', 'percent', None)
    """
    if words_for_rate(label) is None and not _CODES.fullmatch(label.strip()):
        return None
    return next((unit for unit, words in _UNITS.items() if re.search(words, label, re.IGNORECASE)), None)


def words_for_rate_as_unit(word: str) -> str | None:
    """Return the words or the code for a rate in a column of units or indicators; None if it has none.

    >>> words_for_rate_as_unit("P_HTHAB"), words_for_rate_as_unit("NR"), words_for_rate_as_unit("Clearance rate (%)")
    ('P_HTHAB', None, 'rate')
    """
    code = _CODES.fullmatch(word.strip())
    return code[0] if code else words_for_rate(word)


def judge_rates(captions: Iterable[Caption], source: Source, files: Iterable[str] = ()) -> Outcome:
    """Warn of counts that a heading, title or file name calls a rate.

    Args:
        captions: of all tables, including the words of a column of units, which are headings in a long table.
        files: their names.
        source: their source; not checked if it declares ratios or estimates, as it is unknown which column is meant.
    """
    counted = all(measure.figures in ("count", "stock") for measure in source.measures.values())
    if not counted:
        return Outcome.not_applicable("heading_says_rate")
    found: dict[str, str] = {}
    judged = 0
    for file in files:
        name = PurePosixPath(file).stem.replace("_", " ").replace("-", " ")
        if (match := _RATE_OF_FILE.search(name)) and not _NUMBER.search(name) and not source.has_checked(file):
            found[f"{file}: {match[0]!r} in the name of the file"] = file
    for caption in captions:
        if source.has_checked(caption.text):
            continue
        if caption.is_title:
            match = None if _NUMBER.search(caption.text) else _RATE_OF_TABLE.search(caption.text)
            words = match[0] if match else None
        elif caption.is_count:
            judged += 1
            words = words_for_rate_as_unit(caption.text) if caption.is_unit else words_for_rate(caption.text)
        else:
            continue
        if words:
            where = [caption.file, caption.sheet, f"row {caption.row}" if caption.row else None]
            shown = "" if source.personal else f" in {caption.text[:MOST_QUOTED]!r}"
            found[f"{', '.join(filter(None, where))}: {words.strip()!r}{shown}"] = caption.file
    outcome = Outcome.of_warning("heading_says_rate", judged, found, shown=10)
    return replace(outcome, about=tuple(("_file", file) for file in dict.fromkeys(found.values())))
