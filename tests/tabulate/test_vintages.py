"""Every load of a source is kept: any earlier state comes back cell by cell, and each change is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_source import Tiny

from pipelines.publish.build import publish
from pipelines.publish.published_schema import create_tables
from pipelines.publish.revisions import load_vintages
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.connection import connect
from pipelines.system.files import write_json
from pipelines.tabulate.fingerprints import fingerprint_periods
from pipelines.tabulate.vintages.loads import Load, add_load
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.declarations import load_tables

COLUMNS = [column.name for column in load_tables()["observation"].columns if column.name not in ("source", "vintage")]
LINKS = [
    {"national_code": "HOM", "national_label": "Homicidio", "iccs_code": "0101", "relation": "exact"},
    {"national_code": "ROB", "national_label": "Robo", "iccs_code": "0401", "relation": "exact"},
]
Edition = dict[tuple[str, str, str], int | None]  # area, year, code -> count, None is given as ':'


def _load(tiny: Tiny, text: str, accepted_loss: str | None = None) -> Vintage:
    tiny.give("t.csv", "area,year,code,n\n" + text)
    vintage, _ = run_source(tiny.source, Session(tiny.settings, tiny.given, accepted_loss=accepted_loss))
    return vintage


def _publish(tiny: Tiny) -> duckdb.DuckDBPyConnection:
    current = current_vintage(tiny.name, tiny.settings)
    publication = publish([current], {tiny.name: tiny.source}, tiny.settings)
    return duckdb.connect(str(publication.path), read_only=True)


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def _cells(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return _sorted(connection.execute(f"SELECT {', '.join(COLUMNS)} FROM read_parquet(?)", [str(path)]).fetchall())


# --- any earlier state, from cells made at random ---------------------------------------------------

KEYS = ("MX-JAL", "MX-MEX"), ("2023", "2024"), ("A", "M"), ("0101", "0401"), ("M", "_T"), ("0005", "_T")
CELL = st.tuples(
    st.tuples(*map(st.sampled_from, KEYS)),  # area, period, frequency, category, sex, weapon
    st.one_of(st.none(), st.integers(0, 2)),
    st.sampled_from(["A", "P"]),
    st.sampled_from([None, "incomplete"]),
)
EDITION = st.lists(CELL, max_size=12, unique_by=lambda cell: cell[0])


def _write_cells(path: Path, edition: list[Any]) -> None:
    path.parent.mkdir(parents=True)
    types = {column.name: column.type for column in load_tables()["observation"].columns}
    rows = [
        {
            **{name: None if types[name] == "DOUBLE" else "_T" for name in COLUMNS},
            **dict(zip(("ref_area", "time_period", "freq", "iccs", "sex", "weapon"), key, strict=True)),
            "value": None if value is None else float(value),
            "completeness": 1.0,
            "obs_status": status,
            "caveats": caveat,
        }
        for key, value, status, caveat in edition
    ]
    schema = pa.schema([(name, pa.float64() if types[name] == "DOUBLE" else pa.string()) for name in COLUMNS])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    write_json(path.with_name("manifest.json"), {"vintage": path.parent.name})  # of before there were sums of parts


def _write_periods(cells: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE cells AS SELECT * EXCLUDE (caveats) FROM read_parquet('{cells}')")
        fingerprint_periods(connection, cells, cells.with_name("periods.parquet"))


@settings(deadline=None, max_examples=5, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.lists(EDITION, min_size=3, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_as_of_each_load_the_cells_are_those_of_its_vintage(
    new_tiny: Callable[[], Tiny], editions: list[list[Any]], with_periods: list[bool]
) -> None:
    where = new_tiny().settings
    root = where.core / "xx_tiny"
    loads: tuple[Load, ...] = ()
    for number, edition in enumerate([*editions, editions[0]]):  # the first edition comes back at the end
        name = f"v{editions.index(edition)}"
        if not (root / name).exists():
            _write_cells(root / name / "cells.parquet", edition)
            if with_periods[number]:  # else the vintage is one of before there were fingerprints of periods
                _write_periods(root / name / "cells.parquet")
        at = datetime(2026, 1, 1 + number, tzinfo=UTC).isoformat()
        loads = add_load(loads, Load(name, name, at, "", str(number), "", "", len(edition), None, None))
    current = Vintage("xx_tiny", loads[-1].vintage, root / loads[-1].folder, "", 0, loads)

    with connect(where, where.data / "earlier.duckdb") as out:
        create_tables(out)
        cells = f"read_parquet('{current.part('cells')}')"
        out.execute("INSERT INTO out.source BY NAME SELECT 'xx_tiny' AS source, 'count' AS kind")
        out.execute(f"INSERT INTO out.observation BY NAME SELECT 'xx_tiny' AS source, 'v0' AS vintage, * FROM {cells}")
        load_vintages(out, current, where)

        assert out.execute("SELECT vintage, is_current FROM out.vintage ORDER BY loaded_at").fetchall() == [
            (load.vintage, load is loads[-1]) for load in loads
        ]
        for load in loads:
            for at in (load.moment, load.moment.date()):  # a day means its end
                found = out.execute(f"SELECT {', '.join(COLUMNS)} FROM out.observation_asof($at)", {"at": at})
                assert _sorted(found.fetchall()) == _cells(root / load.folder / "cells.parquet")
            vintages = out.execute("SELECT DISTINCT vintage FROM out.observation_asof($at)", {"at": load.moment})
            assert vintages.fetchall() in ([(load.vintage,)], [])
        assert out.execute("SELECT count(*) FROM out.observation_asof('2025-12-31')").fetchall() == [(0,)]


# --- reasons, through the whole run ---------------------------------------------------------------


def test_each_change_is_told_with_size_and_reason(tiny: Tiny) -> None:
    tiny.declare_plain(links=LINKS, values="value,:,O,\n")
    first = _load(tiny, "14,2022,HOM,4\n14,2023,HOM,100\n15,2023,HOM,:\n16,2023,HOM,7\n")
    corrected = "14,2022,HOM,4\n14,2023,HOM,120\n15,2023,HOM,5\n14,2023,ROB,1\n14,2024,HOM,3\n"
    second = _load(tiny, corrected, accepted_loss="16 was withdrawn")

    with _publish(tiny) as out:
        rows = out.execute(
            "SELECT ref_area, time_period, iccs, revision_reason, old_value, new_value, revision_change, "
            "revision_percent FROM out.revision WHERE area_level = 'admin1' AND length(iccs) = 4 ORDER BY ALL"
        ).fetchall()
        loads = out.execute(
            "SELECT DISTINCT previous_vintage, vintage, revision_cause, loaded_at FROM out.revision"
        ).fetchall()
        triangle = out.execute(
            "SELECT time_period, value, change_from_first FROM out.revision_triangle($s, '0101', 'MX-JAL')",
            {"s": tiny.name},
        ).fetchall()

    assert rows == [
        ("MX-JAL", "2023", "0101", "corrected", 100, 120, 20, 20),
        ("MX-JAL", "2023", "0401", "new_category", None, 1, None, None),
        ("MX-JAL", "2024", "0101", "new_period", None, 3, None, None),
        ("MX-MEX", "2023", "0101", "completed", None, 5, None, None),
        ("MX-MIC", "2023", "0101", "withdrawn", 7, None, None, None),
    ]
    assert loads == [(first.vintage, second.vintage, "files", second.loads[-1].moment)]
    assert triangle == [
        ("2022", 4, 0),
        ("2022", 4, 0),
        ("2023", 100, 0),
        ("2023", 120, 20),
        ("2024", None, None),
        ("2024", 3, 0),
    ]


def test_another_concordance_is_a_vintage_that_the_source_did_not_cause(tiny: Tiny) -> None:
    tiny.declare_plain(links=LINKS)
    text = "14,2023,HOM,10\n"
    _load(tiny, text)
    tiny.declare_plain(links=[{**LINKS[0], "iccs_code": "0102"}, LINKS[1]])
    second = _load(tiny, text)
    tiny.declare_plain(links=[{**LINKS[0], "iccs_code": "0102", "note": "Another note."}, LINKS[1]])
    third = _load(tiny, text)

    with _publish(tiny) as out:
        found = out.execute(
            "SELECT iccs, revision_reason, revision_cause FROM out.revision WHERE area_level = 'admin1' ORDER BY ALL"
        ).fetchall()

    assert found == [
        ("01", "marks_changed", "declaration"),  # made from 0102 now, with the same value
        ("0101", "withdrawn", "declaration"),
        ("0102", "new_category", "declaration"),
    ]
    assert [load.vintage for load in third.loads] == [load.vintage for load in second.loads]
    assert third.folder.is_dir()
    assert third.folder != second.folder, "the proof was renewed beside, then the pointer moved"
    assert not second.folder.exists()
    assert (third.loads[0].folder, third.loads[1].folder) == (second.loads[0].folder, third.folder.name)


def test_figures_of_an_earlier_load_are_not_called_unchanged(tiny: Tiny) -> None:
    tiny.declare_plain()
    first = _load(tiny, "14,2024,HOM,50\n")
    assert _load(tiny, "14,2024,HOM,50.0\n").summary == f"vintage {first.vintage} (figures unchanged)"
    _load(tiny, "14,2024,HOM,52\n")
    assert _load(tiny, "14,2024,HOM,50\n").summary == f"vintage {first.vintage} (figures of an earlier load again)"


def test_when_figures_changed_is_by_the_clock_though_it_was_ahead_once(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=400)

    tiny.declare_plain()
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.tabulate.vintages.store.datetime", Ahead)
        ahead = _load(tiny, "14,2024,HOM,50\n")
    vintage, now = _load(tiny, "14,2024,HOM,52\n"), datetime.now(UTC)
    assert now - timedelta(minutes=5) < vintage.changed_at <= now
    assert vintage.loads[-1].moment > ahead.loads[-1].moment, "the history keeps its order"


def test_estimates_between_counts_are_no_observations(tiny: Tiny) -> None:
    """50 victims; then declared as a percentage, of which observations know nothing; then 52 victims."""
    percent = "figures: ratio, unit: percent, universe: persons"
    tiny.declare_plain()
    path = tiny.sources / tiny.name / "source.yml"
    counts = path.read_text()
    _load(tiny, "14,2024,HOM,50\n")
    path.write_text(counts.replace("counting_unit: victim", f"counting_unit: victim, {percent}"))
    _load(tiny, "14,2024,HOM,50\n")
    path.write_text(counts)
    _load(tiny, "14,2024,HOM,52\n")
    with _publish(tiny) as connection:
        told = connection.execute(
            "SELECT revision_reason, was_there, is_there, old_value, new_value FROM out.revision "
            "WHERE iccs = '0101' AND area_level = 'admin1' ORDER BY loaded_at"
        ).fetchall()
        then = [
            connection.execute(
                "SELECT ref_area, value FROM out.observation_asof(CAST($at AS TIMESTAMP)) "
                "WHERE iccs = '0101' AND area_level = 'admin1'",
                {"at": at},
            ).fetchall()
            for (at,) in connection.execute("SELECT loaded_at FROM out.vintage ORDER BY loaded_at").fetchall()
        ]
    assert told == [("withdrawn", True, False, 50, None), ("new_period", False, True, None, 52)]
    assert then == [[("MX-JAL", 50)], [], [("MX-JAL", 52)]]
