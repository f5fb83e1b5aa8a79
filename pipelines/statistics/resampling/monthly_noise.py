"""Noise of monthly counts: chance, and fluctuations that last some months; and flat series simulated from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

SLOWEST = 24
"""In months: slower waves belong to the course under study, not to the noise."""
MOST_CORRELATED = 0.8
"""Largest autocorrelation of monthly noise: above it, a slow course cannot be distinguished from noise."""
_CORRELATIONS = np.linspace(0, MOST_CORRELATED, 9)
_SPREADS = 30


@dataclass(frozen=True)
class MonthlyNoise:
    """The distribution of the noise of a monthly series, on the scale of its values.

    Attributes:
        chance: variance of a month's count by chance, independent from month to month.
        spreads: standard deviations that the rest, an AR(1), may have.
        correlations: autocorrelations of the rest, from one month to the next, that it may have.
        weights: probability of each, shape (correlations, spreads).
    """

    chance: float
    spreads: Numbers
    correlations: Numbers
    weights: Numbers


def monthly_noise(values: ArrayLike, chance: float) -> MonthlyNoise:
    """Return the noise of a monthly series, apart from its season and from what moves more slowly than two years.

    From the exact normal likelihood of the differences between neighbouring months, in the space where each month of
    the year has its own mean and waves of more than :data:`SLOWEST` months have any size; with flat priors
    (autocorrelation 0 to 0.8, spread 0 to twice the standard deviation of the differences).

    Args:
        values: of each month, without gaps.
        chance: variance of a month's count by chance; taken as at most half that of the differences.

    >>> made = np.random.default_rng(2).normal(0, 0.1, 120)
    >>> noise = monthly_noise(made, 0.01)
    >>> bool(noise.weights.sum(axis=0) @ noise.spreads < 0.05)  # chance explains all
    True
    """
    differences = np.diff(np.asarray(values, dtype=np.float64))
    shapes = _shapes(len(differences))
    variance = float(np.mean(differences**2))
    chance = min(chance, variance / 2)  # months that swing less than chance are no counts of single events
    spreads = np.linspace(0, 2 * variance**0.5, _SPREADS)
    fits = np.zeros((len(shapes), _SPREADS))
    for row, (sizes, turned) in enumerate(shapes if variance else ()):
        expected = chance + spreads[:, None] ** 2 * sizes
        fits[row] = -(np.log(expected) + (turned @ differences) ** 2 / expected).sum(axis=1) / 2
    weights = np.exp(fits - fits.max())
    return MonthlyNoise(chance, spreads, _CORRELATIONS, weights / weights.sum())


def flat_series(noise: MonthlyNoise, months: int, samples: int, seed: int) -> Numbers:
    """Return flat series of normal noise, shape (samples, months), each with a spread and correlation it may have.

    >>> sure = MonthlyNoise(0.01, np.array([0.2]), np.array([0.5]), np.ones((1, 1)))
    >>> flat_series(sure, 48, 3, 1).shape
    (3, 48)
    """
    random = np.random.default_rng(seed)
    drawn = random.choice(noise.weights.size, size=samples, p=noise.weights.ravel())
    rows, columns = np.unravel_index(drawn, noise.weights.shape)
    r = noise.correlations[rows]
    swings = random.normal(size=(samples, months))
    for at in range(1, months):
        swings[:, at] = r * swings[:, at - 1] + (1 - r**2) ** 0.5 * swings[:, at]
    own = random.normal(size=swings.shape)
    return np.asarray(noise.spreads[columns, None] * swings + noise.chance**0.5 * own)


@lru_cache(maxsize=4)
def _shapes(length: int) -> list[tuple[Numbers, Numbers]]:
    """For each autocorrelation, variances of differences of the AR(1) and how to turn differences to where they are.

    Turned, the differences of chance have the covariance 1 and those of an AR(1) of variance 1 are independent too.
    """
    at = np.arange(length)
    season = [(at % 12 == month).astype(float) for month in range(12)]
    slow = [np.cos(np.pi * wave * (at + 0.5) / length) for wave in range(1, length) if 2 * length / wave > SLOWEST]
    taken = np.array(season + slow).T
    free = np.linalg.qr(taken, mode="complete")[0][:, taken.shape[1] :]
    lag = np.abs(np.subtract.outer(at, at))
    of_chance = free.T @ np.where(lag == 0, 2.0, np.where(lag == 1, -1.0, 0.0)) @ free
    whiten = np.linalg.inv(np.linalg.cholesky(of_chance))
    shapes = []
    for r in _CORRELATIONS:
        swings = 2 * r**lag - r ** np.abs(lag - 1) - r ** (lag + 1)
        sizes, turns = np.linalg.eigh(whiten @ free.T @ swings @ free @ whiten.T)
        shapes.append((np.maximum(sizes, 0.0), turns.T @ whiten @ free.T))
    return shapes
