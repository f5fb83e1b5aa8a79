"""BYM2 rates against printed figures of Stan and R-INLA, a sampler's figures, and exact integrals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.statistics.small_areas import bym
from pipelines.statistics.small_areas.bym import fit_bym
from pipelines.statistics.small_areas.structure import inverse_diagonal, neighbour_structure

Rows = Callable[[str], list[dict[str, str]]]
Pairs = list[tuple[int, int]]
Numbers = NDArray[np.float64]
Lips = tuple[Numbers, Numbers, Numbers, Pairs]


@pytest.fixture(scope="module")
def lips(reference: Rows) -> Lips:
    """Cases, expected cases, per cent in agriculture, fishing or forestry, and neighbours of 56 districts."""
    rows = reference("scotland_lip_cancer")
    pairs = [(int(row["district"]) - 1, int(name) - 1) for row in rows for name in row["neighbours"].split()]
    columns = [np.array([float(row[name]) for row in rows]) for name in ("observed", "expected", "agriculture")]
    return columns[0], columns[1], columns[2], pairs


def test_the_scale_is_the_printed_one(lips: Lips) -> None:
    """The Stan case study on BYM2 (Simpson 2017) prints 0.4853175 for these districts, computed by R-INLA."""
    structure = neighbour_structure(56, lips[3])
    neighbours = np.bincount(np.array(lips[3]).ravel(), minlength=56)[structure.order] / 2
    assert structure.band[0] / neighbours == pytest.approx(0.4853175, abs=5e-7)


def test_districts_as_printed_by_stan_and_inla(lips: Lips) -> None:
    """Morris (Spatial models in Stan, 2023 edition): Stan, 4,000 draws, and R-INLA; with agriculture / 10 beside.

    Their priors: sigma half-normal of 1, phi beta(1/2, 1/2), coefficients normal with a deviation of 1 (R-INLA: of 5),
    which draws Stan's slope in by 0.007; ours is flat.
    """
    cases, expected, agriculture, pairs = lips
    design = np.column_stack([np.ones(56), agriculture / 10])

    def prior(sigma: float, phi: float) -> float:
        return -(sigma**2) / 2 - np.log(phi * (1 - phi)) / 2

    found = bym.fit_model(cases, expected, design, neighbour_structure(56, pairs), prior, 1.0)

    assert found.fixed[0] == pytest.approx([-0.2216, 0.1265], abs=0.004)  # R-INLA
    assert found.fixed[1] == pytest.approx([0.3707, 0.1320], abs=0.004)
    assert found.sigma == pytest.approx((0.514, 0.0885), abs=0.006)  # Stan
    assert found.phi == pytest.approx((0.878, 0.144), abs=0.008)
    assert found.rate[4] * expected[4] == pytest.approx(13.8, abs=0.1)


def _lattice(high: int, wide: int) -> Pairs:
    across = [(row * wide + at, row * wide + at + 1) for row in range(high) for at in range(wide - 1)]
    return across + [(at, at + wide) for at in range((high - 1) * wide)]


@pytest.mark.parametrize(
    ("name", "sigma", "phi", "intercept"),
    [
        ("scotland_lip_cancer", (0.5709, 0.0829), (0.8818, 0.1175), (0.0912, 0.0571)),
        ("sparse_lattice", (0.4593, 0.1073), (0.7359, 0.2131), (-0.0267, 0.0960)),  # 80 areas, a third without events
    ],
)
def test_rates_as_sampled_by_pymc(
    lips: Lips,
    reference: Rows,
    name: str,
    sigma: tuple[float, float],
    phi: tuple[float, float],
    intercept: tuple[float, float],
) -> None:
    """PyMC 5.28.5 (NUTS, four chains of 1,500 draws after 1,000; R-hat 1.00, effective sizes 856 and 1,822).

    The same model and priors, without covariate, written there with the generalised inverse of numpy; see methodology.
    Means differ by at most 0.04 of the standard deviation; limits by what 6,000 draws leave uncertain.
    """
    rows = reference(f"{name}_expected")
    sampled = {key: np.array([float(row[key]) for row in rows]) for key in ("rate", "low", "high", "above")}
    cases, expected, _, pairs = lips
    if name == "sparse_lattice":
        cases, expected = (np.array([float(row[key]) for row in rows]) for key in ("events", "people"))
        pairs = _lattice(8, 10)
    deviation = (sampled["high"] - sampled["low"]) / 4

    found = fit_bym(cases, expected, pairs)

    assert found.sigma == pytest.approx(sigma, abs=0.008)
    assert found.phi == pytest.approx(phi, abs=0.008)
    assert found.fixed[0] == pytest.approx(intercept, abs=0.004)
    assert np.abs((found.rate - sampled["rate"]) / deviation).max() < 0.05
    assert np.abs((found.low - sampled["low"]) / deviation).max() < 0.1
    assert np.abs((found.high - sampled["high"]) / deviation).max() < 0.25
    assert np.abs(found.above - sampled["above"]).max() < 0.02


def test_the_law_of_three_areas_is_the_exact_one() -> None:
    """Integrals over all five numbers of the model, on a lattice by brute force: two neighbours and an island.

    With one pair of neighbours the shared effect is w / sqrt(2) times +1 and -1, scaled to a variance of 1: w and -w.
    """
    counts, people = np.array([3.0, 0.0, 6.0]), np.array([1.0, 1.5, 2.0])
    found = fit_bym(counts, people, [(0, 1)], 1.5)
    prior = bym.penalised_prior(neighbour_structure(3, [(0, 1)]))
    nodes, shares = np.polynomial.hermite_e.hermegauss(16)
    shares = shares / shares.sum()
    level = np.linspace(-3.0, 3.0, 61)
    total, means, above = 0.0, np.zeros(3), np.zeros(3)
    for sigma, phi in product(np.exp(np.linspace(-4, 1.4, 19)), 1 / (1 + np.exp(-np.linspace(-5, 7, 13)))):
        weight = np.exp(prior(sigma, phi)) * sigma * phi * (1 - phi)
        shared, alone = sigma * np.sqrt(phi), sigma * np.sqrt(1 - phi)
        # Given level and w the areas are independent of each other: one-dimensional sums over what is their own.
        for node, share in zip(nodes, shares, strict=True):
            parts = []
            for area, sign in ((0, 1.0), (1, -1.0), (2, None)):
                own, middle = (alone, sign * shared * node) if sign is not None else (sigma, 0.0)
                logs = level[:, None] + middle + own * nodes[None, :]
                mass = shares * np.exp(counts[area] * logs - people[area] * np.exp(logs))
                rate = np.exp(logs)
                parts.append((mass.sum(1), (mass * rate).sum(1), (mass * (rate > 1.5)).sum(1)))
            total += weight * share * (parts[0][0] * parts[1][0] * parts[2][0]).sum()
            for area, part in enumerate(parts):
                rest = parts[area - 1][0] * parts[area - 2][0]
                means[area] += weight * share * (rest * part[1]).sum()
                above[area] += weight * share * (rest * part[2]).sum()
    assert found.rate == pytest.approx(means / total, rel=0.04)
    assert found.above == pytest.approx(above / total, abs=0.04)


def test_the_order_of_areas_does_not_matter(lips: Lips) -> None:
    cases, expected, _, pairs = lips
    place = np.random.default_rng(3).permutation(56)
    moved = np.argsort(place)
    first = fit_bym(cases, expected, pairs)
    other = fit_bym(cases[place], expected[place], [(int(moved[a]), int(moved[b])) for a, b in pairs])
    assert other.rate == pytest.approx(first.rate[place], rel=1e-5)
    assert other.above == pytest.approx(first.above[place], abs=1e-5)


def _chain(size: int) -> Pairs:
    return [(place, place + 1) for place in range(size - 1)]


def test_a_small_area_between_high_ones_is_drawn_up() -> None:
    """Nobody counted among 0.05: Marshall's rate would be near the common one, 10; its neighbours have some 20."""
    counts = [20, 21, 0, 19, 22, 20, 4, 5, 6, 5, 4, 6]
    people = [1.0, 1.0, 0.05, *[1.0] * 9]
    high = fit_bym(counts, people, _chain(12))
    apart = fit_bym(counts, people, [pair for pair in _chain(12) if 2 not in pair])
    assert high.rate[2] > 1.3 * apart.rate[2]
    assert high.above[2] > 0.75 > apart.above[2]


def test_areas_alike_have_one_rate() -> None:
    found = fit_bym([50, 52, 49, 51, 48, 50, 51, 49, 50, 50], [1.0] * 10, _chain(10))
    assert found.rate == pytest.approx(50, rel=0.03)
    assert np.ptp(found.rate) < 2
    assert (found.low < 50).all() and (found.high > 50).all()


def test_islands_and_groups_have_effects_of_their_own_scale() -> None:
    """Variances of a group of three by the generalised inverse of numpy; an island's is 1."""
    structure = neighbour_structure(6, [(0, 1), (1, 2), (3, 4)])
    precision = np.array([[1.0, -1, 0], [-1, 2, -1], [0, -1, 1]])
    inverse = np.linalg.pinv(precision)
    roots = np.linalg.eigvalsh(inverse / np.exp(np.log(np.diag(inverse)).mean()))
    assert sorted(structure.variances) == pytest.approx(sorted([*roots, 0.0, 2.0, 1.0]))
    assert structure.sums.sum(axis=1).tolist() == [3.0, 2.0] or structure.sums.sum(axis=1).tolist() == [2.0, 3.0]


def test_the_inverse_diagonal_is_that_of_numpy() -> None:
    from scipy.linalg import cholesky_banded

    random = np.random.default_rng(5)
    band = np.vstack([np.full(30, 9.0), random.normal(size=(3, 30))])
    full = np.diag(band[0])
    for below in range(1, 4):
        full += np.diag(band[below, :-below], -below) + np.diag(band[below, :-below], below)
    assert inverse_diagonal(cholesky_banded(band, lower=True)) == pytest.approx(np.diag(np.linalg.inv(full)))


@pytest.mark.parametrize(
    ("counts", "people", "pairs", "message"),
    [
        ([1, 2], [1.0, 1.0], [], "no two areas are neighbours"),
        ([0, 0], [1.0, 1.0], [(0, 1)], "with at least one event"),
        ([1, -1], [1.0, 1.0], [(0, 1)], "counts of 0 or more"),
        ([1, 2], [1.0, 0.0], [(0, 1)], "exposures above 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts: list[int], people: list[float], pairs: Pairs, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_bym(counts, people, pairs)
