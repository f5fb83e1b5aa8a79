"""Areas side by side: which of their figures may be ranked, by the rules of ``schemas/comparison.yml``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pipelines.reader.release import packaged_query
from pipelines.reader.selection import SeriesKey, SeriesQuery, key_of, preference
from pipelines.reader.series.rates import Rows
from pipelines.reader.words import WORDS, colon, semicolon, word
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist
from schemas.comparison import Aspect, ComparisonRules, load_comparison_rules
from schemas.errors import UsageError

NAMES_SHOWN = 4
"""How many national categories of an area are named in its definition; of others only the number is given."""


@dataclass(frozen=True)
class Comparison:
    """Figures of several areas in one year.

    Attributes:
        query: what was asked for, with the stage and counting unit that most areas have.
        year: of the figures.
        ranked: rows of ``out.figure`` that are comparable, the highest rate first, with ``place`` from 1; empty if no
            two are.
        unranked: the other rows, with ``why`` they are not ranked: reasons in words.
        without: areas without a figure in that year, by code, and what they have.
        remarks: differences that do not prevent a ranking, in words.
        definitions: the national categories counted in the figure of each area.
    """

    query: SeriesQuery
    year: int
    ranked: Rows
    unranked: Rows
    without: dict[str, str]
    remarks: tuple[str, ...]
    definitions: dict[str, str]

    @property
    def rows(self) -> Rows:
        """Every figure, the ranked ones first."""
        return [*self.ranked, *self.unranked]


def compare_areas(
    wanted: SeriesQuery,
    areas: Sequence[str] | None = None,
    year: int | None = None,
    settings: Settings | None = None,
    language: str = "en",
) -> Comparison:
    """Return the figures of several areas in one year, with comparable ones ranked.

    One stage and counting unit is used for all: those that most areas have, then the preferred ones. An area without
    them is shown with its preferred series, unranked. The default year is the last one in which about as many areas as
    ever have a rate.

    Args:
        wanted: what is asked for; its area does not matter.
        areas: codes; all countries if None.
        year: of the figures.
        settings: where the published file is.
        language: of reasons and remarks.

    Raises:
        UsageError: no area has a figure; says what there is.

    Example::

        compare_areas(SeriesQuery("0101"), ["MX", "AR", "DE"])
    """
    wanted.check(settings)
    asked: dict[str, Any] = {
        "iccs": wanted.iccs,
        "areas": list(areas) if areas else None,
        "sex": wanted.sex,
        "age": wanted.age,
    }
    every = packaged_query("reader/figures_of_areas", settings, **asked).records()
    admitted = [row for row in every if wanted.admits(key_of(row))]
    if not any(row["rate_per_100k"] is not None for row in admitted):
        there = "; ".join(sorted({f"{row['ref_area']}: {key_of(row).name}" for row in every}))
        raise UsageError(f"no rate of {wanted.words} to compare" + (f"; there are figures of {there}" if there else ""))
    stage, unit = _most_common_kind(admitted)
    wanted = replace(wanted, stage=stage, counting_unit=unit)
    if year is None:
        year = common_year([row for row in admitted if wanted.admits(key_of(row))])
    rows = _one_of_each_area([row for row in admitted if int(row["time_period"]) == year], wanted)
    if not rows:
        years = sorted({int(row["time_period"]) for row in admitted if row["rate_per_100k"] is not None})
        raise UsageError(f"no figure of {wanted.words} in {year}; there are figures from {years[0]} to {years[-1]}")
    ranked, unranked = rank_figures(rows, language=language)
    codes = [row["ref_area"] for row in rows]
    expected = dict.fromkeys(areas or (row["ref_area"] for row in admitted))
    return Comparison(
        query=wanted,
        year=year,
        ranked=ranked,
        unranked=unranked,
        without={code: _what_is_there(code, every, admitted, year, language) for code in expected if code not in codes},
        remarks=_remarks(ranked, language),
        definitions=_definitions(wanted.iccs, rows, settings),
    )


def rank_figures(rows: Rows, language: str = "en") -> tuple[Rows, Rows]:
    """Return the figures that may be ranked, the highest rate first, and the others with the reasons.

    The largest group of figures that share every declared aspect is ranked, unless it has only one.

    Args:
        rows: one of each area, with the columns of ``out.figure``.
        language: of the reasons.
    """
    rules = load_comparison_rules()
    reasons = [_left_out(row, rules, language) for row in rows]
    kinds = [tuple(aspect.value(row) for aspect in rules.alike) for row in rows]
    shared = Counter(kind for kind, why in zip(kinds, reasons, strict=True) if not why)
    most = max(shared.values(), default=0)
    first = {kind: preference(key_of(row)) for kind, row in reversed(list(zip(kinds, rows, strict=True)))}
    chosen = min((kind for kind in shared if shared[kind] == most), key=lambda kind: first[kind], default=())
    ranked, unranked = [], []
    for row, kind, why in zip(rows, kinds, reasons, strict=True):
        differs = [
            f"{aspect.labels[language]}{colon(language)}{_aspect_words(aspect, own, language)} "
            f"({word('ranked', language)}{colon(language)}{_aspect_words(aspect, other, language)})"
            for aspect, own, other in zip(rules.alike, kind, chosen, strict=False)
            if own != other
        ]
        if why or differs:
            unranked.append(row | {"why": [*why, *differs]})
        else:
            ranked.append(row)
    if len(ranked) == 1:
        unranked.insert(0, ranked.pop() | {"why": [word("no other alike", language)]})
    ranked.sort(key=lambda row: -row["rate_per_100k"])
    return [row | {"place": place} for place, row in enumerate(ranked, 1)], unranked


def unlike_most(rows: Rows, language: str = "en") -> dict[str, str]:
    """Return which areas of one series are not comparable with the others, and why, for maps and lists of areas.

    These are figures that are exceptional or lack a part, are made from other categories than most, or count more or
    less of their category. Few events are not a reason; they are marked.

    Args:
        rows: of each area one, with ref_area, value, rate_per_100k, iccs_made_from, obs_status, caveats.
        language: of the reasons.
    """

    def both(one: str, other: str) -> str:
        return word("one and other", language).format(one=one, other=other)

    rules = load_comparison_rules()
    inside = [aspect for aspect in rules.alike if aspect.name in ("composition", "scope")]
    found = {row["ref_area"]: reduce(both, why) for row in rows if (why := _exceptional(row, rules, language))}
    kinds = {row["ref_area"]: tuple(aspect.value(row) for aspect in inside) for row in rows}
    counted = Counter(kind for code, kind in kinds.items() if code not in found)
    if counted:
        most = counted.most_common(1)[0][0]
        for code, kind in kinds.items():
            differing = [
                word(f"unlike {aspect.name}", language)
                for aspect, own, other in zip(inside, kind, most, strict=True)
                if own != other
            ]
            if differing:
                found.setdefault(code, reduce(both, differing))
    return found


def _left_out(row: dict[str, Any], rules: ComparisonRules, language: str) -> list[str]:
    """Return why a figure cannot be ranked at all."""
    if row["rate_per_100k"] is None:
        reason = row["no_rate_reason"]
        words = code_words("no_rate_reason", reason, language) if reason else word("none given", language)
        return [f"{word('no rate', language)}{colon(language)}{words}"]
    why = []
    if row["events"] is not None and row["events"] < rules.fewest_events:
        why.append(word("fewer events", language).format(n=rules.fewest_events))
    return why + _exceptional(row, rules, language)


def _exceptional(row: dict[str, Any], rules: ComparisonRules, language: str) -> list[str]:
    """Return the caveats and status of a figure that prevent any comparison."""
    carried = (row["caveats"] or "").split(";")
    why = [code_words("caveat", code, language) for code in rules.caveats_left_out if code in carried]
    if row["obs_status"] in rules.statuses_left_out:
        why.append(status_words(row["obs_status"], language))
    return why


def code_words(codelist: str, codes: str, language: str) -> str:
    """Return codes in words: short ones in English, the labels of the code list in other languages.

    >>> code_words("caveat", "months_missing", "en"), code_words("counting_unit", "victim", "fr")
    ('months missing', 'Victime')
    """
    if language == "en":
        return codes.replace("_", " ")
    known = {entry.code: str(getattr(entry, f"label_{language}")) for entry in load_codelist(codelist)}
    return "; ".join(known.get(code, code) for code in codes.split(";"))


def caveat_line(caveat: str, where: str, language: str) -> str:
    """Return a caveat and the figures that carry it as a line, with its label where the language is not English.

    >>> caveat_line("projection", "2015-2024", "en")
    'caveat projection: 2015-2024'
    >>> caveat_line("figures_rounded", "AU 2021", "es")
    'salvedad figures_rounded (La fuente redondea los recuentos (aquí o en una parte del total)): AU 2021'
    """
    return f"{word('caveat', language)} {labelled('caveat', caveat, language)}{colon(language)}{where}"


def labelled(codelist: str, code: str, language: str) -> str:
    """Return a code, with its label where the language is not English.

    >>> labelled("no_rate_reason", "zero_population", "es")
    'zero_population (La población es cero)'
    """
    return code if language == "en" else f"{code} ({code_words(codelist, code, language)})"


def definition_words(text: str, language: str) -> str:
    """Return the definition of a figure, with what is said about its categories in a language.

    >>> definition_words("Homicidio doloso (narrower); Feminicidio (narrower) and 3 more", "fr")
    'Homicidio doloso (plus étroite) ; Feminicidio (plus étroite) et 3 de plus'
    """
    if language == "en":
        return text
    relations = {key.removeprefix("relation "): key for key in WORDS if key.startswith("relation ")}

    def relation(found: re.Match[str]) -> str:
        return f"({', '.join(word(relations[one], language) for one in found[1].split(', '))})"

    known = "|".join(relations)
    more = re.search(r" and (\d+) more\Z", text)
    labels = text[: more.start()] if more else text
    labels = re.sub(rf"\(((?:{known})(?:, (?:{known}))*)\)(?=;|$)", relation, labels)
    labels = labels.replace("; ", semicolon(language))
    return labels if more is None else word("and more", language).format(labels=labels, n=more[1])


def status_words(status: str, language: str) -> str:
    """Return an observation status as a reason, with its code and its label.

    >>> status_words("P", "en")
    'status P (Provisional value)'
    """
    labels = {entry.code: str(getattr(entry, f"label_{language}")) for entry in load_codelist("obs_status")}
    return word("status", language).format(status=f"{status} ({labels[status]})" if status in labels else status)


def _aspect_words(aspect: Aspect, value: str, language: str) -> str:
    if language == "en" or not value or aspect.column == "iccs_made_from" or aspect.carried is not None:
        return aspect.words(value, language)
    return code_words(aspect.column or "caveat", value, language)


def _most_common_kind(rows: Rows) -> tuple[str, str]:
    """Return the stage and counting unit in which most areas have a rate; of equal ones, the preferred."""
    areas: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["rate_per_100k"] is not None:
            areas.setdefault((row["stage"], row["counting_unit"]), set()).add(row["ref_area"])
    ordered = sorted(rows, key=lambda row: preference(key_of(row)))
    kinds = list(dict.fromkeys((row["stage"], row["counting_unit"]) for row in ordered))
    return max((kind for kind in kinds if kind in areas), key=lambda kind: len(areas[kind]))


def common_year(rows: Iterable[dict[str, Any]]) -> int:
    """Return the last year in which about as many areas as ever have a rate; at least one must have one."""
    areas: dict[int, set[str]] = {}
    for row in rows:
        if row["rate_per_100k"] is not None:
            areas.setdefault(int(row["time_period"]), set()).add(row["ref_area"])
    fullest = max(map(len, areas.values()))
    return max(year for year in areas if len(areas[year]) >= load_comparison_rules().year_share * fullest)


def _one_of_each_area(rows: Rows, wanted: SeriesQuery) -> Rows:
    """Return for each area the row of the wanted kind, or of its preferred series if it has none."""
    best: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (not wanted.admits(key_of(row)), preference(key_of(row)))):
        best.setdefault(row["ref_area"], row)
    return list(best.values())


def _what_is_there(code: str, every: Rows, admitted: Rows, year: int, language: str) -> str:
    """Return what an area has instead of a figure of that year: other years, or other series than were asked for."""
    years = sorted(int(row["time_period"]) for row in admitted if row["ref_area"] == code and row["value"] is not None)
    if years:
        return word("other years", language).format(year=year, first=years[0], last=years[-1])
    keys = {key_of(row) for row in every if row["ref_area"] == code and row["value"] is not None}
    if not keys:
        return word("no years", language)
    names = semicolon(language).join(key.named(language) for key in sorted(keys, key=preference))
    return word("other series alone", language).format(names=names)


def _remarks(ranked: Iterable[dict[str, Any]], language: str) -> tuple[str, ...]:
    """Return what differs between ranked figures, or applies to all of them, without preventing a ranking."""
    rules, rows = load_comparison_rules(), list(ranked)
    found = []
    for aspect in rules.noted:
        values: dict[str, list[str]] = {}
        for row in rows:
            values.setdefault(aspect.value(row), []).append(row["ref_area"])
        if len(values) > 1:
            parts = "; ".join(f"{value} ({', '.join(codes[:6])})" for value, codes in sorted(values.items()))
            found.append(word("differs", language).format(what=aspect.labels[language], parts=parts))
    labels = {entry.code: getattr(entry, f"label_{language}") for entry in load_codelist("caveat")}
    texts: dict[str, list[str]] = {}
    for row in rows:
        for code in filter(None, (row["caveats"] or "").split(";")):
            texts.setdefault(f"{code}: {labels[code]}" if code in labels else code, []).append(row["ref_area"])
    for text, codes in texts.items():
        found.append(f"{text} ({word('all of them', language) if len(codes) == len(rows) else ', '.join(codes)})")
    return tuple(found)


def _definitions(iccs: str, rows: Rows, settings: Settings | None) -> dict[str, str]:
    """Return for each area the national categories counted in its figure, with relations other than exact."""
    sources = sorted({row["source"] for row in rows})
    links = packaged_query("reader/links_of_category", settings, iccs=iccs, sources=sources).records()
    texts: dict[SeriesKey, str] = {}
    for key in {key_of(row) for row in rows}:
        labels = [link["label"] for link in links if key_of(link) == key]
        more = f" and {len(labels) - NAMES_SHOWN} more" if len(labels) > NAMES_SHOWN else ""
        texts[key] = "; ".join(labels[:NAMES_SHOWN]) + more
    return {row["ref_area"]: texts[key_of(row)] for row in rows}
