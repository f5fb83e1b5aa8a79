"""Whether the rates of two areas move alike over common years: a test of their segmented courses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.publish.series.segments import ASSUMED_AUTOCORRELATION, MOST_ZERO_SHARE
from pipelines.publish.series.trends import FEWEST_YEARS_TESTED
from pipelines.reader.comparison import Comparison
from pipelines.reader.series.rates import RateSeries, read_rates
from pipelines.reader.words import counted, figure_in, word
from pipelines.statistics.joinpoints.comparison import compare_joinpoints
from pipelines.statistics.joinpoints.model import log_ready
from pipelines.statistics.joinpoints.number import choose_joinpoints
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.declarations import is_compared

_LEVEL = 0.05


@dataclass(frozen=True)
class Courses:
    """How the rates of two areas moved.

    Attributes:
        areas: codes.
        years: common comparable years, since the last break of either.
        number: of joinpoints in each model.
        p: probability that parallel courses differ as much; None if not tested.
        why_not: why it is not tested.
    """

    areas: tuple[str, str]
    years: tuple[int, ...]
    number: int | None
    p: float | None
    why_not: str | None

    @property
    def sentence(self) -> str:
        """The result, for people."""
        return self.sentence_in("en")

    def sentence_in(self, language: str) -> str:
        """Return the result in a language; ``why_not`` is in the language in which it was asked for."""
        one, other = self.areas
        if self.p is None or self.number is None:
            return word("courses not tested", language).format(one=one, other=other, why=self.why_not)
        return word("courses differ" if self.p <= _LEVEL else "courses alike", language).format(
            one=one,
            other=other,
            first=self.years[0],
            last=self.years[-1],
            years=len(self.years),
            turns=counted("joinpoints", self.number, language).format(n=self.number),
            p=figure_in(f"{self.p:.3f}", language),
        )


def courses_of(found: Comparison, settings: Settings | None = None, language: str = "en") -> Courses | None:
    """Return whether two ranked areas have parallel courses; None unless exactly two are ranked.

    The years are those since the last break of either, bridged or not; errors of neighbouring years are assumed to be
    correlated as for the segments of one series.

    Args:
        found: a comparison.
        settings: where the published file is.
        language: of the reason why they are not tested.

    Example::

        courses_of(compare_areas(SeriesQuery("0101"), ["MX", "AR"]))
    """
    if len(found.ranked) != 2:
        return None
    pair = []
    for row in found.ranked:
        every = read_rates(replace(found.query, area=row["ref_area"]), settings=settings)
        pair.append(next(one for one in every if one.key.source == row["source"]))
    areas = (found.ranked[0]["ref_area"], found.ranked[1]["ref_area"])
    return judge_courses(areas, pair[0], pair[1], language)


def judge_courses(areas: tuple[str, str], one: RateSeries, other: RateSeries, language: str = "en") -> Courses:
    """Test whether two series are parallel.

    Args:
        areas: codes, for the result.
        one: rates of the first.
        other: rates of the second.
        language: of the reason why they are not tested.
    """
    first = max((at for series in (one, other) for at in series.breaks.all), default=0)
    kept = [
        {row["year"]: row for row in series.rows if row["year"] >= first and is_compared(row["caveats"])}
        for series in (one, other)
    ]
    years = tuple(sorted(kept[0].keys() & kept[1].keys()))
    events = [[rows[year]["value"] for year in years] for rows in kept]
    people = [[rows[year]["population"] for year in years] for rows in kept]
    one_day = word("courses one day", language) if one.is_stock or other.is_stock else None
    if why_not := one_day or _why_not(events, language):
        return Courses(areas, years, None, None, why_not)
    ready = [log_ready(own, n, zeros="add half") for own, n in zip(events, people, strict=True)]
    numbers = [
        len(choose_joinpoints(years, *own, method="bic3", autocorrelation=ASSUMED_AUTOCORRELATION).model.joinpoints)
        for own in ready
    ]
    number = min(max(numbers), (len(years) - 3) // 2)
    found = compare_joinpoints(
        years,
        ready[0][0],
        ready[1][0],
        errors=(ready[0][1], ready[1][1]),
        number=number,
        autocorrelation=ASSUMED_AUTOCORRELATION,
    )
    return Courses(areas, years, number, found.p, None)


def _why_not(events: list[list[float]], language: str) -> str | None:
    """Return why two series are not tested: for the reasons for which one has no segments."""
    years = len(events[0])
    if years < FEWEST_YEARS_TESTED:
        return word("courses few years", language).format(years=years, n=FEWEST_YEARS_TESTED)
    fewest = load_comparison_rules().fewest_events
    if any(sum(own) < fewest * years for own in events):
        return word("courses few events", language).format(n=fewest)
    if any(sum(count == 0 for count in own) > MOST_ZERO_SHARE * years for own in events):
        return word("courses no events", language)
    return None
