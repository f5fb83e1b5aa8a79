"""A definition edited while its figures stay: a release shows them as they were declared when they were loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.publish.loaded import as_loaded
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.tabulate.structure_suite import without_suite
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.source import list_sources

HEADS = {
    "table": "layouts:\n  - files: ['{name}*.csv']\n    read: {{columns: [area, date, code, n]}}\n"
    "columns: {{ref_area: area, time_period: date, national_code: code, value: n}}\n",
    "incidents": "kind: incident\nrows: events\n"
    "layouts:\n  - files: ['{name}*.csv']\n    read: {{columns: [area, date, code]}}\n"
    "columns: {{ref_area: area, time_period: date, national_code: code}}\nbreakdowns: [{{freq: A, by: []}}]\n",
}
MONTHS = [f"{month:02}" for month in range(1, 13)]
FILES = {
    "table": "area,date,code,n\nMX,2022,HOM,24\nMX,2023,HOM,12\n",
    "incidents": "area,date,code\n"
    + "".join(f"MX,2022-{month}-{day},HOM\n" for month in MONTHS for day in ("03", "17"))
    + "".join(f"MX,2023-{month}-09,HOM\n" for month in MONTHS),
}


def declare(tiny: Tiny, grain: str) -> None:
    common = "area_scheme: code\nmeasures: {m: {stage: recorded, counting_unit: victim}}\n"
    tiny.declare(HEADS[grain].format(name=tiny.name) + common)


def run(tiny: Tiny, name: str) -> RunResult:
    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    with without_suite():
        return run_all([list_sources(tiny.sources)[name]], session)


def rows(tiny: Tiny, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(params=["table", "incidents"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Tiny:
    """Two sources of one grain, loaded; the first is about to be edited."""
    for name in ("xx_first", "xx_other"):
        tiny = Tiny(tmp_path, name)
        declare(tiny, request.param)
        tiny.give(f"{name}.csv", FILES[request.param])
        run(tiny, name)
    return Tiny(tmp_path, "xx_first")


SAID = "SELECT title, counted_at, (SELECT count(*) FROM out.series_break) FROM out.source WHERE source = 'xx_first'"
EDIT = "counted_at: output\nbreaks:\n  - {period: '2023', iccs: ['0101'], note: A new law.}\n"


def test_an_edit_is_shown_with_the_figures_that_are_loaded_with_it(two: Tiny) -> None:
    path = two.sources / two.name / "source.yml"
    assert rows(two, SAID) == [("Tiny source", None, 0)]

    path.write_text(path.read_text().replace("Tiny source", "Tiny source, renamed") + EDIT)
    other = run(two, "xx_other")
    assert other.edited == ("xx_first",)
    assert rows(two, SAID) == [("Tiny source, renamed", None, 0)]  # where it is published is a fact of today
    assert rows(two, "SELECT DISTINCT obs_status FROM out.observation WHERE source = 'xx_first'") == [("A",)]

    path.write_text(path.read_text().replace("A new law", "Another law"))
    assert run(two, "xx_other").publication is None  # nothing of that edit is to be seen yet

    assert run(two, "xx_first").edited == ()
    assert rows(two, SAID) == [("Tiny source, renamed", "output", 1)]
    marked = "SELECT DISTINCT time_period, obs_status FROM out.observation WHERE source = 'xx_first' AND iccs = '0101'"
    assert sorted(rows(two, marked)) == [("2022", "A"), ("2023", "B")]


def test_a_definition_that_is_not_valid_stops_no_other_source(two: Tiny) -> None:
    path = two.sources / two.name / "source.yml"
    path.write_text(path.read_text() + "nonsense: 3\n")
    given = two.given / "xx_other.csv"
    given.write_text(given.read_text().replace("2022", "2021"))  # the 24 victims were of the year before

    assert run(two, "xx_other").edited == ("xx_first",)
    found = rows(two, "SELECT source, time_period, value FROM out.observation WHERE iccs = '0101' ORDER BY ALL")
    assert found[:3] == [("xx_first", "2022", 24), ("xx_first", "2023", 12), ("xx_other", "2021", 24)]

    with without_suite():
        both = run_all(
            list(list_sources(two.sources).values()), Session(two.settings, two.given, source_folders=two.sources)
        )
    assert [one.source for one in both.refused] == ["xx_first"]
    assert both.edited == ()  # its refusal says so


def test_figures_of_a_version_that_kept_no_definition_are_shown_as_declared_now(two: Tiny) -> None:
    vintage = current_vintage(two.name, two.settings)
    assert vintage is not None
    path = two.sources / two.name / "source.yml"
    path.write_text(path.read_text() + EDIT)
    assert as_loaded([vintage], list_sources(two.sources))[two.name].source.counted_at is None
    del vintage.manifest["declaration"]
    assert as_loaded([vintage], list_sources(two.sources))[two.name].source.counted_at == "output"


def test_a_source_without_a_file_keeps_its_figures_and_is_named(two: Tiny) -> None:
    (two.given / "xx_first.csv").unlink()
    with without_suite():
        found = run_all(
            list(list_sources(two.sources).values()),
            Session(two.settings, two.given, source_folders=two.sources),
            named=False,
        )
    assert found.kept == ("xx_first",)
    assert rows(two, "SELECT sum(value) FROM out.observation WHERE source = 'xx_first' AND iccs = '0101'") == [(36,)]
