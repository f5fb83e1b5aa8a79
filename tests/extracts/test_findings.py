# ruff: noqa: E501 (a query reads best in one piece)
"""What is known to be odd in real files is named by a rule, an exclusion or a control, on extracts of those files.

Expected figures are read off the extracts here, without the pipeline, or stand in the publisher's file.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.publish import publish
from pipelines.run import plain_step, run_source
from pipelines.settings import Settings
from pipelines.source import find_sources

HERE = Path(__file__).parent
SOURCES = [
    "eu_crim_pris_off", "in_ncrb_kidnapping", "in_ncrb_murder", "in_ncrb_rape", "un_who_homicide", "us_fbi_estimates",
    "za_saps",
]  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(data=tmp_path_factory.mktemp("findings"))
    folders = {folder.source_id: folder for folder in find_sources(SOURCES)}
    step = plain_step(lambda _: None)
    vintages = [run_source(folder, settings, HERE / name, step)[0] for name, folder in folders.items()]
    return publish(vintages, folders, settings).path


def rows(source: str) -> list[dict[str, str]]:
    (path,) = (HERE / source).iterdir()
    raw = path.read_bytes()
    return list(csv.DictReader((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8").splitlines()))


def ask(release: Path, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(release), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_eurostat_prisoners_women_and_men_against_their_total(release: Path) -> None:
    whole = [cell for cell in prisoners().values() if len(cell) == 3]
    differing = sorted((cell["T"], cell["F"] + cell["M"]) for cell in whole if cell["T"] != cell["F"] + cell["M"])
    assert len(differing) == 5  # the five of the whole file: France 2021 twice, Kosovo 2013 and 2019, Latvia 2014

    outcome = ask(release, "SELECT outcome, checked, failing FROM out.quality WHERE source = 'eu_crim_pris_off' "
                  "AND rule = 'control_totals'")  # fmt: skip
    told = ask(release, "SELECT expected, actual FROM out.control WHERE source = 'eu_crim_pris_off' "
               "AND starts_with(detail, 'row') ORDER BY 1")  # fmt: skip
    assert outcome == [("warned", len(whole), 5)]
    assert told == differing


def prisoners() -> dict[tuple[str, ...], dict[str, int]]:
    """The counts of the extract: (category, country, year) -> sex -> persons."""
    cells: dict[tuple[str, ...], dict[str, int]] = {}
    for row in rows("eu_crim_pris_off"):
        if row["unit"] == "NR":
            cells.setdefault((row["iccs"], row["geo"], row["TIME_PERIOD"]), {})[row["sex"]] = int(row["OBS_VALUE"])
    return cells


def test_prisoners_of_a_total_without_sexes_are_of_unknown_sex(release: Path) -> None:
    alone = [cell["T"] for cell in prisoners().values() if not {"F", "M"} <= set(cell)]
    assert alone
    (unknown,) = ask(
        release, "SELECT sum(value) FROM out.observation WHERE source = 'eu_crim_pris_off' AND sex = '_U' AND "
        "length(iccs) = (CASE WHEN iccs LIKE '03%' THEN 5 ELSE 4 END) AND area_level IN ('country', 'admin1')")  # fmt: skip
    assert unknown == (sum(alone),)


def test_aggravated_robbery_beside_its_parts_is_counted_once(release: Path) -> None:
    """South Africa lists carjacking, truck hijacking ... beside the robbery with aggravating circumstances they are in."""
    parts = {"Carjacking", "Truck hijacking", "Robbery of cash in transit", "Bank robbery", "Robbery at residential premises",
             "Robbery at non-residential premises"}  # fmt: skip
    given = {row["Category"] for row in rows("za_saps")}
    years = [name for name in rows("za_saps")[0] if name.startswith("20")]

    def count(categories: set[str]) -> float:
        return sum(float(row[year]) for row in rows("za_saps") if row["Category"] in categories for year in years)

    assert parts & given
    (excluded,) = ask(release, "SELECT count FROM out.exclusion WHERE source = 'za_saps' AND rule = "
                      "'out_of_scope_counted_elsewhere'")  # fmt: skip
    (robbery,) = ask(release, "SELECT sum(value) FROM out.observation WHERE source = 'za_saps' AND iccs = '0401' AND "
                     "area_level = 'admin1'")  # fmt: skip
    assert excluded[0] >= count(parts) > 0
    assert robbery == (count({"Robbery with aggravating circumstances", "Common robbery"}),)


def test_two_definitions_of_rape_are_one_series_with_a_declared_break(release: Path) -> None:
    by_year = {row["year"]: row for row in rows("us_fbi_estimates") if row["state_abbr"] == ""}
    both = [year for year, row in by_year.items() if row["rape_legacy"] and row["rape_revised"]]
    assert both  # the columns overlap in time
    found = dict(ask(release, "SELECT time_period, value FROM out.observation WHERE source = 'us_fbi_estimates' AND "
                     "iccs = '03011' AND ref_area = 'US'"))  # fmt: skip
    wanted = {
        year: float(row["rape_revised"] if int(year) >= 2013 else row["rape_legacy"]) for year, row in by_year.items()
    }
    assert found == wanted
    marked = ask(release, "SELECT min(time_period) FROM out.observation WHERE source = 'us_fbi_estimates' AND "
                 "iccs = '03011' AND contains(caveats, 'method_change')")  # fmt: skip
    assert marked == [(min(year for year in by_year if int(year) >= 2013),)]


def test_subtotals_of_india_are_controls_and_not_counts(release: Path) -> None:
    controls = ask(release, "SELECT source, bool_and(difference = 0), count(*) FROM out.control WHERE source LIKE 'in_ncrb%' "
                   "AND detail LIKE 'all %' GROUP BY ALL ORDER BY 1")  # fmt: skip
    assert controls == [("in_ncrb_kidnapping", True, 1), ("in_ncrb_murder", True, 3), ("in_ncrb_rape", True, 1)]
    states = [row for row in rows("in_ncrb_murder") if not row["STATE NAME"].startswith("TOTAL")]
    (murdered,) = ask(release, "SELECT sum(value) FROM out.observation WHERE source = 'in_ncrb_murder' AND iccs = '0101' "
                      "AND sex = '_T' AND age = '_T' AND area_level = 'admin1'")  # fmt: skip
    assert murdered == (sum(int(row["MURDERED TOTAL (TOTAL)"]) for row in states),)


def test_who_sexes_add_up_and_mexico_is_as_published(release: Path) -> None:
    assert ask(release, "SELECT outcome, failing FROM out.quality WHERE source = 'un_who_homicide' AND "
               "rule = 'control_totals'") == [("passed", 0)]  # fmt: skip
    ((mexico,),) = ask(release, "SELECT value FROM out.observation WHERE source = 'un_who_homicide' AND iccs = '0101' AND "
                       "ref_area = 'MX' AND time_period = '2019' AND sex = '_T'")  # fmt: skip
    assert round(mexico) == 32450  # the figure on the publisher's page
