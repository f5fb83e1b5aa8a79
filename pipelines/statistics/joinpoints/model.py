"""Joinpoint regression: log-linear segments that meet at years, with the annual percent change of each.

The variant is that of the Joinpoint program of the US National Cancer Institute (NCI), grid search with joinpoints at
observed years only, without jumps. Kim, Fay, Feuer and Midthune (2000), Statistics in Medicine 19: 335-351; Clegg et
al. (2009), Statistics in Medicine 28: 3670-3682, for the average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

BEYOND_ENDS = 2
"""Fewest observations before the first and after the last joinpoint."""
BETWEEN = 2
"""Fewest observations between two joinpoints."""

_RESPONSES_AT_ONCE = 1000  # what one step of the search works on stays in the processor's cache


ZeroRule = Literal["refuse", "add half"]


@dataclass(frozen=True)
class PercentChange:
    """Change in percent a year from ``first`` to ``last``, with its limits and the two-sided p that it is 0."""

    first: int
    last: int
    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Segment(PercentChange):
    """One log-linear segment: its annual percent change (APC), and the slope of the logarithm with its error."""

    slope: float
    slope_error: float


@dataclass(frozen=True)
class JoinpointModel:
    """Best model of a given number of joinpoints.

    Attributes:
        years: observed.
        joinpoints: years at which segments meet.
        sse: weighted sum of squared errors of the logarithms.
        degrees: residual degrees of freedom of the slopes' errors, n - 2 - 3k.
        segments: from the first year to the last.
        fitted: the value of the model in each year, in the unit of the series.
        confidence: of all intervals.
    """

    years: tuple[int, ...]
    joinpoints: tuple[int, ...]
    sse: float
    degrees: int
    segments: tuple[Segment, ...]
    fitted: tuple[float, ...]
    confidence: float

    @property
    def average(self) -> PercentChange:
        """Average annual percent change (AAPC) from the first year to the last."""
        return average_change(self, self.years[0], self.years[-1])


class LogSeries:
    """A series prepared for fitting: weighted logarithms, and what every search needs of them."""

    def __init__(
        self, years: Sequence[int], values: ArrayLike, errors: ArrayLike | None, autocorrelation: float
    ) -> None:
        """Check the series and whiten it: observations divided by their errors and decorrelated.

        Raises:
            ValueError: lengths that differ, years not whole or not rising, a value or error not above 0.
        """
        self.years = np.asarray(years, dtype=np.float64)
        x = np.asarray(values, dtype=np.float64)
        if x.shape != self.years.shape or (self.years % 1 != 0).any() or (np.diff(self.years) <= 0).any():
            raise ValueError("a series needs one value for each year, with whole years in ascending order")
        if np.isinf(x).any() or np.isinf(self.years).any():
            raise ValueError("a year or a value is infinite")
        if not (x > 0).all():
            raise ValueError(
                "a value of 0, below 0 or missing has no logarithm: leave missing ones out, see log_ready for zeros"
            )
        self.first_log = float(np.log(x[0])) if len(x) else 0.0
        self.logs = np.log(x) - self.first_log  # a series that does not move is 0 throughout, without rounding
        spread = np.ones(len(x)) if errors is None else np.asarray(errors, dtype=np.float64) / x
        if spread.shape != x.shape or not ((spread > 0) & np.isfinite(spread)).all():
            raise ValueError("each value needs a standard error above 0")
        if not -1 < autocorrelation < 1:
            raise ValueError(f"autocorrelation {autocorrelation} is not between -1 and 1")
        apart = np.abs(self.years[:, None] - self.years[None, :])
        covariance = np.outer(spread, spread) * np.power(autocorrelation, apart)
        self.whiten: Numbers = np.linalg.inv(np.linalg.cholesky(covariance))
        self.covariance = covariance

    @property
    def n(self) -> int:
        """Number of observations."""
        return len(self.years)

    def design(self, places: Sequence[int]) -> Numbers:
        """Columns of a model: 1, the year from the first, and the years past each joinpoint."""
        past = [np.maximum(self.years - self.years[place], 0.0) for place in places]
        return np.column_stack([np.ones(self.n), self.years - self.years[0], *past])


def log_ready(
    counts: ArrayLike, populations: ArrayLike, *, zeros: ZeroRule = "refuse", per: float = 100_000
) -> tuple[Numbers, Numbers]:
    """Return rates and their standard errors (Poisson: rate / sqrt(count)), ready for :func:`fit_joinpoints`.

    A count of 0 has no logarithm. ``refuse`` raises; ``add half`` replaces each 0, and nothing else, by 0.5, which must
    be stated wherever the result is shown. With many zeros, the model itself is not suitable.

    Raises:
        ValueError: a zero count with ``refuse``, a count below 0 or missing, a population not above 0.

    >>> rates, errors = log_ready([0, 4], [100_000, 100_000], zeros="add half")
    >>> rates.tolist(), errors.round(3).tolist()
    ([0.5, 4.0], [0.707, 2.0])
    """
    x, n = np.asarray(counts, dtype=np.float64), np.asarray(populations, dtype=np.float64)
    check_choice("zeros", zeros, ZeroRule)
    if x.shape != n.shape:
        raise ValueError(f"one population for each count: got {x.size} counts and {n.size} populations")
    if not ((x >= 0).all() and (n > 0).all() and np.isfinite([*x, *n]).all()):
        raise ValueError("counts must not be below 0 or missing, and populations must be above 0")
    if zeros == "refuse" and (x == 0).any():
        raise ValueError("a count of 0 has no logarithm: leave out the series, or choose 'add half' and report this")
    filled = np.where(x == 0, 0.5, x)
    return filled / n * per, np.sqrt(filled) / n * per


def most_joinpoints(n: int) -> int:
    """Return the largest number of joinpoints to consider for n years, by NCI's recommendation.

    >>> [most_joinpoints(n) for n in (6, 7, 12, 17, 22, 27, 40)]
    [0, 1, 2, 3, 4, 5, 5]
    """
    return min(max((n - 2) // 5, 0), 5)


def fit_joinpoints(
    years: Sequence[int],
    values: ArrayLike,
    standard_errors: ArrayLike | None = None,
    *,
    number: int = 0,
    confidence: float = 0.95,
    autocorrelation: float = 0.0,
) -> JoinpointModel:
    """Return the best model of a given number of joinpoints; :func:`~.number.choose_joinpoints` finds it.

    Weighted least squares of ln(value) on the year, continuous at the joinpoints; weights (value / error)^2, or equal
    without errors. The joinpoints are the observed years that give the smallest sum of squares, with at least 2
    observations beyond the outer joinpoints and between any two.

    The slopes' errors come from the segments fitted one by one without the observations at the joinpoints, with the
    residual variance sum of their squares / (n - 2 - 3k): the errors of the continuous fit would take the joinpoints
    as known beforehand and be too small. APC = 100 (exp(slope) - 1), limits by Student's t on n - 2 - 3k degrees.

    Args:
        years: whole, rising; absent years are allowed.
        values: above 0.
        standard_errors: of the values.
        number: of joinpoints.
        confidence: of the intervals.
        autocorrelation: between neighbouring years, if known; weights become those of generalised least squares.

    Raises:
        ValueError: a series that cannot be fitted, or too short for this number of joinpoints.

    >>> values = [100 * 1.05 ** min(n, 8) * 0.9 ** max(n - 8, 0) * (1 + 0.01 * (-1) ** n) for n in range(16)]
    >>> model = fit_joinpoints(range(2004, 2020), values, number=1)
    >>> model.joinpoints, [round(segment.value) for segment in model.segments]
    ((2012,), [5, -10])
    """
    series = LogSeries(years, values, standard_errors, autocorrelation)
    return fit_series(series, number, confidence)


def fit_series(series: LogSeries, number: int, confidence: float) -> JoinpointModel:
    """Return the best model of a prepared series; see :func:`fit_joinpoints`."""
    if number < 0 or number % 1:
        raise ValueError(f"{number} is not a possible number of joinpoints: 0, 1, 2 ...")
    if series.n - 2 - 3 * number < 1:
        raise ValueError(f"{series.n} years are too few for {number} joinpoints: the errors need n - 2 - 3k above 0")
    return fit_at(series, smallest_sums(series, number)[1][0].tolist(), confidence)


def fit_at(series: LogSeries, places: list[int], confidence: float) -> JoinpointModel:
    """Return the model with joinpoints at these positions of the series; see :func:`fit_joinpoints`."""
    from scipy.special import stdtrit

    tail, number = tail_of(confidence), len(places)
    degrees = series.n - 2 - 3 * number
    design = series.design(places)
    coefficients = np.linalg.lstsq(series.whiten @ design, series.whiten @ series.logs, rcond=None)[0]
    residuals = series.whiten @ (series.logs - design @ coefficients)
    sse = float(residuals @ residuals)
    slopes = np.cumsum(coefficients[1:])
    errors = _slope_errors(series, places, degrees)
    quantile = float(stdtrit(degrees, 1 - tail))
    edges = [int(series.years[place]) for place in (0, *places, series.n - 1)]
    segments = tuple(
        Segment(
            edges[i],
            edges[i + 1],
            *_percent(slope, quantile * error),
            _two_sided(slope, error, degrees),
            slope,
            error,
        )
        for i, (slope, error) in enumerate(zip(slopes.tolist(), errors, strict=True))
    )
    return JoinpointModel(
        years=tuple(int(year) for year in series.years),
        joinpoints=tuple(edges[1:-1]),
        sse=sse,
        degrees=degrees,
        segments=segments,
        fitted=tuple(np.exp(design @ coefficients + series.first_log).tolist()),
        confidence=confidence,
    )


def average_change(model: JoinpointModel, first: int, last: int) -> PercentChange:
    """Return the average annual percent change (AAPC) between two years of a model, such as its last 5 or 10.

    Clegg et al. (2009): 100 (exp(sum w b / sum w) - 1), b the slopes and w the years of each segment inside the range;
    limits and p by the normal distribution with variance sum (w / sum w)^2 error^2. Inside a single segment it is that
    segment's APC with its limits and p by Student's t.

    Args:
        model: fitted.
        first: year from which.
        last: year to which.

    Raises:
        ValueError: years outside the model, or not rising.

    >>> values = [100 * 1.05 ** min(n, 8) * 0.9 ** max(n - 8, 0) * (1 + 0.01 * (-1) ** n) for n in range(16)]
    >>> model = fit_joinpoints(range(2004, 2020), values, number=1)
    >>> round(average_change(model, 2010, 2014).value), round(average_change(model, 2014, 2019).value)
    (-3, -10)
    """
    from scipy.special import ndtri, stdtrit

    segments = model.segments
    if not segments[0].first <= first < last <= segments[-1].last:
        raise ValueError(f"{first}-{last} is not inside {segments[0].first}-{segments[-1].last}")
    years = np.array([max(min(last, part.last) - max(first, part.first), 0) for part in segments], dtype=np.float64)
    share = years / years.sum()
    slope = float(share @ np.array([part.slope for part in segments]))
    error = math.sqrt(float(share**2 @ np.array([part.slope_error for part in segments]) ** 2))
    level = 0.5 + model.confidence / 2
    degrees = model.degrees if (years > 0).sum() == 1 else None
    quantile = float(ndtri(level) if degrees is None else stdtrit(degrees, level))
    return PercentChange(first, last, *_percent(slope, quantile * error), _two_sided(slope, error, degrees))


def smallest_sums(series: LogSeries, number: int, responses: Numbers | None = None) -> tuple[Numbers, Whole]:
    """Return, for each response, the smallest weighted sum of squares over all allowed joinpoints, and their positions.

    Every allowed set is looked at. The straight line is taken out of the responses and of the hinges (year -
    joinpoint)+ once; then each joinpoint of a set takes out what its hinge explains, so that sets with the same first
    joinpoints share that work, and the last joinpoint is found for all candidates at once.

    Args:
        series: prepared.
        number: of joinpoints.
        responses: whitened, one a column; the series itself if None.

    Raises:
        ValueError: too few observations for this number of joinpoints.
    """
    y = (series.whiten @ series.logs)[:, None] if responses is None else responses
    candidates = np.arange(BEYOND_ENDS, series.n - BEYOND_ENDS)
    if len(candidates) <= (number - 1) * (BETWEEN + 1):
        raise ValueError(f"{series.n} years are too few for {number} joinpoints")
    hinges = series.whiten @ series.design(candidates.tolist())[:, 2:]
    return search_hinges(series.whiten @ series.design([]), hinges, candidates, number, y)


def search_hinges(
    base: Numbers, hinges: Numbers, candidates: Whole, number: int, responses: Numbers
) -> tuple[Numbers, Whole]:
    """Return the smallest sum of squares of each response over all allowed sets of hinges, and their positions.

    Args:
        base: columns that every model has, whitened as all others.
        hinges: a column for each candidate.
        candidates: positions of the hinges, rising by 1.
        number: of hinges in a set.
        responses: one a column.
    """
    line = np.linalg.qr(base)[0]
    y = responses - line @ (line.T @ responses)
    total = np.einsum("ij,ij->j", y, y)
    if number == 0:
        return total, np.zeros((y.shape[1], 0), dtype=np.int64)
    hinges = hinges - line @ (line.T @ hinges)
    products, shared = hinges.T @ hinges, hinges.T @ y
    searches = []
    for start in range(0, y.shape[1], _RESPONSES_AT_ONCE):
        part = shared[:, start : start + _RESPONSES_AT_ONCE]
        search = _Search(np.full(part.shape[1], -np.inf), np.zeros((part.shape[1], number), dtype=np.int64))
        search.visit(candidates, products, part, np.zeros(part.shape[1]), ())
        searches.append(search)
    explained = np.concatenate([search.explained for search in searches])
    return np.maximum(total - explained, 0.0), np.concatenate([search.places for search in searches])


@dataclass(frozen=True)
class _Search:
    """Best found so far for each response: what it explains, and the positions of its joinpoints."""

    explained: Numbers
    places: Whole

    def visit(self, left: Whole, products: Numbers, shared: Numbers, gain: Numbers, chosen: tuple[int, ...]) -> None:
        """Try each candidate left as the next joinpoint.

        Args:
            left: positions of the candidates.
            products: of the candidates' hinges among themselves, the chosen ones taken out.
            shared: products of the candidates' hinges with the responses.
            gain: what the chosen ones explain.
            chosen: positions.
        """
        lengths = np.diag(products)
        missing = self.places.shape[1] - len(chosen) - 1
        if missing == 0:
            found = shared**2 / lengths[:, None]
            top = found.argmax(axis=0)
            total = gain + found[top, np.arange(found.shape[1])]
            better = total > self.explained
            self.explained[better] = total[better]
            self.places[better, :-1] = chosen
            self.places[better, -1] = left[top[better]]
            return
        for at in range(len(left) - missing * (BETWEEN + 1)):
            root = math.sqrt(lengths[at])
            taken, along = shared[at] / root, products[at, at + BETWEEN + 1 :] / root
            later = slice(at + BETWEEN + 1, None)
            self.visit(
                left[later],
                products[later, later] - np.outer(along, along),
                shared[later] - along[:, None] * taken,
                gain + taken**2,
                (*chosen, int(left[at])),
            )


def _slope_errors(series: LogSeries, places: Sequence[int], degrees: int) -> list[float]:
    """Return the errors of the slopes, from segments fitted separately without the observations at the joinpoints."""
    edges = [-1, *places, series.n]
    squares, spreads = 0.0, []
    for before, after in pairwise(edges):
        inside = slice(before + 1, after)
        whiten = np.linalg.inv(np.linalg.cholesky(series.covariance[inside, inside]))
        design = whiten @ np.column_stack([np.ones(after - before - 1), series.years[inside] - series.years[0]])
        logs = whiten @ series.logs[inside]
        residuals = logs - design @ np.linalg.lstsq(design, logs, rcond=None)[0]
        squares += float(residuals @ residuals)
        spreads.append(float(np.linalg.inv(design.T @ design)[1, 1]))
    return [math.sqrt(squares / degrees * spread) for spread in spreads]


def _two_sided(slope: float, error: float, degrees: int | None) -> float:
    """Return the two-sided p by Student's t, or by the normal distribution without degrees of freedom."""
    from scipy.special import ndtr, stdtr

    if not error:
        return float(slope == 0)
    score = -abs(slope) / error
    return 2 * float(ndtr(score) if degrees is None else stdtr(degrees, score))


def _percent(slope: float, reach: float) -> tuple[float, float, float]:
    return 100 * math.expm1(slope), 100 * math.expm1(slope - reach), 100 * math.expm1(slope + reach)
