"""A data folder of each earlier version is published, queried and run on by the program of today.

What must come out is what that version published of the same files: ``observation.parquet``, written by it.
``make_fixture.py`` makes the folder of a version, once, when it is released.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.harmonise.quarantine import open_quarantine
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.declarations import attribute_columns
from schemas.source import find_sources

HERE = Path(__file__).parent
VERSIONS = sorted(path.parent.name for path in HERE.glob("*/data.tar.xz"))
SOURCES = ["mx_sesnsp_victims", "us_fbi_shr", "wb_population"]


def run(place: Path, edition: Path) -> RunResult:
    return run_all(find_sources(SOURCES), Session(Settings(data=place / "data"), edition), named=False)


# What rules mark and withhold since 0.2 (docs/upgrading.md); all else must be as it was.
MARKS = ("vintage", "caveats", "obs_status", "missing_reason", "completeness", "iccs_made_from")
WITHHELD = "missing_reason IN ('sex_not_known', 'age_not_known', 'period_not_reported', 'rows_rejected')"


def compare(place: Path, published: Path, without_marks: bool = False) -> None:
    """The cells published now are those published then, in the columns of then; an attribute that is new is a total."""
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute(f"CREATE TEMP VIEW earlier AS FROM read_parquet('{place / 'observation.parquet'}')")
        columns = [name for name, *_ in connection.execute("DESCRIBE earlier").fetchall()]
        new = [name for name in attribute_columns() if name not in columns]
        compared = ", ".join(name for name in columns if not (without_marks and name in MARKS))
        key = ", ".join(name for name in columns if name not in (*MARKS, "value", "conf_status"))
        kept = f"ANTI JOIN (FROM out.observation WHERE {WITHHELD}) AS withheld USING ({key})" if without_marks else ""
        for one, other in (("earlier", "out.observation"), ("out.observation", "earlier")):
            differing = f"SELECT {compared} FROM {one} {kept} EXCEPT ALL SELECT {compared} FROM {other} {kept}"
            assert connection.execute(f"FROM ({differing}) LIMIT 5").fetchall() == [], f"in {one} only"
        totals: list[Any] = [count_of(connection, f"FROM out.observation WHERE {name} <> '_T'") for name in new]
        assert totals == [0] * len(new)
        assert count_of(connection, "FROM out.observation") > 10_000


def count_of(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    ((number,),) = connection.execute(f"SELECT count(*) {what}").fetchall()
    return int(number)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_data_folder_of_an_earlier_version(version: str, tmp_path: Path) -> None:
    with tarfile.open(HERE / version / "data.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    settings = Settings(data=tmp_path / "data")

    # No file is given: the vintages are published as they are, with the revision between the two of one source.
    result = run(tmp_path, nothing)
    assert (result.absent, result.refused) == (tuple(SOURCES), ())
    assert result.publication is not None
    compare(tmp_path, result.published)
    with duckdb.connect(str(result.published), read_only=True) as connection:
        assert count_of(connection, "FROM out.vintage") == 4
        revised = connection.execute(
            "SELECT DISTINCT ref_area, left(time_period, 4), new_value - old_value FROM out.revision "
            "WHERE source = 'mx_sesnsp_victims' AND old_value IS DISTINCT FROM new_value"
        ).fetchall()
        assert count_of(connection, "FROM out.trend_of('0101', 'MX')") > 0
    # A count of 0 in Aguascalientes became 7777; the extract has not all areas, so the country has no figure.
    assert revised == [("MX-AGU", "2023", 7777.0)]

    # The same files are given: the same figures, whatever code made them, and the refused load is in quarantine yet.
    mexican = current_vintage("mx_sesnsp_victims", settings)
    assert mexican is not None
    (refused,) = open_quarantine("mx_sesnsp_victims", mexican.vintage, settings)
    assert [file.name for file in refused.files] == ["IDVFC_NM_dic24.csv"]
    again = run(tmp_path, tmp_path / "editions" / "2")
    assert again.refused == ()
    compare(tmp_path, again.published, without_marks=True)
