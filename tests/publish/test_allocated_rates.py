"""What rests on allocated persons says so: rates, trends and indicators of them are estimates. Figures by hand."""

from __future__ import annotations

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.run import run_all
from pipelines.session import Session
from schemas.source import list_sources

SEXES = "dimension,word,code,note\nsex,m,M,\nsex,f,F,\nsex,u,_U,\n"


def test_rates_trends_and_indicators_follow_an_allocation(tiny: Tiny) -> None:
    """Each year 36 men, 24 women, 40 unknown: 60 of a million men, 40 of half a million women."""
    years = range(2010, 2022)
    tiny.declare(
        "layouts:\n  - files: [t.csv]\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\nbreakdowns:\n  - {by: [sex]}\nallocate_unknown: proportional\n",
        SEXES.split("\n", 1)[1],
        [HOMICIDE],
    )
    rows = [f"14,{year},HOM,{sex},{n}" for year in years for sex, n in (("m", 36), ("f", 24), ("u", 40))]
    tiny.give("t.csv", "\n".join(["area,year,code,sex,n", *rows]) + "\n")
    people = tiny.sources / "xx_people"
    people.mkdir()
    about = (tiny.sources / tiny.name / "source.yml").read_text(encoding="utf-8").split("layouts:")[0]
    people.joinpath("source.yml").write_text(
        about + "kind: population\npriority: 1\nlayouts:\n  - files: ['people.tsv']\n"
        '    read: {columns: [area, year, sex, n], delimiter: "\\t"}\narea_scheme: inegi\n'
        "columns: {ref_area: area, time_period: year, sex: sex, value: n}\nbreakdowns:\n  - {by: [sex]}\n"
        "measures:\n  people: {stage: _Z, counting_unit: person}\n",
        encoding="utf-8",
    )
    people.joinpath("values.csv").write_text(SEXES, encoding="utf-8")
    persons = [f"14\t{year}\t{sex}\t{n}" for year in years for sex, n in (("m", 1_000_000), ("f", 500_000))]
    tiny.give("people.tsv", "\n".join(["area\tyear\tsex\tn", *persons]) + "\n")
    sources = list(list_sources(tiny.sources).values())
    result = run_all(sources, Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    assert result.refused == ()
    out = duckdb.connect(str(result.published), read_only=True)

    rates = out.execute(
        "SELECT sex, value, rate_per_100k, obs_status, ci_low, contains(caveats, 'unknown_allocated') FROM out.rate "
        "WHERE iccs = '0101' AND ref_area = 'MX-JAL' AND time_period = '2015' AND sex IN ('M', 'F') ORDER BY sex"
    ).fetchall()  # fmt: skip
    assert rates == [
        ("F", 40, pytest.approx(8), "E", None, True),
        ("M", 60, pytest.approx(6), "E", None, True),
    ]
    total = out.execute(
        "SELECT DISTINCT value, obs_status, caveats FROM out.rate "
        "WHERE iccs = '0101' AND ref_area = 'MX-JAL' AND sex = '_T'"
    ).fetchall()  # fmt: skip
    assert total == [(100, "A", None)]
    trends = out.execute(
        "SELECT sex, contains(caveats, 'unknown_allocated') FROM out.trend "
        "WHERE iccs = '0101' AND ref_area = 'MX-JAL' AND sex IN ('M', 'F') ORDER BY sex"
    ).fetchall()  # fmt: skip
    assert trends == [("F", True), ("M", True)]
    indicators = out.execute(
        "SELECT sex, value, obs_status FROM out.indicator "
        "WHERE indicator = 'homicide_rate' AND ref_area = 'MX-JAL' AND time_period = '2015' "
        "AND sex IN ('M', 'F') ORDER BY sex"
    ).fetchall()  # fmt: skip
    assert indicators == [("F", pytest.approx(8), "E"), ("M", pytest.approx(6), "E")]
