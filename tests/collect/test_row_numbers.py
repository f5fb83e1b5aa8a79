"""A first column without a name that counts the rows, as R and pandas write it, is read over; any other is refused."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.system.errors import DataRefused


# The third is how state tables of the National Crime Records Bureau come: row 29, a total, was taken out.
@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (28, 30), (757, 758)], ids=["pandas", "R", "filtered", "cut"])
def test_a_column_that_numbers_the_rows_needs_no_name(tiny: Tiny, numbers: tuple[int, int]) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", f",area,year,code,n\n{numbers[0]},14,2024,HOM,1\n{numbers[1]},13,2024,HOM,2\n")
    _, rows = tiny.read()
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (",area,year,code,n", ["5,14,2024,HOM,1", "5,13,2024,HOM,2"]),  # the same number again
        (",area,year,code,n", ["6,14,2024,HOM,1", "5,13,2024,HOM,2"]),  # falls
        (",area,year,code,n", ["01,14,2024,HOM,1", "02,13,2024,HOM,2"]),  # codes
        (",area,year,code,n", ["1.5,14,2024,HOM,1", "2.5,13,2024,HOM,2"]),
        (",area,year,code,n", ["1,14,2024,HOM,1", "x,13,2024,HOM,2"]),
        ("area,year,code,n,", ["14,2024,HOM,1,1", "13,2024,HOM,2,2"]),  # not the first: may be part of a number
    ],
)
def test_any_other_column_without_a_name_is_refused(tiny: Tiny, header: str, rows: list[str]) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", "\n".join([header, *rows]) + "\n")
    with pytest.raises(DataRefused, match="column_without_name"):
        tiny.read()
