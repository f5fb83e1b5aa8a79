# ruff: noqa: E501 (a query reads best in one piece)
"""What is known to be odd in real files is named by a rule, an exclusion or a control, on extracts of those files.

Expected figures are read off the extracts here, without the pipeline, or stand in the publisher's file.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from extracts import EXTRACTS, read_rows

from pipelines.session import Session
from pipelines.source_steps import check_source
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.source import find_sources

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def release(extracts: Settings) -> Path:
    return extracts.published


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
    for row in read_rows("eu_crim_pris_off"):
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
    given = {row["Category"] for row in read_rows("za_saps")}
    years = [name for name in read_rows("za_saps")[0] if name.startswith("20")]

    def count(categories: set[str]) -> float:
        return sum(float(row[year]) for row in read_rows("za_saps") if row["Category"] in categories for year in years)

    assert parts & given
    (excluded,) = ask(release, "SELECT count FROM out.exclusion WHERE source = 'za_saps' AND rule = "
                      "'out_of_scope_counted_elsewhere'")  # fmt: skip
    (robbery,) = ask(release, "SELECT sum(value) FROM out.observation WHERE source = 'za_saps' AND iccs = '0401' AND "
                     "area_level = 'admin1'")  # fmt: skip
    assert excluded[0] >= count(parts) > 0
    assert robbery == (count({"Robbery with aggravating circumstances", "Common robbery"}),)


def test_two_definitions_of_rape_are_one_series_with_a_declared_break(release: Path) -> None:
    by_year = {row["year"]: row for row in read_rows("us_fbi_estimates") if row["state_abbr"] == ""}
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
    states = [row for row in read_rows("in_ncrb_murder") if not row["STATE NAME"].startswith("TOTAL")]
    (murdered,) = ask(release, "SELECT sum(value) FROM out.observation WHERE source = 'in_ncrb_murder' AND iccs = '0101' "
                      "AND sex = '_T' AND age = '_T' AND area_level = 'admin1'")  # fmt: skip
    assert murdered == (sum(int(row["MURDERED TOTAL (TOTAL)"]) for row in states),)


def test_who_sexes_add_up_and_mexico_is_as_published(release: Path) -> None:
    assert ask(release, "SELECT outcome, failing FROM out.quality WHERE source = 'un_who_homicide' AND "
               "rule = 'control_totals'") == [("passed", 0)]  # fmt: skip
    ((mexico,),) = ask(release, "SELECT estimate FROM out.estimate WHERE source = 'un_who_homicide' AND iccs = '0101' AND "
                       "ref_area = 'MX' AND time_period = '2019' AND sex = '_T'")  # fmt: skip
    assert round(mexico) == 32450  # the figure on the publisher's page


FORMAL_YEARS = [str(year) for year in range(2003, 2018)]
FORMAL_BANDS = ["0-17", "18-24", "25-29", "30-44", "45-59", "over 60"]


def in_formal_contact() -> dict[tuple[str, str, str], float | None]:
    """The extract: (country, sex and age in words, year) -> persons, None where the cell is blank."""
    words = " Brought into Formal Contact"
    return {
        (row["Country"], row["Indicator"].removesuffix(words), year): float(row[year]) if row[year].strip() else None
        for row in read_rows("un_cts_formal_contact")
        for year in FORMAL_YEARS
        if row["Indicator"].endswith(words)
    }


def test_unodc_persons_of_0_to_14_are_in_the_band_0_to_17_too(release: Path, tmp_path: Path) -> None:
    """As declared, the inner band is excluded by name; with that exclusion taken away, the source is refused."""
    figures = in_formal_contact()
    years = {
        year for (_, words, year), persons in figures.items()
        if persons is not None and words.endswith(" 0-14")
    }  # fmt: skip
    assert len(years) == 9  # 2009-2017
    declared = ask(release, "SELECT outcome, failing FROM out.quality WHERE source = 'un_cts_formal_contact' "
                   "AND rule = 'age_bands_overlap'")  # fmt: skip
    assert declared == [("passed", 0)]

    own = tmp_path / "sources" / "un_cts_formal_contact"
    shutil.copytree(ROOT / "pipelines" / "sources" / own.name, own)
    shutil.copyfile(ROOT / "iccs" / "concordances" / f"{own.name}.csv", own / "concordance.csv")
    lines = (own / "source.yml").read_text(encoding="utf-8").splitlines()
    without = [line for line in lines if "band_inside_another" not in line]
    assert len(without) == len(lines) - 1
    (own / "source.yml").write_text("\n".join(without), encoding="utf-8")
    (folder,) = find_sources([own.name], tmp_path / "sources")
    with pytest.raises(DataRefused) as refused:
        check_source(folder, Session(Settings(data=tmp_path / "data"), EXTRACTS[own.name]))
    assert {problem.rule for problem in refused.value.problems} == {"band_beside_parts"}
    assert "(Y0T17) beside " in refused.value.problems[0].found
    assert "(Y0T14), inside it" in refused.value.problems[0].found


def test_unodc_persons_by_age_are_counted_once_and_compared_with_the_total_of_their_sex(release: Path) -> None:
    figures = in_formal_contact()
    sums = {
        (country, sex, year): [figures[country, f"{sex} {band}", year] for band in FORMAL_BANDS]
        for country in {country for country, _, _ in figures}
        for sex in ("Male", "Female")
        for year in FORMAL_YEARS
    }
    expected = sum(sum(each) for each in sums.values() if None not in each)
    (used,) = ask(release, "SELECT sum(value) FROM out.observation WHERE source = 'un_cts_formal_contact' AND iccs = '0101' "
                  "AND age = '_T' AND sex IN ('M', 'F')")  # fmt: skip
    assert used == (expected,)

    beside = [(figures[country, sex, year], sum(one or 0 for one in each)) for (country, sex, year), each in sums.items()
              if figures[country, sex, year] is not None and any(one is not None for one in each)]  # fmt: skip
    above = [(total, bands) for total, bands in beside if bands > total]
    assert (262, 268) in above  # Australia 2013, men: 16 + 60 + 50 + 98 + 32 + 12 in the bands
    control = ask(release, "SELECT outcome, checked, failing FROM out.quality WHERE source = 'un_cts_formal_contact' "
                  "AND rule = 'control_totals'")  # fmt: skip
    assert control == [("warned", len(beside), len(above))]
