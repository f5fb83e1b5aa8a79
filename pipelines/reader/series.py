"""One series of the published file, annual or monthly, with what a method must know: populations, gaps, breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from iccs.periods import step_of
from pipelines.publish.breaks import Breaks, Bridge, SeriesBreaks, series_break_at
from pipelines.reader.release import check_code, open_published, packaged_query, query
from pipelines.system.settings import Settings
from schemas.codelists import ranked_codes
from schemas.errors import UsageError, nearest_values

UNITS = ranked_codes("counting_unit")
"""Counting units in the order in which one is taken where a source counts several."""


@dataclass(frozen=True)
class Series:
    """Counts of one source, category, area and sex by period, all ages.

    Attributes:
        iccs: category.
        area: code of the area.
        sex: code of the sex.
        freq: A annual or M monthly.
        source: whose figures.
        stage: of the process.
        counting_unit: what is counted.
        periods: as published, rising: ``2019`` or ``2019-03``; absent ones are not there.
        counts: of each period; None where missing.
        populations: of the year of each period; None where unknown.
        breaks: steps that begin anew, declared or marked B, and the bridges over them.
        others: other series that were there to choose from, in words.
    """

    iccs: str
    area: str
    sex: str
    freq: str
    source: str
    stage: str
    counting_unit: str
    periods: tuple[str, ...]
    counts: tuple[float | None, ...]
    populations: tuple[float | None, ...]
    breaks: Breaks
    others: tuple[str, ...]

    @property
    def name(self) -> str:
        """The series in words: source, stage, counting unit."""
        return f"{self.source}: {self.stage} {self.counting_unit}s"

    @property
    def steps(self) -> list[int]:
        """Periods as whole steps: years, or months counted through."""
        return [step_of(period) for period in self.periods]

    @property
    def multipliers(self) -> tuple[list[float], list[float], list[float]]:
        """What each count is multiplied by to fit the last: with factors, their lower and their upper limits."""
        return self.breaks.multipliers(self.steps)

    @property
    def crossed(self) -> tuple[Bridge, ...]:
        """The bridges that the series goes over."""
        return self.breaks.inside(self.steps[0], self.steps[-1]).bridges

    def around(self, step: int) -> Series:
        """Return the longest stretch around a step that has no gap, no missing count and no break that is not bridged.

        A break at the step itself stays: the caller decides what it means.
        """
        value_at = {at: n for n, at in enumerate(self.steps) if self.counts[n] is not None}
        starts = set(self.breaks.cuts) - {step}
        first = last = step
        while first - 1 in value_at and first not in starts:
            first -= 1
        while last + 1 in value_at and last + 1 not in starts:
            last += 1
        return self.kept([value_at[at] for at in range(first, last + 1) if at in value_at])

    def unbroken(self) -> Series:
        """Return the periods from the last break on that is not bridged."""
        starts = self.breaks.cuts
        return self.kept([n for n, at in enumerate(self.steps) if not starts or at >= max(starts)])

    def kept(self, places: Sequence[int]) -> Series:
        """Return the periods at these places."""
        return replace(
            self,
            periods=tuple(self.periods[n] for n in places),
            counts=tuple(self.counts[n] for n in places),
            populations=tuple(self.populations[n] for n in places),
        )


def read_series(
    iccs: str,
    area: str,
    *,
    sex: str = "_T",
    freq: str = "A",
    source: str | None = None,
    counting_unit: str | None = None,
    settings: Settings | None = None,
) -> Series:
    """Return one series of the published file; of several, the first by counting unit and name of the source.

    Raises:
        UsageError: unknown area or sex, or no such series; says what there is.
    """
    check_code("area", area, settings)
    check_code("sex", sex, settings)
    rows = packaged_query("reader/series_points", settings, iccs=iccs, area=area, sex=sex, freq=freq).records()
    keys = sorted(
        {(row["source"], row["stage"], row["counting_unit"]) for row in rows},
        key=lambda key: (UNITS.index(key[2]) if key[2] in UNITS else len(UNITS), key),
    )
    wanted = [key for key in keys if source in (None, key[0]) and counting_unit in (None, key[2])]
    if not wanted:
        raise UsageError(what_there_is(iccs, area, sex, freq, source, counting_unit, keys, settings))
    chosen = wanted[0]
    own = [row for row in rows if (row["source"], row["stage"], row["counting_unit"]) == chosen]
    with open_published(settings) as connection:
        breaks = SeriesBreaks(connection).of(
            (chosen[0], area, iccs, chosen[1], chosen[2], sex),
            [series_break_at(row["time_period"], row["obs_status"], row["caveats"], sex=sex) for row in own],
            freq,
        )
    return Series(
        iccs=iccs,
        area=area,
        sex=sex,
        freq=freq,
        source=chosen[0],
        stage=chosen[1],
        counting_unit=chosen[2],
        periods=tuple(row["time_period"] for row in own),
        counts=tuple(row["value"] for row in own),
        populations=tuple(row["population"] for row in own),
        breaks=breaks,
        others=tuple(f"{key[0]}: {key[1]} {key[2]}s" for key in wanted[1:]),
    )


def what_there_is(
    iccs: str,
    area: str,
    sex: str,
    freq: str,
    source: str | None,
    counting_unit: str | None,
    keys: Sequence[tuple[str, str, str]],
    settings: Settings | None,
) -> str:
    """Return why a series asked for is not there, and what is: other series (``keys``) or other categories.

    Args:
        iccs: category.
        area: code of the area.
        sex: code of the sex.
        freq: A annual or M monthly.
        source: asked for, or None for any.
        counting_unit: asked for, or None for any.
        keys: source, stage and counting unit of the series of that category, area and sex.
        settings: where the published file is.
    """
    what = f"no {'monthly' if freq == 'M' else 'annual'} series of {iccs} in {area}, sex {sex}"
    if keys:
        near = nearest_values(source, [key[0] for key in keys]) if source else []
        asked = " ".join(text for text in (source, counting_unit) if text)
        there = "; ".join(f"{key[0]}: {key[1]} {key[2]}s" for key in keys)
        return f"{what} from {asked}; there are: {there}" + (f" (nearest: {', '.join(near)})" if near else "")
    found = query(
        "SELECT DISTINCT iccs FROM out.observation WHERE ref_area = $area AND freq = $freq AND sex = $sex ORDER BY 1",
        settings,
        {"area": area, "freq": freq, "sex": sex},
    ).rows
    return what + (f"; there are: {', '.join(row[0] for row in found)}" if found else "; the area has none at all")
