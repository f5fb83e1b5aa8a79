"""Populations of the United Nations under victims by age of UNODC: Mexico 2021, computed again from the two files."""

from __future__ import annotations

import csv

import duckdb
import pytest
from extracts import EXTRACTS, read_rows

from pipelines.system.settings import Settings

# WHO world standard 2000-2025 (Ahmad et al. 2001, table 4), five-year groups added up to the ICCS bands.
WEIGHTS = {"0-14": 26.15, "15-29": 24.62, "30-44": 21.35, "45-59": 15.96, "60+": 11.955}
BAND_OF = {"0-9": "0-14", "10-14": "0-14", "15-17": "15-29", "18-19": "15-29", "20-24": "15-29", "25-29": "15-29",
           "30-44": "30-44", "45-59": "45-59", "60 и старше": "60+"}  # fmt: skip
BOTH_SEXES = "Все"


def _people_of_2021() -> dict[str, float]:
    """Both sexes of Mexico (484), a fifth of the way from 2020 to 2025, by ICCS band."""
    bands = dict.fromkeys(WEIGHTS, 0.0)
    for name, year, share in (("popAge5dt.csv", "2020", 0.8), ("popprojAge5dt_2025_2035.csv", "2025", 0.2)):
        with (EXTRACTS["un_wpp_population"] / name).open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if (row["country_code"], row["year"]) == ("484", year):
                    age = int(row["age"].split("-")[0].rstrip("+"))
                    band = "60+" if age >= 60 else f"{age // 15 * 15}-{age // 15 * 15 + 14}"
                    bands[band] += share * 1000 * float(row["pop"])
    return bands


def _victims_of_2021() -> dict[str, float]:
    bands = dict.fromkeys(WEIGHTS, 0.0)
    for row in read_rows("un_homicide"):
        mexico = (next(iter(row.values())), row["year"]) == ("MEX", "2021")  # the first column is iso3
        if mexico and row["sex"] != BOTH_SEXES and row["age_group"] != BOTH_SEXES:
            bands[BAND_OF[row["age_group"]]] += float(row["count"])
    return bands


def test_a_country_of_the_unodc_table_has_a_standardised_rate(extracts: Settings) -> None:
    people, victims = _people_of_2021(), _victims_of_2021()
    expected = sum(WEIGHTS[band] * victims[band] / people[band] for band in WEIGHTS) / sum(WEIGHTS.values()) * 100_000

    with duckdb.connect(str(extracts.published), read_only=True) as connection:
        found = connection.execute(
            "SELECT value, denominator, obs_status, caveats FROM out.indicator WHERE source = 'un_homicide' "
            "AND indicator = 'homicide_rate_who_iccs_bands' AND ref_area = 'MX' AND time_period = '2021' AND sex = '_T'"
        ).fetchone()

    assert found is not None
    assert found[0] == pytest.approx(expected, rel=1e-6)
    assert found[1] == pytest.approx(sum(people.values()), rel=1e-6)
    # 2021 lies on the line from 2020 to the projection of 2025: the rate says so, though its count is as published.
    assert found[2] == "E"
    assert "population_interpolated" in found[3].split(";")


def test_rates_by_age_are_near_those_that_unodc_prints(extracts: Settings) -> None:
    """UNODC divides by the annual populations of the same revision: the line is within one percent of them."""
    printed = {("F", "Y20T24"): 10.1043565755393, ("M", "Y25T29"): 91.2506929964091, ("M", "Y45T59"): 51.594130192571}
    with duckdb.connect(str(extracts.published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT sex, age, rate_per_100k, population_source FROM out.rate WHERE source = 'un_homicide' "
            "AND ref_area = 'MX' AND time_period = '2021' AND rate_per_100k IS NOT NULL"
        ).fetchall()
    found = {(sex, age): (rate, source) for sex, age, rate, source in rows}

    for cell, rate in printed.items():
        assert found[cell] == (pytest.approx(rate, rel=0.01), "un_wpp_population")
    assert ("F", "Y15T17") not in found  # lies within a five-year group: no population, and none is made up
