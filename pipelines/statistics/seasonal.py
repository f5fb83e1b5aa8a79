"""Monthly series: decomposed by STL into trend, season and remainder, seasonally adjusted, with turning points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.resampling.monthly_noise import flat_series, monthly_noise

if TYPE_CHECKING:
    from statsmodels.tsa.seasonal import DecomposeResult

Numbers = NDArray[np.float64]

FEWEST_YEARS = 3
"""Fewest months: with fewer than 3 full years a season cannot be distinguished from the rest; 5 are better."""
DAYS_IN_A_MONTH = 365.2425 / 12
REACH = 6
"""Months looked at on either side of a turning point."""
SHORTEST_PHASE = 6
"""Months at least between a peak and a trough."""


@dataclass(frozen=True)
class Smoothing:
    """Settings of STL, as named by Cleveland et al. (1990); lengths in months, odd; local fits are lines.

    The program uses the defaults; the others reproduce published results of other programs.

    Attributes:
        seasonal: window of the seasonal smoother; the larger, the less the season changes from year to year.
        periodic: whether the season is the same in every year, as with R's ``s.window = "periodic"``: ``seasonal`` is
            then 10 n + 1 of n months, its local fits are constant, and each month gets its mean season.
        trend: window of the trend smoother; the smallest odd length above 1.5 x 12 / (1 - 1.5 / seasonal) if None.
        low_pass: window of the low-pass filter; 13 if None.
        seasonal_jump: months between fits; 1 fits every month.
        trend_jump: the same.
        low_pass_jump: the same.
        robust: whether unusual months are weighted down.
        inner: rounds of the inner loop; 5, or 2 where robust, if None.
        outer: rounds of the robustness loop; 0, or 15 where robust, if None.
    """

    seasonal: int = 13
    periodic: bool = False
    trend: int | None = None
    low_pass: int | None = None
    seasonal_jump: int = 1
    trend_jump: int = 1
    low_pass_jump: int = 1
    robust: bool = True
    inner: int | None = None
    outer: int | None = None


@dataclass(frozen=True)
class TurningPoint:
    """A month in which the trend stops rising (peak) or falling (trough)."""

    month: tuple[int, int]
    kind: Literal["peak", "trough"]
    value: float


@dataclass(frozen=True)
class Decomposition:
    """A monthly series and its parts, month by month.

    Where ``multiplicative``, value = trend x season x remainder, else their sum. ``adjusted`` is the value without its
    season; ``weights`` near 0 mark unusual months.
    """

    months: tuple[tuple[int, int], ...]
    values: Numbers
    trend: Numbers
    season: Numbers
    remainder: Numbers
    adjusted: Numbers
    weights: Numbers
    multiplicative: bool
    smoothing: Smoothing = field(default_factory=Smoothing)


def decompose(
    months: Sequence[tuple[int, int]],
    values: ArrayLike,
    *,
    multiplicative: bool = False,
    equal_months: bool = False,
    smoothing: Smoothing | None = None,
) -> Decomposition:
    """Return trend, season and remainder of a monthly series by STL, for reading past the seasons.

    Cleveland, Cleveland, McRae and Terpenning (1990), Journal of Official Statistics 6: 3-73, as in
    statsmodels. R's ``stl`` gives the same with its settings (``inner`` 2, or 1 where robust; jumps of a tenth of each
    window, rounded up; constant fits of the season), save that its robust weights differ where its partial sort misses
    the median of the residuals (seen in R 4.2 with 72 months, not with 192 or 240).

    The last months change when new ones arrive: publish them as provisional.

    Args:
        months: (year, month) of each value, rising.
        values: one for each month.
        multiplicative: works on logarithms; for counts whose season grows with their level. Needs values above 0.
        equal_months: first divides by the days of the month and multiplies by the average month of 30.44 days.
        smoothing: of STL; robust with a seasonal window of 13 if None.

    Raises:
        ValueError: fewer than 36 months, months that do not rise, a month without a value, a value not above 0 with
            ``multiplicative``.

    >>> months = [(2015 + n // 12, n % 12 + 1) for n in range(60)]
    >>> parts = decompose(months, [100 + n + 10 * (n % 12 == 6) for n in range(60)])
    >>> [round(float(x)) for x in (parts.trend[0], parts.adjusted[6], parts.adjusted[59])]
    [101, 107, 160]
    """
    calendar, x = _whole_months(months, np.asarray(values, dtype=np.float64))
    if equal_months:
        x = x / _days(calendar) * DAYS_IN_A_MONTH
    if np.isinf(x).any():
        raise ValueError("a value is infinite")
    if multiplicative and not (x > 0).all():
        raise ValueError(
            "a month without events has no logarithm: decompose additively, or join the months into quarters"
        )
    how = smoothing or Smoothing()
    parts = _fit_stl(np.log(x) if multiplicative else x, how)
    back = np.exp if multiplicative else np.positive
    trend, season, rest = (np.asarray(part) for part in (parts.trend, parts.seasonal, parts.resid))
    if how.periodic:
        place = np.arange(len(x)) % 12
        same = (np.bincount(place, season) / np.bincount(place))[place]
        rest, season = rest + season - same, same
    trend, season, rest = back(trend), back(season), back(rest)
    adjusted = x / season if multiplicative else x - season
    weights = np.asarray(parts.weights, dtype=np.float64)
    return Decomposition(calendar, x, trend, season, rest, adjusted, weights, multiplicative, how)


def _fit_stl(x: Numbers, how: Smoothing) -> DecomposeResult:
    """Fit STL to a monthly series without gaps; a periodic season has a window that spans all years."""
    from statsmodels.tsa.seasonal import STL

    model = STL(
        x,
        period=12,
        seasonal=10 * len(x) + 1 if how.periodic else how.seasonal,
        trend=how.trend,
        low_pass=how.low_pass,
        seasonal_deg=0 if how.periodic else 1,
        robust=how.robust,
        seasonal_jump=how.seasonal_jump,
        trend_jump=how.trend_jump,
        low_pass_jump=how.low_pass_jump,
    )
    return model.fit(inner_iter=how.inner, outer_iter=how.outer)


def turning_points(decomposition: Decomposition) -> list[TurningPoint]:
    """Return the peaks and troughs of the trend, those that further months cannot easily undo.

    After Bry and Boschan (1971), Cyclical Analysis of Time Series, NBER Technical Paper 20, on the trend of STL: a turn
    is the highest (lowest) month of the six months on either side; of two peaks in a row the higher stays, of two
    troughs the lower; turns nearer than six months to the one before are dropped. The first and last six months cannot
    be turns. A turn says nothing of significance or cause.

    Args:
        decomposition: of a monthly series.

    >>> import math
    >>> months = [(2010 + n // 12, n % 12 + 1) for n in range(96)]
    >>> wave = [100 + 20 * math.sin(2 * math.pi * n / 48) + 5 * (n % 12 == 0) for n in range(96)]
    >>> [(turn.month, turn.kind) for turn in turning_points(decompose(months, wave))]
    [((2011, 1), 'peak'), ((2013, 1), 'trough'), ((2015, 1), 'peak'), ((2017, 1), 'trough')]
    """
    turns: list[tuple[int, bool]] = []
    # Values that differ only by rounding are equal, so that a flat trend has no turns.
    trend = np.round(decomposition.trend / (np.abs(decomposition.trend).max() or 1.0), 10)
    for at in range(REACH, len(trend) - REACH):
        around = trend[at - REACH : at + REACH + 1]
        high, low = int(around.argmax()) == REACH, int(around.argmin()) == REACH
        if not (high or low):
            continue
        if turns and turns[-1][1] == high:
            if (trend[at] > trend[turns[-1][0]]) == high:
                turns[-1] = (at, high)
        elif not turns or at - turns[-1][0] >= SHORTEST_PHASE:
            turns.append((at, high))
    return [
        TurningPoint(decomposition.months[at], "peak" if high else "trough", float(decomposition.trend[at]))
        for at, high in turns
    ]


def turning_points_beyond_noise(
    decomposition: Decomposition, *, samples: int = 199, seed: int = 1
) -> list[TurningPoint]:
    """Return the turning points between which the trend moves farther than noise alone would move it.

    Of series that only swing at random, the trend of STL has a peak or trough every year or two. Parametric bootstrap:
    flat series with the noise of this one are smoothed with the same windows (without the weights of robust STL, as
    normal noise has no unusual months), and of each it is seen how far the trend goes on both sides of a turn that
    stays when smaller ones are left out. A turn stays here where the trend rises or falls on both sides by more than in
    95 % of these, so that 95 % of flat series have none.

    The noise, on the scale of the decomposition, is that of counts by chance (Poisson: independent from month to month)
    and an AR(1), drawn for each flat series from what it may be
    (:func:`pipelines.statistics.resampling.monthly_noise.monthly_noise`): ten years leave its correlation uncertain by
    an eighth, and one taken as known lets noise that is more correlated than it looks pass for turns.

    Args:
        decomposition: of a monthly series of counts.
        samples: flat series made.
        seed: of these.
    """
    scale = np.log if decomposition.multiplicative else np.positive
    noise = monthly_noise(scale(np.maximum(decomposition.values, 1e-9)), _chance(decomposition))
    if not noise.chance:
        return turning_points(decomposition)
    months = len(decomposition.trend)
    how = replace(decomposition.smoothing, robust=False, periodic=False, inner=None, outer=None)
    largest = []
    for trend in flat_series(noise, months, samples, seed) @ trend_weights(months, how):
        stages = fewer_turning_points(replace(decomposition, trend=trend), trend)
        largest.append(max((smallest for _, smallest in stages), default=0.0))
    least = float(np.quantile(largest, 0.95))
    stages = fewer_turning_points(decomposition, scale(np.maximum(decomposition.trend, 1e-9)))
    return next((turns for turns, smallest in stages if smallest >= least), [])


@lru_cache(maxsize=4)
def trend_weights(months: int, how: Smoothing) -> Numbers:
    """Return the contribution of each month (row) to the trend (columns); without robust weights STL is linear."""
    return np.array([np.asarray(_fit_stl(month, how).trend) for month in np.eye(months)])


def _chance(decomposition: Decomposition) -> float:
    """Return the variance of a month's count by chance, on the scale of the decomposition."""
    counts = np.maximum(decomposition.values, 1.0)
    return float(np.mean(1 / counts) if decomposition.multiplicative else np.mean(counts))


def fewer_turning_points(decomposition: Decomposition, trend: Numbers) -> Iterator[tuple[list[TurningPoint], float]]:
    """Yield the turns and the smallest swing beside them; then, each time, without that swing and both its turns."""
    turns = turning_points(decomposition)
    while turns:
        swings = swings_between(trend, [_place(decomposition, turn) for turn in turns])
        smallest = int(np.argmin(swings))
        yield turns, swings[smallest]
        turns = [turn for place, turn in enumerate(turns) if place not in (smallest - 1, smallest)]


def swings_between(trend: Numbers, places: Sequence[int]) -> list[float]:
    """Return how far the trend moves from its start to the first turn, between turns, and from the last to its end."""
    return [float(part) for part in np.abs(np.diff(trend[[0, *places, len(trend) - 1]]))]


def _place(decomposition: Decomposition, turn: TurningPoint) -> int:
    return decomposition.months.index(turn.month)


def _whole_months(months: Sequence[tuple[int, int]], values: Numbers) -> tuple[tuple[tuple[int, int], ...], Numbers]:
    """Return every month from first to last, and its value."""
    places = np.array([year * 12 + month - 1 for year, month in months], dtype=np.int64)
    if values.shape != places.shape or (np.diff(places) <= 0).any() or any(not 1 <= month <= 12 for _, month in months):
        raise ValueError(
            "a monthly series needs one value for each (year, month), with months 1 to 12 in ascending order"
        )
    length = int(places[-1] - places[0]) + 1 if len(places) else 0
    if length < 12 * FEWEST_YEARS:
        raise ValueError(f"{length} months are too few: at least {12 * FEWEST_YEARS} are needed to detect seasonality")
    x = np.full(length, np.nan)
    x[places - places[0]] = values
    calendar = tuple(((place // 12), place % 12 + 1) for place in range(int(places[0]), int(places[-1]) + 1))
    if np.isnan(x).any():
        missing = ", ".join(
            f"{year}-{month:02d}" for (year, month), no in zip(calendar, np.isnan(x), strict=True) if no
        )
        raise ValueError(f"no value for {missing}: the season can be removed only from months that all have one")
    return calendar, x


def _days(calendar: Sequence[tuple[int, int]]) -> Numbers:
    from calendar import monthrange

    return np.array([monthrange(year, month)[1] for year, month in calendar], dtype=np.float64)
