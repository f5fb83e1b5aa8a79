"""Small counts are hidden as in the published patterns, and no hidden count can be worked out.

Tables and the numbers of primary and hidden cells: Statistics Norway, R package GaussSuppression 1.0.0, vignette "Small
count frequency table suppression", github.com/statisticsnorway/GaussSuppression (MIT). A pattern is not unique: held
are the primary cells, that nothing can be worked out, and that no more cells are hidden than there.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.statistics.suppression import suppress_small_counts

# Spain, Iceland, Portugal: young, then old.
TABLE_A, TABLE_B = [5, 2, 0, 6, 3, 4], [5, 0, 0, 6, 3, 4]
AGES = {"Total": [1, 1], "young": [1, 0], "old": [0, 1]}
PLACES = {"Total": [1, 1, 1], "Spain": [1, 0, 0], "Iceland": [0, 1, 0], "Portugal": [0, 0, 1]}
UNION = {**PLACES, "EU": [1, 0, 1], "nonEU": [0, 1, 0]}


def _margins(places: dict[str, list[int]]) -> tuple[list[tuple[str, str]], np.ndarray]:
    names = [(age, place) for age in AGES for place in places]
    return names, np.array([np.kron(AGES[age], places[place]) for age, place in names])


def _worked_out(table: np.ndarray, hidden: np.ndarray) -> list[int]:
    """Hidden rows that do not raise the rank of the rows shown."""
    shown = table[~hidden]
    rank = np.linalg.matrix_rank(shown) if len(shown) else 0
    return [int(row) for row in np.flatnonzero(hidden) if np.linalg.matrix_rank(np.vstack([shown, table[row]])) == rank]


@pytest.mark.parametrize(
    ("counts", "places", "most", "options", "primary", "hidden"),
    [
        (TABLE_A, PLACES, 1, {}, 1, 4),
        (TABLE_A, UNION, 2, {}, 3, 8),
        (TABLE_A, UNION, 4, {"zeros_are_primary": False}, 6, 10),
        (TABLE_A, UNION, 3, {"zeros_are_primary": False, "zeros_may_be_hidden": True}, 4, 8),
        (TABLE_B, UNION, 2, {}, 3, 10),
    ],
)
def test_published_patterns(
    counts: list[int], places: dict[str, list[int]], most: int, options: dict[str, bool], primary: int, hidden: int
) -> None:
    _, table = _margins(places)
    found = suppress_small_counts(table, counts, most=most, **options)
    assert found.primary.sum() == primary
    assert found.hidden.sum() <= hidden
    assert (found.hidden | ~found.primary).all()
    assert _worked_out(table, found.hidden) == []


def test_a_zero_that_cannot_be_otherwise_is_shown() -> None:
    names, table = _margins(UNION)
    certain = [names.index(("young", place)) for place in ("Iceland", "nonEU")]
    found = suppress_small_counts(table, TABLE_B, most=2, always_shown=certain)
    assert found.primary.sum() == 1
    assert found.hidden.sum() <= 4
    assert not found.hidden[certain].any()
    assert _worked_out(table, found.hidden) == []


@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.integers(0, 10), st.booleans())
def test_nothing_hidden_can_be_worked_out_and_everything_small_is_hidden(
    counts: list[int], most: int, zeros: bool
) -> None:
    _, table = _margins(UNION)
    found = suppress_small_counts(table, counts, most=most, zeros_are_primary=zeros, zeros_may_be_hidden=True)
    values = table @ np.array(counts)
    assert (found.primary == ((values <= most) & ((values > 0) | zeros))).all()
    assert (found.hidden | ~found.primary).all()
    assert _worked_out(table, found.hidden) == []


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="all 0 or 1"):
        suppress_small_counts([[2]], [1], most=3)
    with pytest.raises(ValueError, match="must be whole"):
        suppress_small_counts([[1]], [1.5], most=3)
    with pytest.raises(ValueError, match="give a small count away"):
        suppress_small_counts([[1, 0], [0, 1], [1, 1]], [2, 30], most=3, always_shown=[1, 2])
