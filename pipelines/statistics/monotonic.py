"""Monotonic trends: Mann-Kendall with ties, autocorrelation and seasons, the matching slopes, multiple tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of
from pipelines.statistics.many_series import limit_ranks, sen_slopes

Numbers = NDArray[np.float64]


FEWEST_POINTS = 3


@dataclass(frozen=True)
class MonotonicTest:
    """Outcome of a Mann-Kendall test; two-sided.

    Attributes:
        n: points used.
        s: the score, concordant less discordant pairs.
        variance: of the score.
        z: standard score, with continuity correction unless the method says not.
        p: two-sided.
        tau: tau-b (tau-a where nothing is tied).
        method: which variant.
        correction: the factor on the variance due to autocorrelation; 1 if it was not corrected.
        lags: lags whose autocorrelation was used.
    """

    n: int
    s: int
    variance: float
    z: float
    p: float
    tau: float
    method: str
    correction: float = 1.0
    lags: tuple[int, ...] = ()


@dataclass(frozen=True)
class Line:
    """A slope with its limits per unit of time, and the value at time 0."""

    slope: float
    low: float
    high: float
    intercept: float


def kendall(x: ArrayLike, y: ArrayLike) -> MonotonicTest:
    """Return Kendall's test of y rising or falling with x, ties allowed in both.

    Kendall (1976), Rank Correlation Methods, chapters 3 and 4. With t and u the sizes of the groups tied in x and in y:
    Var S = [n(n-1)(2n+5) - sum t(t-1)(2t+5) - sum u(u-1)(2u+5)]/18 + sum t(t-1)(t-2) sum u(u-1)(u-2) / [9n(n-1)(n-2)]
    + sum t(t-1) sum u(u-1) / [2n(n-1)]; z = (S - sign S)/sqrt(Var S); tau-b = S / sqrt of the product of the pairs not
    tied in x and in y. With x the time this is the Mann-Kendall test. Pairs with a missing value are left out.

    Args:
        x: times, or any measure that can be ordered.
        y: one value for each x.

    Raises:
        ValueError: lengths that differ, fewer than 3 points.

    >>> test = kendall([2012, 2013, 2014, 2015, 2016, 2017, 2018, 2019], [1, 2, 3, 4, 5, 6, 7, 8])
    >>> test.s, round(test.variance, 2), round(test.p, 4), test.tau
    (28, 65.33, 0.0008, 1.0)
    """
    n, s, variance, untied = _score(*_observed(x, y))
    z = _z(s, variance)
    return MonotonicTest(n, s, variance, z, _two_sided(z), s / untied if untied else 0.0, "Mann-Kendall")


def mann_kendall_autocorrelated(
    times: ArrayLike, values: ArrayLike, *, lags: int | None = None, confidence: float = 0.95
) -> MonotonicTest:
    """Return the Mann-Kendall test with the variance corrected for autocorrelation, for series that persist.

    Hamed and Rao (1998), Journal of Hydrology 204: 182-196: the series less its Sen line is ranked, and Var S is
    multiplied by 1 + 2/(n(n-1)(n-2)) x sum over i of (n-i)(n-i-1)(n-i-2) r_i, r_i the autocorrelation of the ranks at
    lag i where |r_i| > z/sqrt(n). A series with gaps keeps its own time base throughout: the Sen line is taken from
    and removed at the true times, r_i pairs only points truly i steps apart, and n in the factor is the number of steps
    from the first to the last point. (Closing up the gaps changes both the line and the lags.)

    It corrects only in part where series are short: of 300 simulated series without trend and with lag-1
    autocorrelation 0.6, the plain test called 28 % (25 points) and 32 % (40 points) a trend, this one with ``lags=1``
    22 % and 19 %, with all lags 26 %. A p just under 0.05 is weak evidence in a series that persists.

    Args:
        times: whole steps (years, or months counted through), rising; steps may be absent.
        values: one for each time; missing ones are left out.
        lags: highest lag looked at; all if None. In short series far lags are mostly noise: 3 is common.
        confidence: that an autocorrelation must reach to count.

    Raises:
        ValueError: times not whole or not rising; a variance not above 0 after correction, which short series with
            negative autocorrelation can give (the published method has no answer to it).

    >>> import numpy as np
    >>> slow = np.cumsum(np.random.default_rng(5).normal(size=40))
    >>> plain, corrected = kendall(range(40), slow), mann_kendall_autocorrelated(range(40), slow, lags=3)
    >>> plain.s == corrected.s, corrected.correction > 2, corrected.p > plain.p
    (True, True, True)
    """
    t, x = _observed(times, values)
    if (t != np.round(t)).any() or (np.diff(t) <= 0).any():
        raise ValueError(
            "times must be whole steps in ascending order, such as years, or months numbered consecutively"
        )
    plain = kendall(t, x)
    residuals = np.full(int(t[-1] - t[0]) + 1, np.nan)
    residuals[(t - t[0]).astype(int)] = x - np.median(_slopes(t, x)) * (t - t[0])
    factor, used = hamed_rao_correction(residuals, lags=lags, confidence=confidence)
    if factor <= 0:
        raise ValueError(
            f"autocorrelation at lags {', '.join(map(str, used))} makes the variance {factor:.3g} times as large, "
            "which is impossible: give a smaller number of lags, or report the uncorrected test and state this"
        )
    z = _z(plain.s, plain.variance * factor)
    method = "Mann-Kendall, Hamed-Rao"
    return MonotonicTest(plain.n, plain.s, plain.variance * factor, z, _two_sided(z), plain.tau, method, factor, used)


def hamed_rao_correction(
    residuals: ArrayLike, *, lags: int | None = None, confidence: float = 0.95
) -> tuple[float, tuple[int, ...]]:
    """Return the factor for Var S, and the lags that counted, of a series whose trend has been removed.

    See :func:`mann_kendall_autocorrelated`. The autocorrelation at lag i is the sum of the products of the centred
    ranks that are i steps apart, over the sum of their squares; a product with a missing value counts as none
    (Parzen 1963, Sankhya A 25: 383-392).

    Args:
        residuals: one for each step of time, missing if there is no value.
        lags: highest lag looked at; all if None.
        confidence: that an autocorrelation must reach to count.

    Raises:
        ValueError: fewer than 3 points, lags below 0, a confidence not between 0 and 1.

    >>> factor, used = hamed_rao_correction([1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2], lags=3)
    >>> round(factor, 3), used
    (2.209, (1,))
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    e = np.asarray(residuals, dtype=np.float64)
    n, here = len(e), ~np.isnan(e)
    if here.sum() < FEWEST_POINTS or (lags is not None and lags < 0):
        raise ValueError(f"{here.sum()} points, {lags} lags: at least {FEWEST_POINTS} points, and lags from 0 up")
    centred = np.zeros(n)
    # Residuals that differ by rounding alone are tied: the order of equal ones would otherwise be left to chance.
    centred[here] = rankdata(np.round(e[here] / (np.abs(e[here]).max() or 1.0), 10))
    centred[here] -= centred[here].mean()
    r = np.correlate(centred, centred, "full")[n - 1 :]
    r = r / r[0] if r[0] else r
    least = float(ndtri(1 - tail_of(confidence))) / math.sqrt(here.sum())
    last = n - 1 if lags is None else min(lags, n - 1)
    used = tuple(i for i in range(1, last + 1) if abs(r[i]) > least)
    added = sum((n - i) * (n - i - 1) * (n - i - 2) * float(r[i]) for i in used)
    return 1 + 2 * added / (n * (n - 1) * (n - 2)), used


def sen_line(times: ArrayLike, values: ArrayLike, *, confidence: float = 0.95) -> Line:
    """Return Sen's slope with its limits and the line it belongs to, for drawing and for saying how fast.

    Sen (1968), JASA 63: 1379-1389: median of all pairwise slopes; limits of rank (N - C)/2 and (N + C)/2 + 1 of the N
    slopes, C = z sqrt(Var S) (Gilbert 1987, Statistical Methods for Environmental Pollution Monitoring, section 16.5).
    Intercept = median of the values - slope x median of the times (Conover 1980).

    Raises:
        ValueError: fewer than 3 points, or times not all different.

    >>> sen_line([2015, 2016, 2017, 2018], [1.0, 3.0, 5.0, 7.0]).slope
    2.0
    """
    t, x = _observed(times, values)
    _slopes(t, x)  # refuses times that are not all different
    slope, low, high = (float(part) for part in sen_slopes(t, x, kendall(t, x).variance, confidence))
    return Line(slope, low, high, float(np.median(x)) - slope * float(np.median(t)))


def seasonal_mann_kendall(
    years: Sequence[int], seasons: Sequence[int], values: ArrayLike, *, correlated: bool = False
) -> MonotonicTest:
    """Return the Mann-Kendall test within seasons, summed over them, for monthly or quarterly series.

    Hirsch, Slack and Smith (1982), Water Resources Research 18: 107-121: S and Var S are summed over the seasons, z
    with continuity correction. ``correlated``: Hirsch and Slack (1984), WRR 20: 727-732: the covariances between
    seasons are added and z has no continuity correction. The covariance of seasons g and h is [K + 4 sum of R_g R_h -
    m(n_g + 1)(n_h + 1)]/3, K the sum over pairs of years of the sign of the product of the differences, R ranks with
    the middle rank where missing, m all years, n years present (Dietz and Killeen 1981, JASA 76: 169-174).

    Args:
        years: of each value.
        seasons: month or quarter of each value.
        values: missing ones are left out; other months of the same year still count.
        correlated: whether seasons are taken as dependent; needs many years (Hirsch and Slack: 10 or more).

    Raises:
        ValueError: lengths that differ, two values for one season of a year, a season with 1 or 2 years; a season
            without any value is left out.

    >>> years = [year for year in range(2015, 2019) for _ in range(2)]
    >>> test = seasonal_mann_kendall(years, [1, 2] * 4, [5, 50, 6, 52, 7, 54, 8, 56])
    >>> test.s, round(test.variance, 2)
    (12, 17.33)
    """
    table = _by_season(years, seasons, values)
    steps = np.arange(len(table), dtype=np.float64)
    parts = [_score(*_observed(steps, column)) for column in table.T]
    n, s, variance = sum(part[0] for part in parts), sum(part[1] for part in parts), sum(part[2] for part in parts)
    untied = sum(part[3] for part in parts)
    tau = s / untied if untied else 0.0
    if not correlated:
        z = _z(s, variance)
        return MonotonicTest(n, s, variance, z, _two_sided(z), tau, "seasonal Mann-Kendall")
    covariances = _season_covariances(table)
    variance += float(covariances.sum() - np.trace(covariances))
    if variance <= 0 and s:
        raise ValueError(f"the seasons' covariances leave a variance of {variance:.3g}: too few years for this test")
    z = s / math.sqrt(variance) if s else 0.0
    return MonotonicTest(n, s, variance, z, _two_sided(z), tau, "seasonal Mann-Kendall, correlated seasons")


def seasonal_sen_line(
    years: Sequence[int],
    seasons: Sequence[int],
    values: ArrayLike,
    *,
    correlated: bool = False,
    confidence: float = 0.95,
) -> Line:
    """Return the seasonal Sen slope per year with its limits: the median of the slopes within each season.

    Hirsch, Slack and Smith (1982), WRR 18: 107-121; limits as in :func:`sen_line` with the variance summed over the
    seasons (Gilbert 1987, section 17.3), or with the covariances between seasons added where ``correlated``, so that
    the limits are those of the same test. Intercept = median of the values - slope x median time, time in years from
    the first value.

    Raises:
        ValueError: as :func:`seasonal_mann_kendall`.

    >>> years = [year for year in range(2015, 2019) for _ in range(2)]
    >>> seasonal_sen_line(years, [1, 2] * 4, [5, 50, 6, 52, 7, 54, 8, 56]).slope
    1.5
    """
    table = _by_season(years, seasons, values)
    steps = np.arange(len(table), dtype=np.float64)
    slopes = np.sort(np.concatenate([_slopes(*_observed(steps, column)) for column in table.T]))
    variance = seasonal_mann_kendall(years, seasons, values, correlated=correlated).variance
    low, high = _slope_limits(slopes, max(variance, 0.0), confidence)
    slope = float(np.median(slopes))
    flat = table.ravel()
    times = np.arange(len(flat)) / table.shape[1]
    start = int(np.argmax(~np.isnan(flat)))
    middle = float(np.median(times[~np.isnan(flat)] - times[start]))
    return Line(slope, low, high, float(np.nanmedian(flat)) - slope * middle)


def false_discovery(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted for the number of tests made, for tables with many series; None stays None.

    Benjamini and Hochberg (1995), JRSS B 57: 289-300. If what is below 0.05 is then called significant, the expected
    share of false calls is below 5 %.

    >>> [p if p is None else round(p, 3) for p in false_discovery([0.01, None, 0.02, 0.2])]
    [0.03, None, 0.03, 0.2]
    """
    # scipy.stats.false_discovery_control gives the same; its import takes longer than all the tests of a release.
    tested = np.array([p for p in p_values if p is not None], dtype=np.float64)
    ranks = np.arange(len(tested), 0, -1)
    descending = np.argsort(-tested, kind="stable")
    in_order = np.empty_like(tested)
    in_order[descending] = np.minimum.accumulate(np.minimum(tested[descending] * len(tested) / ranks, 1.0))
    adjusted = iter(in_order.tolist())
    return [None if p is None else float(next(adjusted)) for p in p_values]


def _observed(x: ArrayLike, y: ArrayLike) -> tuple[Numbers, Numbers]:
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"need one value for each time: got {a.size} times and {b.size} values")
    if np.isinf(a).any() or np.isinf(b).any():
        raise ValueError("a time or a value is infinite")
    keep = ~(np.isnan(a) | np.isnan(b))
    return a[keep], b[keep]


def _score(a: Numbers, b: Numbers) -> tuple[int, int, float, float]:
    """Points, Kendall's S, its variance, and the pairs that S is a share of in tau-b."""
    n = len(a)
    if n < FEWEST_POINTS:
        raise ValueError(f"{n} points: the test needs at least {FEWEST_POINTS}, and is meaningful from 8")
    s = int((np.sign(a[None, :] - a[:, None]) * np.sign(b[None, :] - b[:, None])).sum()) // 2
    (t2, t3, t5), (u2, u3, u5) = _ties(a), _ties(b)
    variance = (n * (n - 1) * (2 * n + 5) - t5 - u5) / 18
    variance += t3 * u3 / (9 * n * (n - 1) * (n - 2)) + t2 * u2 / (2 * n * (n - 1))
    return n, s, variance, math.sqrt((n * (n - 1) - t2) * (n * (n - 1) - u2)) / 2


def _ties(x: Numbers) -> tuple[float, float, float]:
    """Sums of t(t-1), t(t-1)(t-2) and t(t-1)(2t+5) over the groups of t equal values."""
    t = np.unique(x, return_counts=True)[1].astype(np.float64)
    return float((t * (t - 1)).sum()), float((t * (t - 1) * (t - 2)).sum()), float((t * (t - 1) * (2 * t + 5)).sum())


def _z(s: int, variance: float) -> float:
    return 0.0 if s == 0 or variance <= 0 else (s - math.copysign(1, s)) / math.sqrt(variance)


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def _slopes(t: Numbers, x: Numbers) -> Numbers:
    first, second = np.triu_indices(len(t), 1)
    gaps = t[second] - t[first]
    if (gaps == 0).any():
        raise ValueError("two values for one time: a slope needs distinct times")
    return np.asarray(np.sort((x[second] - x[first]) / gaps), dtype=np.float64)


def _slope_limits(slopes: Numbers, variance: float, confidence: float) -> tuple[float, float]:
    low, high = limit_ranks(len(slopes), variance, confidence)
    return float(slopes[low]), float(slopes[high])


def _by_season(years: Sequence[int], seasons: Sequence[int], values: ArrayLike) -> Numbers:
    """Table of a row for each year from the first to the last, and a column for each season; missing where absent."""
    x = np.asarray(values, dtype=np.float64)
    if not len(years) == len(seasons) == len(x):
        raise ValueError(f"need one year and season for each value: got {len(years)}, {len(seasons)} and {len(x)}")
    if len(set(zip(years, seasons, strict=True))) < len(x):
        raise ValueError("two values for one season of a year: a series can have only one")
    if np.isnan(x).all():
        raise ValueError("no season has a value")
    columns = {season: n for n, season in enumerate(sorted(set(seasons)))}
    table = np.full((max(years) - min(years) + 1, len(columns)), np.nan)
    for year, season, value in zip(years, seasons, x, strict=True):
        table[year - min(years), columns[season]] = value
    if np.isinf(table).any():
        raise ValueError("a value is infinite")
    present = (~np.isnan(table)).sum(axis=0)
    for season, column in columns.items():
        if 0 < present[column] < FEWEST_POINTS:
            raise ValueError(
                f"season {season} has {present[column]} years: each needs at least {FEWEST_POINTS}, or none"
            )
    return table[:, present > 0]


def _season_covariances(table: Numbers) -> Numbers:
    """Covariance matrix of the seasons' scores (Dietz and Killeen 1981)."""
    signs = np.nan_to_num(np.sign(table[None, :, :] - table[:, None, :]))
    counts = (~np.isnan(table)).sum(axis=0)
    ranks = (counts + 1 + signs.sum(axis=0)) / 2
    concordance = np.einsum("ijg,ijh->gh", signs, signs) / 2
    crossed = len(table) * np.outer(counts + 1, counts + 1)
    return np.asarray((concordance + 4 * ranks.T @ ranks - crossed) / 3, dtype=np.float64)
