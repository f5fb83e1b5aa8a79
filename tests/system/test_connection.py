"""Connections of a run share one engine: what one of them sets must not be taken away, or left, by another."""

from __future__ import annotations

import resource
from pathlib import Path

import duckdb
import pytest

from pipelines.system.connection import connect, joins_as_written, memory_bound, one_engine
from pipelines.system.settings import Settings


def _setting(connection: duckdb.DuckDBPyConnection) -> str:
    ((value,),) = connection.execute("SELECT current_setting('disabled_optimizers')").fetchall()
    return str(value)


def test_the_rows_pass_by_the_list_and_not_the_list_by_the_rows(tmp_path: Path) -> None:
    """What is held in memory is read to its end before the first row of the other side passes by it."""
    order: list[str] = []

    def note(text: str, number: int) -> int:
        order.append(text)
        return number

    query = (
        "SELECT * FROM (SELECT note('row', id) AS id FROM few_rows) "
        "LEFT JOIN (SELECT note('list', id) AS id, word FROM list) USING (id)"
    )
    with connect(Settings(data=tmp_path, threads=1)) as opened:
        opened.execute("CREATE TEMP TABLE few_rows AS SELECT range AS id FROM range(3)")
        opened.execute("CREATE TEMP TABLE list AS SELECT range AS id, 'word ' || range AS word FROM range(5000)")
        opened.create_function("note", note, ["VARCHAR", "BIGINT"], "BIGINT", side_effects=True)
        left_alone = opened.execute(query).fetchall()
        assert order[0] == "row", "nothing to forbid: the test proves nothing"
        order.clear()
        with joins_as_written(opened):
            as_written = opened.execute(query).fetchall()

    assert order == ["list"] * 5000 + ["row"] * 3
    assert sorted(as_written) == sorted(left_alone) == [(number, f"word {number}") for number in range(3)]


def test_the_setting_stays_until_the_last_that_needs_it_is_done(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, threads=1)
    with connect(settings) as one, connect(settings) as other, connect(settings) as third:
        with joins_as_written(one):
            second = joins_as_written(other)
            second.__enter__()
        assert _setting(third) != "", "the second one still needs it"
        second.__exit__(None, None, None)
        assert _setting(third) == ""


def test_the_setting_goes_where_a_statement_fails(tmp_path: Path) -> None:
    with connect(Settings(data=tmp_path, threads=1)) as opened:
        with pytest.raises(duckdb.ConversionException), joins_as_written(opened):
            opened.execute("SELECT 'word'::INTEGER")
        assert _setting(opened) == ""


def test_one_engine_serves_other_folders_and_ends(tmp_path: Path) -> None:
    def tables() -> list[tuple[str]]:
        with connect(Settings(data=tmp_path / "own", threads=1)) as opened:
            return opened.execute("SELECT table_name FROM duckdb_tables() WHERE table_name = 'shared'").fetchall()

    with one_engine(Settings(data=tmp_path / "first", threads=1)):
        with connect(Settings(data=tmp_path / "second", threads=1)) as opened:
            opened.execute("CREATE TABLE shared (id INTEGER)")
        assert tables() == [("shared",)]
    assert tables() == []


def test_a_bound_on_memory_holds_what_the_limit_of_the_engine_does_not(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with connect(Settings(data=tmp_path, threads=1)) as connection:
        with memory_bound(2**30, ValueError("too much")):
            first = resource.getrlimit(resource.RLIMIT_AS)[0]
            with memory_bound(2**30, ValueError("too much, inside")):
                assert resource.getrlimit(resource.RLIMIT_AS)[0] >= first + 2**29  # of both together
                with (
                    pytest.raises(ValueError, match="too much, inside"),
                    memory_bound(1, ValueError("too much, inside")),
                ):
                    connection.execute("SELECT length(repeat('x', 4000000000))")
            assert connection.execute("SELECT length(repeat('x', 40000000))").fetchone() == (40_000_000,)
        assert resource.getrlimit(resource.RLIMIT_AS) == before
        with pytest.raises(KeyError), memory_bound(2**30, ValueError("too much")):
            raise KeyError
    assert resource.getrlimit(resource.RLIMIT_AS) == before
