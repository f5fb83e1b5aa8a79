"""Years for which nothing changed are taken from the vintage before: with the figures and outcomes of a load of all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import pipelines.tabulate.aggregate
from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.connection import connect
from pipelines.system.running.steps import StepReport, plain_step
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.losses import Earlier
from pipelines.tabulate.rules import Checked, check
from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.source import SourceFolder, list_sources

# A file of a month: year, month, seed of its rows, and the offences and areas that occur in it.
File = tuple[int, int, int, str, str]
FILE = st.tuples(
    st.sampled_from([2021, 2022, 2023]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["H1", "H1 R1 N1 X1 T9"]),
    st.sampled_from(["MX-JAL", "MX-JAL MX-AGU MX-SON"]),
)
# What happens to the files between two loads: some come, or take the place of one of the same month; one goes.
STEP = st.tuples(st.lists(FILE, max_size=2), st.booleans())
MEANT = "files come and go here"  # a history may take most figures away
WHOLE = "H1 R1 N1 X1 T9", "MX-JAL MX-AGU MX-SON"
START: list[File] = [(year, month, 1, *WHOLE) for year in (2021, 2022) for month in (1, 2)]


class Loads:
    """Loads of the same files, one after another: each takes years from the one before, or none."""

    def __init__(self, place: Path, folder: SourceFolder, made: SimpleNamespace) -> None:
        shutil.rmtree(place, ignore_errors=True)
        self.place, self.folder, self.made = place, folder, made
        self.own = Settings(data=place / "data")
        self.previous: PreviousVintage | None = None
        self.number = 0

    def put(self, *files: File) -> None:
        for year, month, seed, offences, areas in files:
            rows = self.made.rows(300, 100 * year + 10 * month + seed, year, (month,))
            rows = [row for row in rows if row[3] in offences.split() and row[2] in areas.split()]
            self.made.write(self.place / "in" / f"{year}-{month:02d}.csv", rows)

    def remove_first(self) -> None:
        files = sorted((self.place / "in").glob("*.csv"))
        if len(files) > 1:
            files[0].unlink()

    def load(self) -> tuple[tuple[str, ...], Checked]:
        """Return the years that were kept, and what came of the load; the next one takes years from it."""
        kept, checked = self._load(self.previous)
        self.previous = PreviousVintage(checked.cells, checked.unmarked, checked.judged, checked.year_keys)
        return kept, checked

    def load_whole(self, previous: PreviousVintage | None) -> Checked:
        """Return what comes of the same files where no year is taken from a vintage, only compared with it."""
        kept, checked = self._load(previous and replace(previous, year_keys={}))
        assert kept == ()
        return checked

    def _load(self, previous: PreviousVintage | None) -> tuple[tuple[str, ...], Checked]:
        self.number += 1
        work = self.place / f"{self.number}"
        work.mkdir(parents=True)
        tallied = tally(self.folder, acquire(self.folder, self.own, self.place / "in"), self.own, work)
        with connect(self.own) as connection:
            validated = account(self.folder, tallied, connection, self.own, work)
            aggregated = aggregate(self.folder, validated, connection, previous)
            earlier = Earlier(previous, accepted_loss=MEANT)
            checked = check(self.folder, validated, aggregated, connection, work, None, earlier)
        return aggregated.unchanged_years, checked


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
def new_loads(tmp_path: Path, folder: SourceFolder, made: SimpleNamespace) -> Callable[[], Loads]:
    return lambda: Loads(tmp_path / "loads", folder, made)


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
    loads.put(*START)
    loads.load()
    for files, removed in history:
        if removed:
            loads.remove_first()
        loads.put(*files)
        previous = loads.previous

        assert _told(loads.load()[1]) == _told(loads.load_whole(previous))


def test_only_the_years_of_the_files_that_changed_are_made_anew(new_loads: Callable[[], Loads]) -> None:
    loads = new_loads()
    loads.put(*START)
    kept = [loads.load()[0]]
    for file in [(2022, 3, 1, *WHOLE), (2021, 2, 2, *WHOLE)]:
        loads.put(file)
        kept.append(loads.load()[0])

    assert kept == [(), ("2021",), ("2022",)]


def test_a_category_or_area_that_is_new_makes_every_year_anew_as_each_has_its_zeros(
    new_loads: Callable[[], Loads],
) -> None:
    loads = new_loads()
    loads.put(*[(year, 1, 1, "H1", "MX-JAL") for year in (2021, 2022)])
    loads.load()
    for offences, areas in (("H1 R1", "MX-JAL"), ("H1 R1", "MX-JAL MX-SON")):
        loads.put((2022, 2, 1, offences, areas))
        previous = loads.previous
        kept, checked = loads.load()

        assert kept == ()
        assert _told(checked) == _told(loads.load_whole(previous))


def test_another_declaration_or_program_makes_every_year_anew(
    new_loads: Callable[[], Loads], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights of a split are corrected: the same categories occur, with other figures."""
    loads = new_loads()
    loads.put(*START)
    _, before = loads.load()
    own = tmp_path / "sources" / loads.folder.source_id
    shutil.copytree(str(loads.folder.folder), own)
    links = (own / "concordance.csv").read_text(encoding="utf-8")
    assert ",0.25," in links and ",0.75," in links
    (own / "concordance.csv").write_text(links.replace(",0.25,", ",0.5,").replace(",0.75,", ",0.5,"), encoding="utf-8")
    loads.folder = list_sources(tmp_path / "sources")[loads.folder.source_id]
    previous = loads.previous
    kept, checked = loads.load()
    monkeypatch.setattr(pipelines.tabulate.aggregate, "definition_key", lambda _: "another")

    assert kept == loads.load()[0] == ()
    assert checked.figures != before.figures
    monkeypatch.undo()
    assert _told(checked) == _told(loads.load_whole(previous))


def test_a_run_takes_years_from_the_vintage_that_is_stored(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder
) -> None:
    given_files, said = tmp_path / "in", list[StepReport]()

    def load(data: Path) -> str:
        vintage, _ = run_source(
            folder,
            Session(Settings(data=data), given_files, run_step=plain_step(said.append), accepted_loss=MEANT),
        )
        return vintage.vintage[-8:]

    for year in (2021, 2022):
        made.write(given_files / f"{year}.csv", made.rows(300, year, year))
    load(tmp_path / "data")
    made.write(given_files / "2023.csv", made.rows(300, 3, 2023))
    with_kept = load(tmp_path / "data")
    kept = [one.summary for one in said if one.step == "aggregate"][-1]

    assert kept.endswith("published cells, those of 2 years from the previous vintage")
    assert with_kept == load(tmp_path / "anew")

    current = current_vintage(folder.source_id, Settings(data=tmp_path / "data"))
    assert current is not None
    manifest = current.folder / "manifest.json"  # as a version had it that kept no years
    stripped = {name: value for name, value in json.loads(manifest.read_text()).items() if name != "year_keys"}
    manifest.write_text(json.dumps(stripped), encoding="utf-8")
    current.part("judged").unlink()
    made.write(given_files / "2024.csv", made.rows(300, 4, 2024))
    load(tmp_path / "data")
    assert [one.summary for one in said if one.step == "aggregate"][-1].endswith("published cells")


def test_a_category_that_a_country_gives_for_the_first_time_makes_its_years_again(
    new_loads: Callable[[], Loads],
) -> None:
    """What its categories are made of depends on all its years; the other country has given the category before."""
    loads = new_loads()

    def put(month: int, offences_of_argentina: str) -> None:
        rows = loads.made.rows(300, month, 2020 + month, (1,))
        argentine = [[*row[:2], "AR-C", *row[3:]] for row in rows if row[3] in offences_of_argentina.split()]
        loads.made.write(loads.place / "in" / f"{month}.csv", [*rows, *argentine])

    put(1, "H1 N1")
    put(2, "H1 N1")
    loads.load()
    put(2, "H1 N1 R1")
    before = loads.previous
    _, checked = loads.load()

    assert _told(checked) == _told(loads.load_whole(before))
