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
from pipelines.reader.release import query
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
    assert row == ["0101", "1.5", "true", "", "'=1+1", "3", "2020-01-02", "inf"]
    (record,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (record["iccs"], float(record["rate"]), record["nothing"]) == ("0101", 1.5, None)
    names, cells = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert (names, cells) == (header, ["0101", 1.5, True, "", "=1+1", 3.0, "2020-01-02", "inf"])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")  # no formula


def test_a_text_that_begins_like_a_formula_is_none_in_csv_and_a_number_stays_one(
    settings: Settings, tmp_path: Path
) -> None:
    texts = ["=1", "+1+1", "-2-3", "@SUM(A1)", "\tx", "\rx", "-5", "0101", "a=b", ""]
    values = ", ".join(f"('{text}')" for text in texts)
    write_answer(f'SELECT col0 AS "=label" FROM (VALUES {values})', tmp_path / "a.csv", settings)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = [row[0] if row else "" for row in csv.reader(file)]
    assert rows == ["'=label", "'=1", "'+1+1", "'-2-3", "'@SUM(A1)", "'\tx", "'\rx", "-5", "0101", "a=b", ""]


def test_a_file_is_replaced_only_when_asked_and_a_link_never(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "mine.csv")
    with pytest.raises(UsageError, match="--force"):
        write_answer("SELECT 1 AS a", tmp_path / "mine.csv", settings)
    with pytest.raises(UsageError, match="already exists"):
        write_answer("SELECT 1 AS a", tmp_path / "link.csv", settings, force=True)
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "mine"
    write_answer("SELECT 1 AS a", tmp_path / "mine.csv", settings, force=True)
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "a\n1\n"


def _beyond_the_release(folder: Path) -> list[str]:
    """Statements that reach for something else than the release: files, other databases, the network, settings."""
    there, new = folder / "there.csv", folder / "new"
    return [
        f"FROM read_csv('{there}')", f"FROM '{there}'", f"SELECT content FROM read_text('{there}')",
        f"SELECT * FROM read_blob('{there}')", f"FROM read_json('{there}')", f"FROM read_parquet('{there}')",
        f"SELECT * FROM glob('{folder}/*')", f"COPY (SELECT 1) TO '{new}'", f"COPY out.release TO '{new}.parquet'",
        f"EXPORT DATABASE '{new}'", f"ATTACH '{new}.duckdb' AS other", f"IMPORT DATABASE '{folder}'",
        f"CREATE TEMP TABLE t (a VARCHAR); COPY t FROM '{there}'", "INSTALL httpfs", "LOAD httpfs",
        "FROM read_csv('https://example.org/a.csv')", "FROM 's3://a/b.parquet'", "SET enable_external_access = true",
        "SET lock_configuration = false", "RESET memory_limit", "SET memory_limit = '1TB'", "PRAGMA threads = 64",
        f"SET temp_directory = '{folder}'", "SET allowed_directories = ['/']", "SET python_enable_replacements = true",
        "FROM settings", "DETACH crime; ATTACH ':memory:' AS crime",
        "CREATE OR REPLACE TABLE crime.out.release (a INT)",
        "DELETE FROM crime.out.release", "DROP TABLE crime.out.release",
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(_beyond_the_release(Path("/")))))
def test_a_query_sees_the_release_and_nothing_else(settings: Settings, tmp_path: Path, number: int) -> None:
    (tmp_path / "there.csv").write_text("a\nsecret\n", encoding="utf-8")
    statement = _beyond_the_release(tmp_path)[number]
    assert query("SELECT release FROM out.release", settings).rows == [("r",)]
    with pytest.raises(UsageError) as refused:
        query(statement, settings)
    assert "secret" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    with pytest.raises(UsageError):
        write_answer(statement, tmp_path / "answer.csv", settings)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert query("SELECT release FROM out.release", settings).rows == [("r",)]


@pytest.mark.parametrize(
    ("statement", "name", "message"),
    [
        ("SELECT 1", "a.txt", "must end with .csv, .parquet, .xlsx"),
        ("SELECT 1", "there.csv", "already exists"),
        ("SELECT 1", "none/a.csv", "there is no folder"),
        ("SELCT 1", "a.csv", "the query failed"),
        ("SELECT error('no')", "a.csv", "the query failed"),
        ("CREATE TABLE x AS SELECT 1", "a.csv", "this is CREATE"),
        ("FROM range(1048576)", "a.xlsx", "1,048,576 rows do not fit in an Excel sheet"),
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
