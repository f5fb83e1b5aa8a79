"""Wild cluster bootstrap of a difference in differences, for few clusters and few treated ones.

Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90: 414-427; the restricted bootstrap-t that
they recommend. Weights: signs (Rademacher), or the six points of Webb (2023), Canadian Journal of Economics 56:
839-858, for fewer than a dozen clusters, of which there are too few ways to draw signs. The draws are made by cluster
and never of the rows, after Roodman, MacKinnon, Nielsen and Webb (2019), Stata Journal 19: 4-60.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of

Numbers = NDArray[np.float64]
WildWeights = Literal["webb", "rademacher"]

FEWEST_TREATED = 2
"""Clusters in each group: with one, the bootstrap finds hardly anything (MacKinnon and Webb 2017, Journal of Applied
Econometrics 32: 233-254)."""
FEWEST_DRAWS = 99

_POINTS: dict[str, Numbers] = {
    "webb": np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)]),
    "rademacher": np.array([-1.0, 1.0]),
}
_STEPS = 40  # halvings of an interval for a limit
_FAR = 2.0**20  # standard errors beyond which a limit is called infinite


@dataclass(frozen=True)
class WildEffect:
    """Difference in differences with p and limits of the wild cluster bootstrap.

    Attributes:
        value: mean of the treated, after less before, less the same of the others; in the unit of the outcome.
        error: clustered by area, with Stata's factor.
        t: value over error.
        p: share of the draws under no effect whose t is as far from 0.
        low: smallest effect that the same test would not reject; minus infinity if there is none.
        high: largest effect that the same test would not reject.
        draws: the observed data included; all there are where they are not more than were asked for.
        treated_clusters: number of clusters in the treated group.
        clusters: number of all.
        weights: drawn.
    """

    value: float
    error: float
    t: float
    p: float
    low: float
    high: float
    draws: int
    treated_clusters: int
    clusters: int
    weights: WildWeights


def wild_cluster_difference(
    values: ArrayLike,
    treated: ArrayLike,
    after: ArrayLike,
    clusters: Sequence[object],
    *,
    weights: WildWeights = "webb",
    draws: int = 9_999,
    seed: int = 1,
    confidence: float = 0.95,
) -> WildEffect:
    """Return the difference in differences of two groups of clusters, tested by the restricted wild cluster bootstrap.

    The effect and error are those of :func:`~pipelines.statistics.linear_designs.difference_in_differences` with
    clusters. Residuals of the model without the effect are multiplied, cluster by cluster, by random weights, and the
    clustered t of each such data set is set beside the observed one. Limits are the effects that the same draws do not
    reject. The same seed gives the same answer. In a panel of areas that all have every time, the t and the p are those
    of the model with an effect for each area and time.

    With one treated cluster its residuals sum to 0 in each draw, the error leaves it out, and hardly any effect is
    found: that is refused, and :func:`~pipelines.statistics.linear_designs.panel_difference` is left.

    Args:
        values: outcome, one row an observation.
        treated: whether the row is of the treated group.
        after: whether it is after the date.
        clusters: name of the cluster (area) of each row.
        weights: Webb's six points, or signs.
        draws: data sets, the observed one included; all are taken where there are not more.
        seed: of the draws.
        confidence: of the limits.

    Raises:
        ValueError: lengths that differ, missing values, a group without a row before or after, a cluster in both
            groups, fewer than two clusters in a group, no residual to draw from, too few draws.

    >>> panel = [[1, 2, 3, 9], [1, 2, 3, 8], [2, 3, 4, 5], [0, 1, 2, 3.5], [5, 6, 7, 8], [2, 2, 3, 3]]
    >>> area = [n for n in range(6) for _ in range(4)]
    >>> found = wild_cluster_difference(sum(panel, []), [n < 2 for n in area], [0, 0, 0, 1] * 6, area)
    >>> round(found.value, 3), found.treated_clusters, found.draws, found.low < found.value < found.high
    (4.708, 2, 9999, True)
    """
    check_choice("weights", weights, WildWeights)
    tail = tail_of(confidence)
    if draws < FEWEST_DRAWS:
        raise ValueError(f"{draws} draws are too few; {FEWEST_DRAWS} at least")
    y, inside_rows, late = _checked_rows(values, treated, after, clusters)
    codes = np.unique(np.array([str(one) for one in clusters]), return_inverse=True)[1]
    inside = _treated_clusters(inside_rows, late, codes)
    sums = _Sums.of(y, np.column_stack([np.ones(len(y)), inside_rows, late, inside_rows & late]), codes)
    weight = _draw(weights, len(inside), draws, seed)
    drawn, error = _Draws(sums, weight), sums.error()
    reach = [_limit(drawn, sums.value, side * error, 2 * tail) for side in (-1, 1)]
    p, sizes = drawn.p(0.0), (len(weight), int(inside.sum()), len(inside))
    return WildEffect(sums.value, error, sums.value / error, p, reach[0], reach[1], *sizes, weights=weights)


def _checked_rows(
    values: ArrayLike, treated: ArrayLike, after: ArrayLike, clusters: Sequence[object]
) -> tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]:
    y, d, a = (np.asarray(part, dtype=np.float64) for part in (values, treated, after))
    if not len(y) == len(d) == len(a) == len(clusters) or not np.isfinite([y, d, a]).all():
        raise ValueError("need one value, one group, one time and one cluster for each row, none missing")
    return y, d != 0, a != 0


def _treated_clusters(
    treated: NDArray[np.bool_], after: NDArray[np.bool_], codes: NDArray[np.int_]
) -> NDArray[np.bool_]:
    """Whether each cluster is treated, after checking that the bootstrap can say something of these groups."""
    if len({*zip(treated.tolist(), after.tolist(), strict=True)}) < 4:
        raise ValueError("each group needs rows before and after")
    rows = np.bincount(codes)
    of_group = np.bincount(codes, weights=treated)
    if ((of_group > 0) & (of_group < rows)).any():
        raise ValueError("a cluster has rows of both groups: each must be treated or not")
    inside = of_group > 0
    for number, name in ((int(inside.sum()), "treated"), (int((~inside).sum()), "other")):
        if number < FEWEST_TREATED:
            raise ValueError(
                f"{number} {name} cluster: the wild bootstrap is not reliable with one; rank the effect among all "
                "areas taken as treated (panel_difference)"
            )
    return inside


@dataclass(frozen=True)
class _Sums:
    """What a draw needs of each cluster: everything is linear in its weight and in the effect that is tested.

    Attributes:
        value: effect.
        size: sum of squares of the effect's column, the others taken out.
        own: of each cluster, that column's sum of squares.
        scores: of each cluster, that column times the residuals of the model without the effect.
        columns: of each cluster, all columns times those residuals.
        along: of each cluster, all columns times that column.
        bread: inverse of the columns' products.
        factor: of Stata, for few clusters.
    """

    value: float
    size: float
    own: Numbers
    scores: Numbers
    columns: Numbers
    along: Numbers
    bread: Numbers
    factor: float

    @classmethod
    def of(cls, y: Numbers, x: Numbers, codes: NDArray[np.int_]) -> _Sums:
        """Sum by cluster; the tested column is the last."""
        others, tested = x[:, :-1], x[:, -1]
        rest = np.linalg.qr(others)[0]
        pure = tested - rest @ (rest.T @ tested)
        left = y - rest @ (rest.T @ y)
        size, number = float(pure @ pure), int(codes.max()) + 1
        value = float(pure @ y) / size
        if np.abs(left - value * pure).max() <= 1e-12 * max(np.abs(y).max(), 1e-300):
            raise ValueError("the model fits exactly: there is no residual to draw from")

        def by_cluster(columns: Numbers) -> Numbers:
            made = np.zeros((number, columns.shape[1]))
            np.add.at(made, codes, columns)
            return made

        n, k = x.shape
        return cls(
            value,
            size,
            by_cluster((pure**2)[:, None])[:, 0],
            by_cluster((pure * left)[:, None])[:, 0],
            by_cluster(x * left[:, None]),
            by_cluster(x * pure[:, None]),
            np.asarray(np.linalg.inv(x.T @ x), dtype=np.float64),
            number / (number - 1) * (n - 1) / (n - k),
        )

    def spreads(self, drawn: Numbers, scores: Numbers, columns: Numbers) -> Numbers:
        """Return each cluster's part of the error of each draw (row), of given scores and products."""
        made: Numbers = drawn * scores - (drawn @ columns @ self.bread) @ self.along.T
        return made

    def error(self) -> float:
        """Return the clustered error of the effect."""
        one = np.ones((1, len(self.own)))
        spread = self.spreads(one, self.scores, self.columns) - self.value * self.spreads(one, self.own, self.along)
        return float(np.sqrt(self.factor * (spread**2).sum()) / self.size)


class _Draws:
    """The t of each draw for any effect: its numerator is a line in the effect, its squared error a parabola."""

    def __init__(self, sums: _Sums, drawn: Numbers) -> None:
        still, moving = sums.spreads(drawn, sums.scores, sums.columns), sums.spreads(drawn, sums.own, sums.along)
        self.top = drawn @ sums.scores, drawn @ sums.own
        self.squares = tuple(
            np.einsum("ij,ij->i", *pair) for pair in ((still, still), (still, moving), (moving, moving))
        )

    def p(self, effect: float) -> float:
        """Return the share of the draws as far from the effect as the observed data, which are the first draw."""
        still, mixed, moving = self.squares
        squares = still - 2 * effect * mixed + effect**2 * moving
        # What rounding leaves of a square of 0 must not decide.
        rounding = 1e-14 * (still + effect**2 * moving) + np.finfo(float).tiny
        scores = np.abs(self.top[0] - effect * self.top[1]) / np.sqrt(np.maximum(squares, rounding))
        return float((scores >= scores[0] * (1 - 1e-9)).mean())


def _draw(weights: WildWeights, clusters: int, draws: int, seed: int) -> Numbers:
    """Weights of each draw (row) and cluster; the first row is the observed data."""
    points = _POINTS[weights]
    if len(points) ** clusters <= draws:
        every = np.array(list(product(points, repeat=clusters)))
        observed = (every == 1).all(axis=1)
        return np.vstack([every[observed], every[~observed]])
    drawn = np.random.default_rng(seed).choice(points, size=(draws, clusters))
    drawn[0] = 1.0
    return drawn


def _limit(drawn: _Draws, value: float, step: float, level: float) -> float:
    """Effect on one side of the estimate at which p falls below the level; infinite if it never does."""
    near, far = 0.0, 1.0
    while drawn.p(value + far * step) >= level:
        near, far = far, 2 * far
        if far > _FAR:
            return float(np.copysign(np.inf, step))
    for _ in range(_STEPS):
        middle = (near + far) / 2
        if drawn.p(value + middle * step) >= level:
            near = middle
        else:
            far = middle
    return value + far * step
