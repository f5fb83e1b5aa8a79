"""Rates of small areas by simulation: raw, Marshall's, and BYM2; coverage of limits, error and bias.

``python tests/benchmarks/small_areas.py``, with the root of the repository on ``PYTHONPATH``. The 32 states of Mexico
with their borders, and 1,120 municipalities in a square lattice; populations of very different size; a common rate of
4 per 100,000 (states) and 10 (municipalities, where a third or so have no event). The logarithm of the rate varies by
0.5 between areas; neighbours share none, half or nine tenths of that variance. Fixed seed; some minutes.
"""

from __future__ import annotations

import sys

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from pipelines.collect.boundaries import bundled_boundaries
from pipelines.publish.published_schema import create_tables
from pipelines.reader.neighbours import neighbour_pairs
from pipelines.statistics.small_areas.bym import fit_bym
from pipelines.system.connection import insert_rows
from schemas.declarations import attribute_columns

Numbers = NDArray[np.float64]
Pairs = list[tuple[int, int]]
Rates = tuple[Numbers, Numbers, Numbers]

SEED = 20261129
SPREAD = 0.5
STATES, LATTICES = 60, 3
WIDE, HIGH = 28, 40


def main() -> None:
    """Print the table in Markdown."""
    lines = [
        "| areas | shared with neighbours | rates | coverage | width of limits | root mean square error | bias |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ("states", "municipalities"):
        for shared in (0.0, 0.5, 0.9):
            lines += rows(kind, shared)
    sys.stdout.write("\n".join(lines) + f"\n\n{STATES} and {LATTICES} maps a row\n")


def rows(kind: str, shared: float) -> list[str]:
    """Return the three rows of one kind of areas and share; each has draws of its own."""
    pairs, areas, rate, median, runs = lattice(), WIDE * HIGH, 10.0, 0.15, LATTICES
    if kind == "states":
        codes = sorted(bundled_boundaries("MX").shapes)
        place = {code: number for number, code in enumerate(codes)}
        pairs = [(place[one], place[other]) for one, other in neighbour_pairs(bundled_boundaries("MX"), codes)]
        areas, rate, median, runs = len(codes), 4.0, 8.0, STATES
    random = np.random.default_rng([SEED, areas, int(10 * shared)])
    found: dict[str, list[list[float]]] = {"raw": [], "Marshall": [], "BYM2": []}
    for _ in range(runs):
        people = median * np.exp(random.normal(size=areas))
        truth = rate * np.exp(SPREAD * effects(random, pairs, areas, shared))
        counts = random.poisson(people * truth)
        fitted = fit_bym(counts, people, pairs)
        for name, rates in (
            ("raw", raw(counts, people)),
            ("Marshall", marshall(counts, people)),
            ("BYM2", (fitted.rate, fitted.low, fitted.high)),
        ):
            found[name].append(scores(rates, truth))
    lines = []
    for name, scored in found.items():
        cover, width, error, bias = np.mean(scored, axis=0)
        lines.append(f"| {areas} | {shared:.0%} | {name} | {cover:.1%} | {width:.2f} | {error:.2f} | {bias:+.1%} |")
    return lines


def lattice() -> Pairs:
    """Neighbours in a lattice of squares."""
    across = [(row * WIDE + at, row * WIDE + at + 1) for row in range(HIGH) for at in range(WIDE - 1)]
    return across + [(at, at + WIDE) for at in range(WIDE * (HIGH - 1))]


def effects(random: np.random.Generator, pairs: Pairs, areas: int, shared: float) -> Numbers:
    """Effects with a variance of 1, of which neighbours share a part; from the generalised inverse, not our factors."""
    precision = np.zeros((areas, areas))
    for one, other in pairs:
        precision[one, other] = precision[other, one] = -1.0
    np.fill_diagonal(precision, -precision.sum(axis=1))
    roots, vectors = np.linalg.eigh(precision)
    scales = np.concatenate([[0.0], roots[1:] ** -0.5])
    structured = vectors @ (scales * random.normal(size=areas))
    structured /= np.exp(np.log(((vectors * scales) ** 2).sum(axis=1)).mean() / 2)
    return np.asarray(np.sqrt(shared) * structured + np.sqrt(1 - shared) * random.normal(size=areas))


def scores(rates: Rates, truth: Numbers) -> list[float]:
    """Coverage, mean width of limits over the truth, root mean square error per 100,000, mean error over the truth."""
    rate, low, high = rates
    return [
        float(((low <= truth) & (truth <= high)).mean()),
        float(((high - low) / truth).mean()),
        float(np.sqrt(((rate - truth) ** 2).mean())),
        float((rate - truth).mean() / truth.mean()),
    ]


def raw(counts: NDArray[np.int64], people: Numbers) -> Rates:
    """Recorded rates with exact limits."""
    low = np.where(counts > 0, chi2.ppf(0.025, 2 * np.maximum(counts, 1)) / 2, 0.0)
    return counts / people, low / people, chi2.ppf(0.975, 2 * (counts + 1)) / 2 / people


def marshall(counts: NDArray[np.int64], people: Numbers) -> Rates:
    """The rates of ``out.smoothed_rate``, by the view itself."""
    totals = dict.fromkeys(attribute_columns(), "_T")
    codes = [f"XX-{number:04}" for number in range(len(counts))]
    with duckdb.connect() as connection:
        create_tables(connection)
        insert_rows(connection, "out.area", [{"code": code, "area_level": "admin1", "parent": "XX"} for code in codes])
        same = {"source": "xx", "area_level": "admin1", "time_period": "2020", "iccs": "0101", "stage": "recorded"}
        same |= {"counting_unit": "victim", "sex": "_T", "age": "_T", "obs_status": "A", "ci_low": 0.0, "ci_high": 1.0}
        rows = [
            {**same, **totals, "ref_area": code, "value": int(y), "population": 100_000 * n, "rate_per_100k": y / n}
            for code, y, n in zip(codes, counts, people, strict=True)
        ]
        insert_rows(connection, "out.rate", rows)
        found = connection.execute(
            "SELECT smoothed_rate, smoothed_low, smoothed_high FROM out.smoothed_rate ORDER BY ref_area"
        ).fetchnumpy()
    return tuple(np.asarray(found[name], dtype=np.float64) for name in found)  # type: ignore[return-value]


if __name__ == "__main__":
    main()
