"""One series of the published file, annual or monthly, with what a method must know: populations, gaps, breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.errors import UsageError, nearest_values
from pipelines.settings import Settings
from pipelines.warehouse import check_code, packaged_query, query

UNITS = ("victim", "offence", "incident", "case", "person", "arrest", "charge")
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
        breaks: periods that begin anew, declared or marked B.
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
    breaks: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def name(self) -> str:
        """The series in words: source, stage, counting unit."""
        return f"{self.source}: {self.stage} {self.counting_unit}s"

    @property
    def steps(self) -> list[int]:
        """Periods as whole steps: years, or months counted through."""
        return [step_of(period) for period in self.periods]

    def around(self, step: int) -> Series:
        """Return the longest stretch around a step that has neither a gap nor a missing count nor a break inside.

        A break at the step itself stays: the caller decides what it means.
        """
        value_at = {at: n for n, at in enumerate(self.steps) if self.counts[n] is not None}
        starts = {step_of(at, self.freq) for at in self.breaks} - {step}
        first = last = step
        while first - 1 in value_at and first not in starts:
            first -= 1
        while last + 1 in value_at and last + 1 not in starts:
            last += 1
        return self.kept([value_at[at] for at in range(first, last + 1) if at in value_at])

    def unbroken(self) -> Series:
        """Return the periods from the last break on."""
        starts = [step_of(at, self.freq) for at in self.breaks]
        return self.kept([n for n, at in enumerate(self.steps) if not starts or at >= max(starts)])

    def kept(self, places: Sequence[int]) -> Series:
        """Return the periods at these places."""
        return replace(
            self,
            periods=tuple(self.periods[n] for n in places),
            counts=tuple(self.counts[n] for n in places),
            populations=tuple(self.populations[n] for n in places),
        )


def step_of(period: str, freq: str = "") -> int:
    """Return a period as a whole step: a year, or months counted through.

    Args:
        period: ``2019`` or ``2019-03``.
        freq: M takes a year for its January; else the form of the period decides.

    Raises:
        ValueError: neither a year nor a month.

    >>> step_of("2019"), step_of("2019-03"), step_of("2019", "M")
    (2019, 24230, 24228)
    """
    year, _, month = period.partition("-")
    if len(year) != 4 or not year.isdigit() or (month and not (len(month) == 2 and month.isdigit())):
        raise ValueError(f"{period!r} is neither a year (2019) nor a month (2019-03)")
    if not month and freq != "M":
        return int(year)
    place = int(month or 1)
    if not 1 <= place <= 12:
        raise ValueError(f"{period!r} is not a month: they are 01 to 12")
    return int(year) * 12 + place - 1


def period_of(step: int, freq: str) -> str:
    """Return the period of a step; the inverse of :func:`step_of`.

    >>> period_of(24230, "M"), period_of(2019, "A")
    ('2019-03', '2019')
    """
    return f"{step // 12}-{step % 12 + 1:02d}" if freq == "M" else str(step)


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
    rows = packaged_query("series_points", settings, iccs=iccs, area=area, sex=sex, freq=freq).records()
    keys = sorted(
        {(row["source"], row["stage"], row["counting_unit"]) for row in rows},
        key=lambda key: (UNITS.index(key[2]) if key[2] in UNITS else len(UNITS), key),
    )
    wanted = [key for key in keys if source in (None, key[0]) and counting_unit in (None, key[2])]
    if not wanted:
        raise UsageError(_nothing(iccs, area, sex, freq, source, counting_unit, keys, settings))
    chosen = wanted[0]
    own = [row for row in rows if (row["source"], row["stage"], row["counting_unit"]) == chosen]
    declared = query(
        "SELECT time_period FROM out.series_break WHERE source = $source AND coalesce(iccs = $iccs, true)",
        settings,
        {"source": chosen[0], "iccs": iccs},
    ).rows
    marked = [row["time_period"] for row in own if row["obs_status"] == "B"]
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
        breaks=tuple(sorted({*(row[0] for row in declared), *marked})),
        others=tuple(f"{key[0]}: {key[1]} {key[2]}s" for key in wanted[1:]),
    )


def _nothing(
    iccs: str,
    area: str,
    sex: str,
    freq: str,
    source: str | None,
    counting_unit: str | None,
    keys: list[tuple[str, str, str]],
    settings: Settings | None,
) -> str:
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
