"""What the mapping does to counts: splits, implied tags, validity, parents and the way up the tree.

A source of a few rows is written for each test; the expected figures are worked out by hand beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from iccs.concordance import concordance_columns
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import find_sources

SOURCE = """
title: Test
publisher: Test
url: https://example.org
licence: {{name: none}}
citation: Test
layouts:
  - files: ["xx_test.csv"]
    read: {{columns: [area, year, code, sex, count]}}
area_scheme: inegi
columns: {{ref_area: area, time_period: year, national_code: code, sex: sex, value: count}}
measures:
  victims: {{stage: recorded, counting_unit: victim}}
breakdowns:
  - {{by: [{by}]}}
{more}
"""
VALUES = "dimension,word,code,note\nsex,m,M,\nsex,f,F,\nsex,u,_U,\nvalue,:,O,\n"


def _run(tmp_path: Path, rows: list[str], links: list[dict[str, str]], by: str = "sex", more: str = "") -> RunResult:
    folder = tmp_path / "sources" / "xx_test"
    folder.mkdir(parents=True)
    (folder / "source.yml").write_text(SOURCE.format(by=by, more=more), encoding="utf-8")
    (folder / "values.csv").write_text(VALUES, encoding="utf-8")
    columns = concordance_columns()
    given = {
        "relation": "exact",
        "status": "reviewed",
        "decided_by": "test",
        "decided_on": "2026-01-01",
        "note": "test",
        "basis": "test",
    }
    lines = [",".join(columns)]
    for link in links:
        full = {"national_label": link["national_code"], **given, **link}
        lines.append(",".join(full.get(column, "") for column in columns))
    (folder / "concordance.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "in").mkdir()
    text = "\n".join(["area,year,code,sex,count", *rows])
    (tmp_path / "in" / "xx_test.csv").write_text(text + "\n", encoding="utf-8")
    return run_all(
        find_sources([], tmp_path / "sources"),
        Session(Settings(data=tmp_path / "data"), tmp_path / "in", source_folders=tmp_path / "sources"),
    )


def _cells(result: RunResult, where: str = "true") -> dict[tuple[Any, ...], Any]:
    assert [refusal.message for refusal in result.refused] == []
    with duckdb.connect(str(result.published), read_only=True) as connection:
        rows = connection.execute(
            f"SELECT iccs, time_period, sex, value, obs_status, iccs_made_from FROM out.observation "
            f"WHERE ref_area = 'MX-AGU' AND {where}"
        ).fetchall()
    return {row[:3]: row[3:] for row in rows}


def test_a_split_goes_by_weight_is_an_estimate_and_adds_up(tmp_path: Path) -> None:
    links = [
        {"national_code": "robo", "iccs_code": "0401", "weight": "0.25", "relation": "partial"},
        {"national_code": "robo", "iccs_code": "0502", "weight": "0.75", "relation": "partial"},
    ]
    result = _run(tmp_path, ["1,2020,robo,m,10", "1,2020,robo,f,6"], links)
    cells = _cells(result, "length(iccs) = 4")
    # men 10: 2.5 and 7.5; women 6: 1.5 and 4.5; together 4 and 12
    assert {key: value[:2] for key, value in cells.items()} == {
        ("0401", "2020", "M"): (2.5, "E"),
        ("0401", "2020", "F"): (1.5, "E"),
        ("0401", "2020", "_T"): (4.0, "E"),
        ("0502", "2020", "M"): (7.5, "E"),
        ("0502", "2020", "F"): (4.5, "E"),
        ("0502", "2020", "_T"): (12.0, "E"),
    }
    with duckdb.connect(str(result.published), read_only=True) as connection:
        closing = connection.execute("SELECT count_read, count_used, count_published, closes FROM out.reconciliation")
        assert closing.fetchall() == [(16.0, 16.0, 16.0, True)]


def test_a_link_holds_only_in_its_years(tmp_path: Path) -> None:
    links = [
        {"national_code": "a", "iccs_code": "0101", "valid_to": "2019"},
        {"national_code": "a", "iccs_code": "0102", "valid_from": "2020"},
    ]
    cells = _cells(_run(tmp_path, ["1,2019,a,m,3", "1,2020,a,m,5"], links), "sex = 'M' AND length(iccs) = 4")
    assert {key[:2]: value[0] for key, value in cells.items()} == {("0101", "2019"): 3.0, ("0102", "2020"): 5.0}


def test_a_link_that_ends_within_the_year_does_not_hold_for_it(tmp_path: Path) -> None:
    links = [{"national_code": "a", "iccs_code": "0101", "valid_to": "2020-06"}]
    (refusal,) = _run(tmp_path, ["1,2020,a,m,3"], links).refused
    assert refusal.problems[0]["rule"] == "unlinked_national_code"
    assert refusal.problems[0]["value"] == "a"


def test_an_implied_sex_fills_what_the_file_leaves_open_and_conflicts_are_refused(tmp_path: Path) -> None:
    links = [{"national_code": "feminicidio", "iccs_code": "0101", "sex": "F"}]
    cells = _cells(_run(tmp_path, ["1,2020,feminicidio,u,4"], links), "iccs = '0101'")
    assert {key[2]: value[0] for key, value in cells.items()} == {"F": 4.0, "_T": 4.0}


def test_a_conflict_of_tag_and_file_is_refused(tmp_path: Path) -> None:
    links = [{"national_code": "feminicidio", "iccs_code": "0101", "sex": "F"}]
    (refusal,) = _run(tmp_path, ["1,2020,feminicidio,m,4"], links).refused
    assert [problem["rule"] for problem in refusal.problems] == ["implied_tag_conflict"]


def test_a_tag_of_some_codes_makes_the_others_unknown_not_total(tmp_path: Path) -> None:
    links = [
        {"national_code": "armed", "iccs_code": "0401", "weapon": "FIREARM"},
        {"national_code": "plain", "iccs_code": "0401"},
    ]
    result = _run(tmp_path, ["1,2020,armed,m,2", "1,2020,plain,m,5"], links, by="weapon")
    with duckdb.connect(str(result.published), read_only=True) as connection:
        found = connection.execute(
            "SELECT weapon, value FROM out.observation WHERE ref_area = 'MX-AGU' AND iccs = '0401'"
        ).fetchall()
    assert dict(found) == {"FIREARM": 2.0, "_U": 5.0, "_T": 7.0}


def test_parent_counts_stay_at_the_parent_and_totals_are_made_on_the_way_up(tmp_path: Path) -> None:
    links = [
        {"national_code": "theft", "iccs_code": "0502"},
        {"national_code": "cars", "iccs_code": "050211"},
        {"national_code": "burglary", "iccs_code": "0501"},
    ]
    rows = ["1,2020,theft,m,100", "1,2020,cars,m,30", "1,2020,burglary,m,7"]
    cells = _cells(_run(tmp_path, rows, links), "sex = 'M'")
    assert {key[0]: (value[0], value[2]) for key, value in cells.items()} == {
        "05": (137.0, "0501;0502"),
        "0501": (7.0, None),
        "0502": (130.0, "05021;="),
        "05021": (30.0, "050211"),
        "050211": (30.0, None),
    }


def test_a_parent_that_holds_its_children_is_not_added_to_them(tmp_path: Path) -> None:
    links = [
        {"national_code": "theft", "iccs_code": "0502"},
        {"national_code": "cars", "iccs_code": "050211"},
        {"national_code": "burglary", "iccs_code": "0501"},
    ]
    rows = ["1,2020,theft,m,100", "1,2020,cars,m,30", "1,2020,burglary,m,7"]
    result = _run(tmp_path, rows, links, more="parent_counts: include_children")
    cells = _cells(result, "sex = 'M'")
    assert {key[0]: (value[0], value[2]) for key, value in cells.items()} == {
        "05": (107.0, "0501;0502"),
        "0501": (7.0, None),
        "0502": (100.0, None),
        "05021": (30.0, "050211"),
        "050211": (30.0, None),
    }


def test_a_missing_part_makes_the_total_incomplete_never_smaller(tmp_path: Path) -> None:
    links = [{"national_code": "a", "iccs_code": "0101"}]
    result = _run(tmp_path, ["1,2020,a,m,3", "1,2020,a,f,:", "1,2021,a,m,3", "1,2021,a,f,0"], links)
    cells = _cells(result, "iccs = '0101'")
    assert cells[("0101", "2020", "_T")][0] is None
    assert cells[("0101", "2020", "F")][:2] == (None, "O")
    assert cells[("0101", "2021", "F")][0] == 0.0
    assert cells[("0101", "2021", "_T")][0] == 3.0
    with duckdb.connect(str(result.published), read_only=True) as connection:
        country = connection.execute(
            "SELECT DISTINCT value, missing_reason, completeness FROM out.observation "
            "WHERE ref_area = 'MX' AND iccs = '0101' AND sex = 'M'"
        ).fetchall()
    # one state of 32
    assert country == [(None, "incomplete", pytest.approx(1 / 32))]


def test_an_out_of_scope_code_is_excluded_by_name_and_counted(tmp_path: Path) -> None:
    links = [
        {"national_code": "a", "iccs_code": "0101"},
        {"national_code": "accident", "relation": "none", "out_of_scope": "not_crime"},
    ]
    result = _run(tmp_path, ["1,2020,a,m,3", "1,2020,accident,m,9"], links)
    assert result.refused == ()
    with duckdb.connect(str(result.published), read_only=True) as connection:
        excluded = connection.execute("SELECT rule, cells, count FROM out.exclusion").fetchall()
        row = connection.execute(
            "SELECT rows_read, rows_used, rows_excluded, rows_rejected, count_used, count_excluded "
            "FROM out.reconciliation"
        ).fetchall()
    assert excluded == [("out_of_scope_not_crime", 1, 9.0)]
    assert row == [(2, 1, 1, 0, 3.0, 9.0)]
