"""Rates of small areas shrunk towards those of their neighbours and of the country: the BYM2 model, without sampling.

Riebler, Sørbye, Simpson and Rue (2016), Statistical Methods in Medical Research 25: 1145-1165; fitted by nested Laplace
approximations (Rue, Martino and Chopin 2009, Journal of the Royal Statistical Society B 71: 319-392).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.small_areas.structure import Structure, inverse_diagonal, neighbour_structure

Numbers = NDArray[np.float64]
Prior = Callable[[float, float], float]
"""Logarithm of the density of (sigma, phi), up to a constant."""
State = tuple[Numbers, Numbers, Numbers]
"""Structured effects shared by neighbours, unstructured effects (both with a variance of 1), and fixed effects."""

LARGEST_SPREAD, SHARE_BEYOND = 1.0, 0.01
"""Prior: sigma is larger than the first number with this probability; R-INLA's default."""
MIDDLE_SHARE, SHARE_BELOW = 0.5, 2 / 3
"""Prior: phi is smaller than the first number with this probability, as in Riebler et al. (2016)."""
_SIGMAS = float(np.log(0.005)), float(np.log(10.0))
"""The range of log sigma that is searched."""
_LOGITS = -5.0, 7.0
"""The same of logit phi: 0.007 to 0.999."""
_STEPS = 0.5, 1.0
"""Of the lattice, in log sigma and logit phi, at most; else a standard deviation, given the other."""
_FARTHEST = 6.0
"""Points of the lattice are left out if their log density is lower than the highest by more than this."""
_LIGHTEST = 0.01
"""So are values of less weight, over the largest, from the densities of areas."""
_POINTS, _REACH = 121, 6.5
"""Where the density of a rate is computed: how many points, over how many standard deviations on either side."""
_CORRECTIONS = 2
"""How many times the normal approximation is moved from the mode."""
_MOST_ROUNDS, _CLOSE = 100, 1e-5
_LEFT_OF_PRECISION = 1e-8
"""Least share of the precision of a rate that does not come from its own count."""


@dataclass(frozen=True)
class BymRates:
    """Rates of areas by the BYM2 model: means, limits and probabilities of their posteriors; arrays by area.

    Attributes:
        rate: mean, events per unit of exposure.
        low: lower 95 % limit.
        high: upper 95 % limit.
        above: probability that the rate is above the reference.
        sigma: standard deviation of the logarithm of rates between areas: mean, and its own standard deviation.
        phi: share of that variance that neighbours have in common: mean and standard deviation.
        fixed: coefficients of the fixed effects, the intercept first: mean and standard deviation, shape (effects, 2).
    """

    rate: Numbers
    low: Numbers
    high: Numbers
    above: Numbers
    sigma: tuple[float, float]
    phi: tuple[float, float]
    fixed: Numbers


@dataclass(frozen=True)
class _Mode:
    """The most probable effects for one (sigma, phi), in the order of places, and the density of (sigma, phi) there."""

    log_sigma: float
    logit_phi: float
    state: State
    density: float

    @property
    def phi(self) -> float:
        return _share(self.logit_phi)


@dataclass(frozen=True)
class _Normal:
    """The normal approximation around a state: the parts of its covariance, and the log determinant."""

    factor: Numbers
    ties: Numbers
    fixed: Numbers
    inner: Numbers
    weights: Numbers
    volume: float


def fit_bym(
    counts: ArrayLike, exposure: ArrayLike, pairs: Sequence[tuple[int, int]], reference: float | None = None
) -> BymRates:
    """Return the rates of areas, each shrunk towards those of its neighbours and of all areas.

    Counts are Poisson with the mean exposure x rate. The logarithm of the rate is an intercept + sigma x (sqrt(phi) x
    an effect that neighbours share + sqrt(1 - phi) x one of the area alone), both with a variance of 1. The intercept
    has a flat prior, sigma and phi have those of :func:`penalised_prior`. For (sigma, phi) on a lattice the effects are
    approximated by a normal distribution (Laplace), the posterior of each rate by the product of its own Poisson
    likelihood and the normal distribution given by the others; these are averaged over the lattice.

    Args:
        counts: events of each area, whole numbers of 0 and more.
        exposure: people of each area, in any unit.
        pairs: numbers of two neighbours each.
        reference: rate whose exceedance is asked for, events per unit of exposure, taken as known; that of all areas
            together if None.

    Raises:
        ValueError: counts below 0, exposure not above 0, no event at all, or nobody has a neighbour.

    >>> fitted = fit_bym([8, 9, 2, 1], [1.0, 1.0, 1.0, 1.0], [(0, 1), (1, 2), (2, 3)])
    >>> bool(fitted.rate[0] > fitted.rate[3]), bool(2 < fitted.rate[2] < 5)
    (True, True)
    """
    y, e = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if y.ndim != 1 or y.shape != e.shape or not (y >= 0).all() or not (e > 0).all() or not y.sum() > 0:
        raise ValueError(
            "need counts of 0 or more and exposures above 0, one of each for each area, with at least one event"
        )
    if not len(pairs):
        raise ValueError("no two areas are neighbours")
    structure = neighbour_structure(len(y), pairs)
    return fit_model(y, e, np.ones((len(y), 1)), structure, penalised_prior(structure), reference)


def penalised_prior(structure: Structure) -> Prior:
    """Return the penalised-complexity prior of (sigma, phi) for areas with these neighbours.

    The density falls exponentially with the distance from the simpler model: no differences between areas, and none
    that neighbours share (Riebler et al. 2016, section 3.2 and appendix). Phi is at most 0.999: towards 1 the density
    is unbounded, and a model with all differences shared would get much of the weight.

    >>> prior = penalised_prior(neighbour_structure(4, [(0, 1), (1, 2), (2, 3)]))
    >>> round(prior(0.5, 0.5) - prior(1.0, 0.5), 3)  # rate of the exponential distribution: -log(0.01) / 1
    2.303
    """
    from scipy.optimize import brentq

    beyond = structure.variances - 1

    def distance(phi: float) -> float:
        return float(np.sqrt(phi * beyond.sum() - np.log1p(phi * beyond).sum()))

    middle, far = distance(MIDDLE_SHARE), distance(_share(_LOGITS[1]))

    def excess(fall: float) -> float:
        return float(np.expm1(-fall * middle) / np.expm1(-fall * far)) - SHARE_BELOW

    # Where neighbours have so little structure that even equal distances put more below the middle: equal distances.
    fall = float(brentq(excess, 1e-6, 100 / middle)) if excess(1e-6) < 0 else 0.0
    steepness = -np.log(SHARE_BEYOND) / LARGEST_SPREAD

    def prior(sigma: float, phi: float) -> float:
        far = distance(phi)
        slope = (beyond.sum() - (beyond / (1 + phi * beyond)).sum()) / (2 * far)
        return float(-steepness * sigma - fall * far + np.log(abs(slope)))

    return prior


def fit_model(
    y: Numbers, e: Numbers, design: Numbers, structure: Structure, prior: Prior, reference: float | None
) -> BymRates:
    """Return the rates of areas in the order given, by the model of ``structure`` under ``prior``.

    Args:
        y: counts, one for each area.
        e: expected counts, at the common rate.
        design: covariates, one row for each area.
        structure: the neighbours.
        prior: of the parameters of the field.
        reference: rate for the probability of a higher one; None for that of all areas together.
    """
    place = structure.order
    field = _Field(y[place], e[place], design[place], structure, prior)
    modes = _lattice(field)
    weights = np.exp(np.array([mode.density for mode in modes]) - max(mode.density for mode in modes))
    kept = [(mode, weight) for mode, weight in zip(modes, weights, strict=True) if weight >= _LIGHTEST]
    weights = np.array([weight for _, weight in kept]) / sum(weight for _, weight in kept)
    laws = [field.laws(mode) for mode, _ in kept]
    common = float(y.sum() / e.sum()) if reference is None else reference
    found = _mixed(field, [law[:2] for law in laws], weights, float(np.log(common)))
    back = np.argsort(place)
    rate, low, high, above = (part[back] for part in found)
    sigmas = np.exp([mode.log_sigma for mode, _ in kept])
    fixed, errors = (np.array([law[part] for law in laws]) for part in (2, 3))
    mean = weights @ fixed
    spread = np.sqrt(weights @ (errors + (fixed - mean) ** 2))
    return BymRates(
        rate=rate,
        low=low,
        high=high,
        above=above,
        sigma=_moments(sigmas, weights),
        phi=_moments(np.array([mode.phi for mode, _ in kept]), weights),
        fixed=np.column_stack([mean, spread]),
    )


def _moments(values: Numbers, weights: Numbers) -> tuple[float, float]:
    mean = float(weights @ values)
    return mean, float(np.sqrt(weights @ (values - mean) ** 2))


class _Field:
    """Effects of areas, given (sigma, phi): their mode and the normal approximation around it; arrays by place."""

    def __init__(self, y: Numbers, e: Numbers, design: Numbers, structure: Structure, prior: Prior) -> None:
        self.y, self.e, self.design, self.structure, self.prior = y, e, design, structure, prior

    def mode(self, log_sigma: float, logit_phi: float, near: _Mode | None = None) -> _Mode:
        """Find the most probable effects by Newton's method, and the Laplace approximation of the density.

        Raises:
            ValueError: the mode is not found.
        """
        shared, alone = _parts(log_sigma, logit_phi)
        if near is None:
            size = len(self.y)
            start = np.linalg.lstsq(self.design, np.full(size, np.log(self.y.sum() / self.e.sum())), rcond=None)[0]
            state: State = (np.zeros(size), np.zeros(size), start)
        else:
            state = near.state
        height = self._height(state, shared, alone)
        for _ in range(_MOST_ROUNDS):
            solved, around = self._solve(state, shared, alone)
            before, length = state, 1.0
            while True:
                state = _between(before, solved, length)
                reached = self._height(state, shared, alone)
                if reached >= height - 1e-9 * abs(height) or length < 1e-6:
                    break
                length /= 2
            height = reached
            if float(np.abs(self._logs(state, shared, alone) - self._logs(before, shared, alone)).max()) < _CLOSE:
                break
        else:
            where = f"sigma {np.exp(log_sigma):.3g}, phi {_share(logit_phi):.3g}"
            raise ValueError(f"the area effects have no mode at {where}")
        phi = _share(logit_phi)
        density = (
            height - around.volume / 2 + self.prior(float(np.exp(log_sigma)), phi) + log_sigma + np.log(phi * (1 - phi))
        )
        return _Mode(log_sigma, logit_phi, state, float(density))

    def laws(self, mode: _Mode) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return mean and precision of each log rate given the others, and means and variances of fixed effects.

        With few events the mode of the effects is not their mean: the approximation is moved to where expected counts
        (not those at the mode) balance the counts (the variational correction of van Niekerk and Rue 2024,
        Journal of Machine Learning Research 25, with the precision corrected too).
        """
        field, found = self, mode
        variance = field._variance(found)[0]
        for _ in range(_CORRECTIONS):
            field = _Field(self.y, self.e * np.exp(variance / 2), self.design, self.structure, self.prior)
            found = field.mode(mode.log_sigma, mode.logit_phi, found)
            variance, weights, errors = field._variance(found)
        logs = self._logs(found.state, *_parts(mode.log_sigma, mode.logit_phi))
        precision = np.maximum(1 / variance - weights, _LEFT_OF_PRECISION / variance)
        working = logs + self.y / weights - 1
        return (logs / variance - weights * working) / precision, precision, found.state[2], errors

    def _variance(self, mode: _Mode) -> tuple[Numbers, Numbers, Numbers]:
        """Return variances of the log rates, weights of their counts, and variances of the fixed effects."""
        shared, alone = _parts(mode.log_sigma, mode.logit_phi)
        around = self._solve(mode.state, shared, alone)[1]
        own = inverse_diagonal(around.factor)
        own -= (around.ties * np.linalg.solve(self.structure.sums @ around.ties, around.ties.T).T).sum(axis=1)
        rest = self.design - shared * around.fixed
        together = shared**2 * own + (rest * np.linalg.solve(around.inner, rest.T).T).sum(axis=1)
        taken = 1 + alone**2 * around.weights
        return together / taken**2 + alone**2 / taken, around.weights, np.diagonal(np.linalg.inv(around.inner))

    def _logs(self, state: State, shared: float, alone: float) -> Numbers:
        """Logarithms of the rates."""
        return np.asarray(self.design @ state[2] + shared * state[0] + alone * state[1])

    def _height(self, state: State, shared: float, alone: float) -> float:
        """Return the log density of counts and effects."""
        logs = self._logs(state, shared, alone)
        with np.errstate(over="ignore"):
            likelihood = self.y @ logs - self.e @ np.exp(logs)
        return float(likelihood - (state[1] @ state[1] + state[0] @ self.structure.times(state[0])) / 2)

    def _solve(self, state: State, shared: float, alone: float) -> tuple[State, _Normal]:
        """Return the effects of weighted least squares at this state, and the normal approximation around them.

        Effects of the areas alone are integrated out, which leaves a band matrix for the shared ones; that these add
        to nothing in each group, and the fixed effects, are put on by the few columns of each.
        """
        from scipy.linalg import cho_solve_banded, cholesky_banded

        logs = self._logs(state, shared, alone)
        weights = self.e * np.exp(logs)
        working = logs + self.y / weights - 1
        left = weights / (1 + alone**2 * weights)
        band = self.structure.band.copy()
        band[0] += shared**2 * left
        factor = cholesky_banded(band, lower=True)
        sums, effects = self.structure.sums, self.design.shape[1]
        columns = np.column_stack([shared * left * working, (shared * left)[:, None] * self.design, sums.T])
        solved = cho_solve_banded((factor, True), columns)
        ties = solved[:, 1 + effects :]
        tied = sums @ ties
        solved = solved[:, : 1 + effects] - ties @ np.linalg.solve(tied, sums @ solved[:, : 1 + effects])
        fixed = solved[:, 1:]
        inner = self.design.T @ (left[:, None] * self.design) - columns[:, 1 : 1 + effects].T @ fixed
        right = self.design.T @ (left * working) - columns[:, 1 : 1 + effects].T @ solved[:, 0]
        slopes = np.asarray(np.linalg.solve(inner, right), dtype=np.float64)
        common = solved[:, 0] - fixed @ slopes
        own: Numbers = alone * left * (working - self.design @ slopes - shared * common)
        volume = np.log1p(alone**2 * weights).sum() + 2 * np.log(factor[0]).sum()
        volume += np.linalg.slogdet(tied)[1] + np.linalg.slogdet(inner)[1]
        return (common, own, slopes), _Normal(factor, ties, fixed, inner, weights, float(volume))


def _between(first: State, other: State, length: float) -> State:
    """Return the state at a fraction of the way from one to the other."""
    effects, alone, fixed = (old + length * (new - old) for old, new in zip(first, other, strict=True))
    return effects, alone, fixed


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _parts(log_sigma: float, logit_phi: float) -> tuple[float, float]:
    """Return the standard deviations of the structured and of the unstructured effects."""
    sigma, phi = float(np.exp(log_sigma)), _share(logit_phi)
    return sigma * float(np.sqrt(phi)), sigma * float(np.sqrt(1 - phi))


def _lattice(field: _Field) -> list[_Mode]:
    """Return the modes at all points (log sigma, logit phi) that matter; each row of one phi begins at its ridge."""
    top = field.mode(np.log(0.5), 0.0)
    for way in (0, 1, 0):
        top = _highest(field, top, way)
    step, across = _step(field, top, 0), _step(field, top, 1)
    highest, found = top.density, [top, *_walk(field, top, step), *_walk(field, top, -step)]
    for side in (across, -across):
        ridge = top
        while _LOGITS[0] < ridge.logit_phi + side < _LOGITS[1]:
            first = field.mode(ridge.log_sigma, ridge.logit_phi + side, ridge)
            row = [first, *_walk(field, first, step), *_walk(field, first, -step)]
            ridge = max(row, key=lambda mode: mode.density)
            highest = max(highest, ridge.density)
            if ridge.density < highest - _FARTHEST:
                break
            found += row
    return found


def _at(field: _Field, near: _Mode, way: int, value: float) -> _Mode:
    """Return the mode for this value of log sigma (0) or logit phi (1), with the other from a nearby mode."""
    return field.mode(*((value, near.logit_phi) if way == 0 else (near.log_sigma, value)), near)


def _highest(field: _Field, near: _Mode, way: int) -> _Mode:
    """Return the log sigma (0) or logit phi (1) of the highest density, with the other fixed."""
    from scipy.optimize import minimize_scalar

    seen = [near]

    def depth(value: float) -> float:
        seen.append(_at(field, seen[-1], way, float(value)))
        return -seen[-1].density

    minimize_scalar(depth, bounds=(_SIGMAS, _LOGITS)[way], method="bounded", options={"xatol": 0.05})
    return max(seen, key=lambda mode: mode.density)


def _step(field: _Field, top: _Mode, way: int) -> float:
    """Return the spacing of the lattice: a standard deviation of the normal distribution with the same curvature."""
    width = _STEPS[way] / 5
    middle = (top.log_sigma, top.logit_phi)[way]
    sides = [_at(field, top, way, middle + side * width).density for side in (-1, 1)]
    bend = (2 * top.density - sum(sides)) / width**2
    return float(min(1 / np.sqrt(bend), _STEPS[way])) if bend > 0 else _STEPS[way]


def _walk(field: _Field, first: _Mode, step: float) -> list[_Mode]:
    """Step from a mode to larger or smaller sigma until the density is far below the highest so far."""
    found: list[_Mode] = []
    best, last = first.density, first
    while _SIGMAS[0] < last.log_sigma + step < _SIGMAS[1]:
        last = _at(field, last, 0, last.log_sigma + step)
        best = max(best, last.density)
        if last.density < best - _FARTHEST:
            break
        found.append(last)
    return found


def _mixed(
    field: _Field, laws: list[tuple[Numbers, Numbers]], weights: Numbers, reference: float
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return mean, limits and exceedance of the rates as weighted mixtures, by place."""
    points = _points(field, laws)
    density = np.zeros_like(points)
    likelihood = field.y[:, None] * points - field.e[:, None] * np.exp(points)
    for (mean, precision), weight in zip(laws, weights, strict=True):
        height = likelihood - precision[:, None] * (points - mean[:, None]) ** 2 / 2
        part = np.exp(height - height.max(axis=1, keepdims=True))
        density += weight * part / part.sum(axis=1, keepdims=True)
    below = np.cumsum(density, axis=1) - density / 2
    limits = [np.array([np.interp(share, *row) for row in zip(below, points, strict=True)]) for share in (0.025, 0.975)]
    above = np.array([1 - np.interp(reference, at, share) for at, share in zip(points, below, strict=True)])
    return (density * np.exp(points)).sum(axis=1), np.exp(limits[0]), np.exp(limits[1]), np.clip(above, 0.0, 1.0)


def _points(field: _Field, laws: list[tuple[Numbers, Numbers]]) -> Numbers:
    """Return the log rates, a row for each area, at which its mixture has any weight."""
    centres, spreads = [], []
    for mean, precision in laws:
        logs = mean.copy()
        for _ in range(50):  # Newton's method for the mode of one posterior
            events = field.e * np.exp(logs)
            step = (field.y - events - precision * (logs - mean)) / (events + precision)
            logs += np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < _CLOSE:
                break
        centres.append(logs)
        spreads.append(1 / np.sqrt(field.e * np.exp(logs) + precision))
    low = np.min([centre - _REACH * spread for centre, spread in zip(centres, spreads, strict=True)], axis=0)
    high = np.max([centre + _REACH * spread for centre, spread in zip(centres, spreads, strict=True)], axis=0)
    return np.asarray(low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _POINTS))
