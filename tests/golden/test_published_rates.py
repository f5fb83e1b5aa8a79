"""Rates that others published, computed again, and the gap to ours (methodology, "Comparison with published rates").

- Eurostat's own rates per 100,000 (unit P_HTHAB) stand in the bundled file beside its counts (NR); they are not loaded,
  only compared here.
- UNODC, Global Study on Homicide 2019, annex: counts and rates of intentional homicide as printed there.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

FILE = Path(__file__).parents[2] / "data" / "input" / "eu_crim_off_cat"

# Country: year -> victims, rate per 100,000, as UNODC printed them.
UNODC = {
    "MX": {"2015": (20762, 16.5), "2016": (24559, 19.3), "2017": (32079, 24.8)},
    "AR": {"2014": (3227, 7.5), "2015": (2837, 6.5), "2016": (2625, 6.0), "2017": (2279, 5.1)},
}


@pytest.fixture(scope="module")
def eurostat() -> pd.DataFrame:
    """Counts and published rates of each category, country and year, as in the file."""
    raw = pd.read_csv(next(FILE.iterdir()), sep="\t")
    key = raw.columns[0]
    raw[["freq", "iccs", "unit", "geo"]] = raw[key].str.split(",", expand=True)
    long = raw.drop(columns=[key, "freq"]).melt(["iccs", "unit", "geo"], var_name="year", value_name="cell")
    long["value"] = pd.to_numeric(long["cell"].astype(str).str.strip().str.split(" ").str[0], errors="coerce")
    long["year"] = long["year"].str.strip()
    return long.pivot(index=["iccs", "geo", "year"], columns="unit", values="value").dropna().reset_index()


def test_eurostats_rates_follow_from_its_counts_and_one_population_a_year(eurostat: pd.DataFrame) -> None:
    """Printed to two decimals, with 0.2 % for populations revised between: each rate gives a range of populations."""
    rows = eurostat[eurostat["P_HTHAB"] > 0].copy()
    rows["least"] = rows["NR"] / (rows["P_HTHAB"] * 1.002 + 0.005) * 1e5
    rows["most"] = rows["NR"] / (rows["P_HTHAB"] * 0.998 - 0.005) * 1e5
    ranges = rows.groupby(["geo", "year"]).agg(least=("least", "max"), most=("most", "min"), rates=("NR", "size"))
    fits = ranges["least"] <= ranges["most"]

    assert len(rows) == 8499
    assert len(ranges) == 580
    # In 560 the ranges overlap. In the others Eurostat changed a count or a rate without the other.
    odd = {f"{geo} {year}" for geo, year in ranges.index[~fits]}
    assert odd == {
        "AL 2008", "AL 2009", "AL 2015", "AL 2016", "CH 2008", "CZ 2021", "EL 2008", "EL 2009", "EL 2011", "FI 2010",
        "FR 2016", "FR 2018", "IE 2008", "IE 2012", "IE 2014", "IS 2016", "MT 2014", "MT 2015", "NL 2014", "UKM 2008",
    }  # fmt: skip


def test_our_rates_differ_from_eurostats_by_the_population_alone(
    out: duckdb.DuckDBPyConnection, eurostat: pd.DataFrame
) -> None:
    ours = out.execute(
        "SELECT 'ICCS' || iccs AS iccs, CASE ref_area WHEN 'GR' THEN 'EL' ELSE ref_area END AS geo, "
        "time_period AS year, value, rate_per_100k, population FROM out.rate "
        "WHERE source = 'eu_crim_off_cat' AND area_level = 'country'"
    ).df()
    both = eurostat.merge(ours, on=["iccs", "geo", "year"])
    assert (both["NR"] == both["value"]).all()
    large = both[both["NR"] >= 100]
    deviation = large["rate_per_100k"] / large["P_HTHAB"] - 1

    # Theirs: 1 January; ours: World Bank, middle of the year.
    assert abs(deviation.median()) < 0.002
    assert (deviation.abs() <= 0.01).mean() > 0.8
    # Cyprus: the World Bank counts the whole island, Eurostat the area under the government's control.
    by_country = deviation.groupby(large["geo"]).median()
    assert -0.33 < by_country["CY"] < -0.29
    far = set(by_country.index[by_country.abs() > 0.015])
    assert far == {"CY", "AL", "MK", "BG", "HR"}  # the others: populations revised after censuses of 2021 to 2023


@pytest.mark.parametrize(("area", "year"), [(area, year) for area, years in UNODC.items() for year in years])
def test_the_gap_to_unodc_is_that_of_counts_times_that_of_populations(
    out: duckdb.DuckDBPyConnection, area: str, year: str
) -> None:
    ((value, population, rate),) = out.execute(
        "SELECT value, population, rate_per_100k FROM out.trend_of('0101', ?) WHERE time_period = ? "
        "AND counting_unit = 'victim'",
        [area, year],
    ).fetchall()
    victims, printed = UNODC[area][year]
    counts, people = value / victims, population / (victims / printed * 1e5)

    assert rate / printed == pytest.approx(counts / people, rel=1e-9)
    if area == "AR":  # the same police figures, revised since; populations of the census round before
        assert abs(counts - 1) < 0.016
        assert abs(people - 1) < 0.02
    else:  # death certificates there, files of prosecutors here; CONAPO's 2010 round against WPP 2017
        assert 0.88 < counts < 0.95
        assert 0.95 < people < 0.97
