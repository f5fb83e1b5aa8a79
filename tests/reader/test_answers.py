"""Answers to queries as files, read back with libraries other than the one that wrote them."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from pipelines.publish.published_schema import create_tables
from pipelines.reader.answers import write_answer
from pipelines.system.settings import Settings
from schemas.errors import UsageError

ASK = (
    "SELECT '0101' AS iccs, 1.5 AS rate, true AS flag, NULL AS nothing, '=1+1' AS text, 3 AS n, "
    "DATE '2020-01-02' AS day, 'inf'::DOUBLE AS most"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(data=tmp_path_factory.mktemp("answers"))
    made.published.parent.mkdir(parents=True)
    with duckdb.connect(str(made.published)) as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'r' AS release")
    return made


def test_codes_stay_text_and_nothing_becomes_a_formula(settings: Settings, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet", "a.xlsx"):
        assert write_answer(ASK, tmp_path / name, settings) == 1
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file)
    assert header == ["iccs", "rate", "flag", "nothing", "text", "n", "day", "most"]
    assert row == ["0101", "1.5", "true", "", "=1+1", "3", "2020-01-02", "inf"]
    (record,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (record["iccs"], float(record["rate"]), record["nothing"]) == ("0101", 1.5, None)
    names, cells = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert (names, cells) == (header, ["0101", 1.5, True, "", "=1+1", 3.0, "2020-01-02", "inf"])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")  # no formula


@pytest.mark.parametrize(
    ("statement", "name", "message"),
    [
        ("SELECT 1", "a.txt", "ends with .csv, .parquet, .xlsx"),
        ("SELECT 1", "there.csv", "exists already"),
        ("SELECT 1", "none/a.csv", "there is no folder"),
        ("SELCT 1", "a.csv", "the query failed"),
        ("SELECT error('no')", "a.csv", "the query failed"),
        ("CREATE TABLE x AS SELECT 1", "a.csv", "the query failed"),
        ("FROM range(1048576)", "a.xlsx", "1,048,576 rows do not fit a sheet"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_no_file(
    settings: Settings, tmp_path: Path, statement: str, name: str, message: str
) -> None:
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        write_answer(statement, tmp_path / name, settings)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"
