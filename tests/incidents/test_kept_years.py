"""Years for which nothing changed are taken from the vintage before: with the figures and outcomes of a load of all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipelines.aggregate import aggregate
from pipelines.incidents import Tallied
from pipelines.kept_years import Before
from pipelines.rules import Checked, check
from pipelines.settings import Settings
from pipelines.source import SourceFolder
from pipelines.validate import Validated

Take = Callable[..., tuple[Tallied, Validated]]
# A file of a month: year, month, seed of its rows, and the offences and areas that occur in it.
File = tuple[int, int, int, str, str]
FILE = st.tuples(
    st.sampled_from([2021, 2022, 2023]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["H1", "H1 R1", "H1 R1 N1 X1 T9"]),
    st.sampled_from(["MX-JAL", "MX-JAL MX-AGU MX-SON"]),
)
# What happens to the files between two loads: some come, or take the place of one of the same month; one goes.
STEP = st.tuples(st.lists(FILE, max_size=2), st.booleans())
WHOLE = "H1 R1 N1 X1 T9", "MX-JAL MX-AGU MX-SON"
START: list[File] = [(year, month, 1, *WHOLE) for year in (2021, 2022) for month in (1, 2)]


class Loads:
    """Loads the same files twice: with the years of the load before, and without any."""

    def __init__(self, place: Path, take: Take, folder: SourceFolder, own: Settings, made: SimpleNamespace) -> None:
        shutil.rmtree(place, ignore_errors=True)
        self.place, self.take, self.folder, self.own, self.made = place, take, folder, own, made
        self.before: Before | None = None
        self.number = 0

    def put(self, file: File) -> None:
        year, month, seed, offences, areas = file
        rows = self.made.rows(300, 100 * year + 10 * month + seed, year, (month,))
        rows = [row for row in rows if row[3] in offences.split() and row[2] in areas.split()]
        self.made.write(self.place / "in" / f"{year}-{month:02d}.csv", rows)

    def remove_first(self) -> None:
        files = sorted((self.place / "in").glob("*.csv"))
        if len(files) > 1:
            files[0].unlink()

    def load(self) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
        """Return the years that were kept, what came of the load, and what comes of it without them."""
        self.number += 1
        whole = None if self.before is None else Before(self.before.cells, self.before.periods, self.before.judged, {})
        kept, checked = self._load("kept", self.before)
        _, again = self._load("whole", whole)
        self.before = Before(checked.cells, checked.periods, checked.judged, checked.year_keys)
        return kept, _told(checked), _told(again)

    def _load(self, name: str, before: Before | None) -> tuple[tuple[str, ...], Checked]:
        work = self.place / f"{self.number}-{name}"
        work.mkdir(parents=True)
        _, validated = self.take(self.place / "in")
        with closing(aggregate(self.folder, validated, self.own, before)) as aggregated:
            previous = before.cells if before else None
            checked = check(self.folder, validated, aggregated, self.own, work, None, previous)
            return aggregated.years.kept, checked


def _told(checked: Checked) -> dict[str, Any]:
    """All that a vintage keeps of the step: the cells with their caveats and everything about them."""
    names = ("cells", "periods", "findings", "judged", "coverage")
    with duckdb.connect() as connection:
        parts = {
            name: sorted(
                map(repr, connection.execute("FROM read_parquet(?)", [str(getattr(checked, name))]).fetchall())
            )
            for name in names
        }
    return {**parts, "figures": checked.figures, "outcomes": checked.outcomes, "years": checked.year_keys}


@pytest.fixture
def new_loads(
    tmp_path: Path, take: Take, folder: SourceFolder, settings: Settings, made: SimpleNamespace
) -> Callable[[], Loads]:
    return lambda: Loads(tmp_path / "loads", take, folder, settings, made)


@settings(
    deadline=None,
    max_examples=3,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([([(2023, 1, 1, *WHOLE)], False), ([(2022, 2, 2, "H1", WHOLE[1])], False), ([], True)])
@given(st.lists(STEP, min_size=2, max_size=3))
def test_after_any_history_of_files_all_is_as_if_no_year_were_kept(
    new_loads: Callable[[], Loads], history: Sequence[tuple[list[File], bool]]
) -> None:
    loads = new_loads()
    for file in START:
        loads.put(file)
    for number, (files, removed) in enumerate([([], False), *history]):
        if removed:
            loads.remove_first()
        for file in files:
            loads.put(file)
        kept, found, expected = loads.load()

        assert found == expected
        assert number or not kept


def test_only_the_years_of_the_files_that_changed_are_made_anew(new_loads: Callable[[], Loads]) -> None:
    loads = new_loads()
    for file in START:
        loads.put(file)
    kept = [loads.load()[0]]
    for file in [(2022, 3, 1, *WHOLE), (2021, 2, 2, *WHOLE), (2022, 3, 2, *WHOLE)]:
        loads.put(file)
        kept.append(loads.load()[0])

    assert kept == [(), ("2021",), ("2022",), ("2021",)]


def test_a_category_or_area_that_is_new_makes_every_year_anew_as_each_has_its_zeros(
    new_loads: Callable[[], Loads],
) -> None:
    loads = new_loads()
    for year in (2021, 2022):
        loads.put((year, 1, 1, "H1", "MX-JAL"))
    loads.load()
    for offences, areas in (("H1 R1", "MX-JAL"), ("H1 R1", "MX-JAL MX-SON")):
        loads.put((2022, 2, 1, offences, areas))
        kept, found, expected = loads.load()

        assert kept == ()
        assert found == expected
