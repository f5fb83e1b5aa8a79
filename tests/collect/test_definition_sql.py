"""SQL of a definition by somebody else: one SELECT over the rows of the file, or the source is refused."""

from __future__ import annotations

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.collect import definition_sql
from pipelines.collect.definition_sql import condition_problems, select_problems
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.errors import DataRefused
from schemas.errors import UsageError

ALLOWED = (
    "FROM raw",
    "SELECT * FROM RAW WHERE n <> '0' -- as published",
    "WITH a AS (SELECT *, row_number() OVER (ORDER BY n) AS r FROM raw) SELECT * FROM a JOIN a AS b USING (r)",
    "SELECT year, content FROM raw UNPIVOT (content FOR year IN (COLUMNS('^[0-9]{4}$')))",
    "SELECT * FROM raw, unnest(['M', 'F']) AS s(sex), range(3) AS r(n)",
    "SELECT CASE WHEN n = 'x' THEN error('no x is known') ELSE n END AS n FROM raw",
    "SELECT (SELECT max(n) FROM raw), regexp_extract(n, '([0-9]+)', 1) FROM raw UNION ALL SELECT '1', '2'",
)
REFUSED = {
    "SELECT * FROM raw); COPY (SELECT 1) TO '{canary}'; SELECT * FROM (SELECT * FROM raw": "syntax error",
    "COPY raw TO '{canary}'": "only a SELECT is allowed",
    "SELECT * FROM raw; SELECT * FROM raw": "2 statements",
    "": "0 statements",
    "-- nothing": "0 statements",
    "SELECT * FROM read_csv('/etc/passwd')": "'read_csv'",
    "SELECT * FROM raw, read_text('/etc/passwd')": "'read_text'",
    "SELECT * FROM '/etc/passwd'": "'/etc/passwd'",
    "FROM 'other.parquet'": "'other.parquet'",
    "SELECT (SELECT content FROM read_blob('x')) FROM raw": "'read_blob'",
    "SELECT * FROM raw WHERE EXISTS (FROM glob('/root/*'))": "'glob'",
    "WITH a AS (FROM read_json('x')) SELECT * FROM raw, a": "'read_json'",
    "SELECT * FROM information_schema.tables": "'information_schema.tables'",
    "SELECT * FROM raw_0": "'raw_0'",
    "SELECT * FROM duckdb_secrets()": "'duckdb_secrets'",
    "SELECT * FROM query('FROM raw')": "'query'",
    "SELECT * FROM query_table('raw')": "'query_table'",
    "SELECT current_setting('temp_directory') FROM raw": "'current_setting'",
    "SELECT getvariable('x') FROM raw": "'getvariable'",
    "SELECT random() AS n FROM raw": "'random'",
    "SELECT * FROM raw WHERE year < year(now())": "'now'",
    "SELECT * FROM raw WHERE year < year(current_date)": "'current_date'",
    "SELECT *, Current_Timestamp AS day FROM raw": "'current_timestamp'",
    "SELECT * FROM raw WHERE localtime > '12:00'": "'localtime'",
    "ATTACH 'x.duckdb'": "only a SELECT is allowed",
    "INSTALL httpfs": "only a SELECT is allowed",
    "SET memory_limit = '1TB'": "only a SELECT is allowed",
    "PRAGMA database_list": "only a SELECT is allowed",
    "CREATE TABLE x AS FROM raw": "only a SELECT is allowed",
}


@pytest.mark.parametrize("statement", ALLOWED)
def test_a_select_over_the_rows_of_the_file_is_allowed(statement: str) -> None:
    assert select_problems(statement) == []


@pytest.mark.parametrize("statement", REFUSED)
def test_anything_else_is_refused_and_named(statement: str) -> None:
    problems = select_problems(statement)
    assert len(problems) == 1, problems
    assert REFUSED[statement] in problems[0]


@pytest.mark.parametrize(
    "condition",
    [
        "true) FROM raw; DROP TABLE raw; SELECT (true",
        "true) , (true",
        "true -- ",
        "n IN (SELECT content FROM read_text('/etc/passwd'))",
        "n IN (FROM raw)",
        "random() > 0.5",
        "year < year(current_date)",
        "true) FROM (SELECT 1",
    ],
)
def test_a_condition_is_one_condition_on_the_columns_of_a_row(condition: str) -> None:
    assert condition_problems(condition)
    assert condition_problems("n = '1' OR (sex IN ('M', 'F') AND NOT name LIKE '%; DROP%')") == []


@pytest.mark.parametrize("name", ["reshape.sql", "rates.sql", "exclusions.1.where", "controls.1.where"])
def test_a_source_with_such_sql_is_refused_before_its_files_are_read(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary.csv"
    condition = f"true) FROM raw); COPY (SELECT 1) TO '{canary}'; SELECT ((true"
    parts = {
        "exclusions.1.where": f"exclusions: [{{rule: hostile, where: {json.dumps(condition)}, reason: none}}]\n",
        "controls.1.where": f"controls: [{{control: c, where: {json.dumps(condition)}, expected: 1, origin: x}}]\n",
    }
    tiny = Tiny(tmp_path)
    folder = tiny.declare_plain(parts.get(name, ""), layout="    conserve: n\n" if name == "reshape.sql" else "")
    if name not in parts:
        hostile = f"SELECT * FROM raw); COPY (SELECT 1) TO '{canary}'; SELECT * FROM (SELECT * FROM raw_0"
        (tiny.sources / tiny.name / name).write_text(hostile)
    tiny.give("a.csv", "area,year,code,n\n14,2020,HOM,1\n")
    with pytest.raises(UsageError, match="its SQL is not a single SELECT over the rows of the file") as refused:
        run_source(folder, Session(tiny.settings, tiny.given))
    assert f"\n  {name}: " in str(refused.value)
    assert not canary.exists()


def test_sources_that_are_taken_side_by_side_may_be_checked_at_the_same_moment() -> None:
    definition_sql.unstable_functions.cache_clear()  # the list of functions is read again, by the first who needs it
    statement = "SELECT *, lower(name) AS label FROM raw"
    with definition_sql.parser_connection().cursor(), ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: select_problems(statement), range(64)))

    assert found == [[]] * 64


ENDLESS = "(SELECT count(*) FROM range(100000000) AS a(x), range(1000000) AS b(y) WHERE x = y + 1)"
"""A number that takes hours, within little memory."""


@pytest.mark.parametrize("where", ["reshape", "exclusions", "rates.sql", "controls"])
def test_sql_of_a_definition_that_does_not_end_is_stopped(tiny: Tiny, where: str) -> None:
    more = {
        "exclusions": f'exclusions:\n  - {{rule: r, where: "{ENDLESS} = 1", reason: Invented.}}\n',
        "controls": "controls:\n  - {control: c, rows: rows.sql, total_column: n, part_columns: [n], tolerance: 0}\n",
    }
    tiny.declare_plain(more.get(where, ""), **({"layout": "    conserve: n\n"} if where == "reshape" else {}))
    folder = tiny.sources / tiny.name
    statement = f"SELECT * FROM raw WHERE {ENDLESS} = 1"
    if where == "reshape":
        (folder / "reshape.sql").write_text(statement)
    if where == "controls":
        (folder / "rows.sql").write_text(statement)
    if where == "rates.sql":
        names = ("_row", "ref_area", "time_period", "national_code", "measure", "count", "rate", "per")
        columns = ", ".join(f"'1' AS {name}" for name in names)
        (folder / "rates.sql").write_text(f"SELECT {columns} FROM raw WHERE {ENDLESS} = 1")
    tiny.give("t.csv", "area,year,code,n\n14,2023,HOM,5\n")
    session = Session(replace(tiny.settings, max_sql_seconds=1), tiny.given)
    with pytest.raises(DataRefused) as refused:
        run_source(tiny.source, session)
    (problem,) = refused.value.problems
    assert problem.rule == "declaration_invalid"
    assert "took more than 1 seconds" in problem.found


def test_sql_over_incidents_that_does_not_end_is_stopped(tiny: Tiny) -> None:
    tiny.declare(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, day, code]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: day, national_code: code}\ndates: [YYYY-MM-DD]\n"
        "measures:\n  victims: {counting_unit: victim}\nrows: events\nbreakdowns: [{freq: A, by: []}]\n",
        reshape=f"SELECT * FROM raw WHERE {ENDLESS} = 1",
    )
    tiny.give("t.csv", "area,day,code\n14,2023-01-02,HOM\n")
    with pytest.raises(DataRefused) as refused:
        run_source(tiny.source, Session(replace(tiny.settings, max_sql_seconds=1), tiny.given))
    (problem,) = refused.value.problems
    assert "took more than 1 seconds" in problem.found


HUGE = "length(repeat('x', 4000000000)) > 1"
"""Four gigabytes in one value, beside DuckDB's memory limit."""


@pytest.mark.parametrize("where", ["reshape", "exclusions", "incidents"])
def test_sql_that_makes_huge_values_is_stopped_and_the_process_goes_on(tiny: Tiny, where: str) -> None:
    exclusion = f'exclusions:\n  - {{rule: huge, where: "{HUGE}", reason: Invented.}}\n'
    reshape = f"SELECT * FROM raw WHERE {HUGE}"
    if where == "incidents":
        tiny.declare(
            "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code]}\n"
            "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code}\ndates: [YYYY]\n"
            "measures:\n  victims: {counting_unit: victim}\nrows: events\nbreakdowns: [{freq: A, by: []}]\n",
            reshape=reshape,
        )
    elif where == "reshape":
        tiny.declare_plain(layout="    conserve: n\n", reshape=reshape)
    else:
        tiny.declare_plain(exclusion)
    tiny.give("t.csv", "area,year,code,n\n14,2023,HOM,5\n")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(DataRefused) as refused:
        run_source(tiny.source, Session(tiny.settings, tiny.given))
    (problem,) = refused.value.problems
    assert problem.rule == "declaration_invalid"
    assert "one of them creates very large values" in problem.found
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    if where == "exclusions":
        tiny.declare_plain()
        assert run_source(tiny.source, Session(tiny.settings, tiny.given))[1]  # the same process reads the next source
