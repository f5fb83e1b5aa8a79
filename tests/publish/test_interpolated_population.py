"""Years between two population figures lie on the line between them, marked; nothing is added outside or over gaps."""

from __future__ import annotations

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.run import run_all
from pipelines.session import Session
from schemas.source import list_sources

POINTS = {2005: 1_000_000, 2010: 1_500_000, 2011: 1_400_000, 2020: 2_000_000}


@pytest.fixture
def out(tiny: Tiny) -> duckdb.DuckDBPyConnection:
    tiny.declare_plain()
    tiny.give("counts.csv", "area,year,code,n\n" + "".join(f"14,{year},HOM,12\n" for year in range(2004, 2023)))
    people = tiny.sources / "xx_people"
    people.mkdir()
    about = (tiny.sources / tiny.name / "source.yml").read_text(encoding="utf-8").split("layouts:")[0]
    people.joinpath("source.yml").write_text(
        about + "kind: population\npriority: 1\nlayouts:\n  - files: ['people.tsv']\n"
        '    read: {columns: [area, year, n], delimiter: "\\t"}\narea_scheme: inegi\n'
        "columns: {ref_area: area, time_period: year, value: n}\n"
        "measures:\n  people: {stage: _Z, counting_unit: person}\n",
        encoding="utf-8",
    )
    people.joinpath("values.csv").write_text("dimension,word,code,note\nvalue,,O,\n", encoding="utf-8")
    given = "".join(f"14\t{year}\t{n}\n" for year, n in {**POINTS, 2007: "", 2015: ""}.items())
    tiny.give("people.tsv", "area\tyear\tn\n" + given)
    folders = list_sources(tiny.sources)
    sources = list(folders.values())
    result = run_all(sources, Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    assert result.refused == ()
    return duckdb.connect(str(result.published), read_only=True)


def test_five_year_points_are_joined_and_marked(out: duckdb.DuckDBPyConnection) -> None:
    query = (
        "SELECT time_period, population, obs_status, caveats, no_rate_reason FROM out.rate "
        "WHERE iccs = '0101' AND ref_area = 'MX-JAL' ORDER BY time_period"
    )
    rows = {row[0]: row[1:] for row in out.execute(query).fetchall()}

    assert rows["2005"] == (1_000_000, "A", None, None)
    assert rows["2008"] == (1_300_000, "E", "population_interpolated", None)
    assert rows["2011"] == (1_400_000, "A", None, None)
    # Before the first, and in a gap of nine years, there is none.
    assert rows["2004"][3] == "no_population"
    assert rows["2015"][3] == "no_population"


def test_a_year_that_is_left_blank_and_interpolated_is_there_once(out: duckdb.DuckDBPyConnection) -> None:
    """2007 is between two points, 2015 in a gap of nine years."""
    query = (
        "SELECT time_period, population, obs_status FROM out.population "
        "WHERE source = 'xx_people' AND ref_area = 'MX-JAL' AND time_period IN ('2007', '2015') ORDER BY ALL"
    )

    assert out.execute(query).fetchall() == [("2007", 1_200_000, "E"), ("2015", None, "O")]
