"""Published figures, and what it means to reproduce one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference() -> Callable[[str], list[dict[str, str]]]:
    """Rows of a file of published figures."""

    def read(name: str) -> list[dict[str, str]]:
        path = Path(__file__).parent / "reference" / f"{name}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def as_printed() -> Callable[[float, str], bool]:
    """Whether a value agrees with a printed one within half a unit of its last digit."""

    def agrees(value: float, printed: str) -> bool:
        decimals = len(printed.partition(".")[2])
        return abs(value - float(printed)) <= 0.5 * 10**-decimals * (1 + 1e-9)

    return agrees
