"""Declared indicators of the bundled data, made again from the raw files or from the formulas in scipy."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from scipy.stats import binomtest

from schemas.indicators import load_indicators

INPUT = Path(__file__).parents[2] / "data" / "input"


@pytest.fixture(scope="module")
def mexico_2024() -> dict[str, float]:
    """Victims of 0101 by sex, from the file: intentional homicide and femicide."""
    raw = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    raw = raw[(raw["Año"] == 2024) & raw["Subtipo de delito"].isin(["Homicidio doloso", "Feminicidio"])]
    return raw.set_index("Sexo").loc[:, "Enero":"Diciembre"].sum(axis=1).groupby("Sexo").sum().to_dict()


def _row(out: duckdb.DuckDBPyConnection, indicator: str, area: str, year: str, sex: str = "_T") -> dict[str, object]:
    found = out.execute(
        "FROM out.indicator WHERE indicator = ? AND ref_area = ? AND time_period = ? AND sex = ? AND age = '_T'",
        [indicator, area, year, sex],
    )
    (row,) = found.fetchall()
    return dict(zip([column[0] for column in found.description], row, strict=True))


def test_every_declared_indicator_is_there_or_said_to_have_no_input(out: duckdb.DuckDBPyConnection) -> None:
    defined = dict(out.execute("SELECT indicator, produced FROM out.indicator_definition").fetchall())
    figures = {row[0] for row in out.execute("SELECT DISTINCT indicator FROM out.indicator").fetchall()}

    assert set(defined) == set(load_indicators())
    assert {name for name, produced in defined.items() if produced} == figures
    assert {"homicide_rate", "trafficking_rate", "homicide_rate_ratio_men_women"} <= figures
    # No bundled source counts prisoners, stages after the police, relationships, or ages that join to a standard.
    assert not defined["prison_unsentenced_share"]
    assert not defined["femicide_partner_share"]


def test_the_homicide_rate_is_that_of_out_rate_with_one_counting_unit_an_area(out: duckdb.DuckDBPyConnection) -> None:
    differing, units = out.execute(
        """
        SELECT count(*) FILTER (indicator.value <> rate.rate_per_100k OR indicator.ci_low <> rate.ci_low),
            max(len(units))
        FROM out.indicator
        JOIN (SELECT source, ref_area, list(DISTINCT counting_unit) AS units FROM out.indicator
              WHERE indicator = 'homicide_rate' GROUP BY ALL) USING (source, ref_area)
        JOIN out.rate USING (source, ref_area, time_period, stage, counting_unit, sex, age)
        WHERE indicator = 'homicide_rate' AND rate.iccs = '0101' AND weapon = '_T'
        """
    ).fetchall()[0]
    assert (differing, units) == (0, 1)
    assert _row(out, "homicide_rate", "AR", "2023")["counting_unit"] == "victim"


def test_ratio_of_the_rates_of_men_and_women(out: duckdb.DuckDBPyConnection, mexico_2024: dict[str, float]) -> None:
    people = pd.read_csv(next((INPUT / "mx_conapo_population").glob("state-population*")))
    men, women = people.loc[people["Year"] == 2024, ["Males", "Females"]].sum()
    killed = int(mexico_2024["Hombre"]), int(mexico_2024["Mujer"])
    limits = binomtest(killed[0], sum(killed)).proportion_ci(0.95, method="exact")

    row = _row(out, "homicide_rate_ratio_men_women", "MX", "2024")

    assert (row["numerator"], row["denominator"]) == killed
    assert row["value"] == pytest.approx(killed[0] / men / (killed[1] / women), rel=1e-9)
    assert row["ci_low"] == pytest.approx(limits.low / (1 - limits.low) * women / men, rel=1e-9)
    assert row["ci_high"] == pytest.approx(limits.high / (1 - limits.high) * women / men, rel=1e-9)

    share = _row(out, "homicide_representation_women", "MX", "2024")
    assert share["value"] == pytest.approx(killed[1] / sum(killed) / (women / (men + women)), rel=1e-9)


def test_a_ratio_over_no_event_has_a_lower_limit_only_and_is_flagged(out: duckdb.DuckDBPyConnection) -> None:
    rows = out.execute(
        "SELECT value, ci_high, ci_low >= 0, few_events FROM out.indicator "
        "WHERE indicator = 'homicide_rate_ratio_men_women' AND denominator = 0"
    ).fetchall()
    assert rows
    assert set(rows) == {(None, None, True, True)}


def test_few_events_are_those_below_ten(out: duckdb.DuckDBPyConnection) -> None:
    bounds = out.execute(
        "SELECT few_events, min(value), max(value) FROM out.rate WHERE value IS NOT NULL GROUP BY few_events"
    ).fetchall()
    found = {few: (low, high) for few, low, high in bounds}
    assert found[True] == (0, 9)
    assert found[False][0] == 10


def test_every_row_says_on_what_it_rests(out: duckdb.DuckDBPyConnection) -> None:
    """n, method, breaks, completeness and status of every trend; status, completeness and few events of every rate."""
    wanted = {
        "rate": ["obs_status", "completeness"],
        "trend": ["n", "method", "break_handling", "completeness", "obs_status"],
        "change": ["n", "method", "break_handling", "completeness", "obs_status"],
        "trend_segment": ["n", "method", "break_handling", "completeness", "obs_status"],
        "indicator": ["method", "completeness", "obs_status", "few_events"],
    }
    for table, columns in wanted.items():
        missing = out.execute(
            f"SELECT count(*), {', '.join(f'count(*) - count({column})' for column in columns)} FROM out.{table}"
        ).fetchall()[0]
        assert missing[0] > 0
        assert missing[1:] == (0,) * len(columns), table
    assert out.execute(
        "SELECT count(*) FROM out.rate WHERE (value IS NULL) <> (few_events IS NULL) "
        "OR (rate_per_100k IS NULL) <> (no_rate_reason IS NOT NULL)"
    ).fetchall() == [(0,)]
    # A population on a line between two years makes an estimate, and nothing else does without saying so.
    assert out.execute(
        "SELECT count(*) FROM out.rate JOIN out.population AS people ON people.source = population_source "
        "AND people.ref_area = rate.ref_area AND people.time_period = rate.time_period AND people.sex = rate.sex "
        "AND people.age = rate.age WHERE people.obs_status = 'E' AND rate.obs_status = 'A'"
    ).fetchall() == [(0,)]


def test_status_and_completeness_of_a_trend_are_those_of_its_years(out: duckdb.DuckDBPyConnection) -> None:
    """Made again from the rates: the least complete year used, and E only where a year used is one."""
    wrong = out.execute(
        """
        WITH used AS (
            SELECT trend.source, ref_area, iccs, stage, counting_unit, sex, any_value(trend.completeness) AS told,
                any_value(trend.obs_status) AS status, min(rate.completeness) AS least,
                bool_or(rate.obs_status = 'E') AS estimated
            FROM out.trend JOIN out.rate USING (source, ref_area, iccs, stage, counting_unit, sex)
            WHERE rate.age = '_T' AND rate.weapon = '_T' AND rate.relationship = '_T' AND rate.value IS NOT NULL
                AND CAST(rate.time_period AS INTEGER) BETWEEN first_year AND last_year
            GROUP BY ALL
        )
        SELECT count(*), count(*) FILTER (told <> least), count(*) FILTER ((status = 'E') <> estimated) FROM used
        """
    ).fetchall()[0]
    assert wrong[0] > 4800  # persons of unknown sex have no trend
    assert wrong[1:] == (0, 0)


def test_every_indicator_without_figures_says_why(out: duckdb.DuckDBPyConnection) -> None:
    rows = out.execute("SELECT indicator, produced, not_produced_reason FROM out.indicator_definition").fetchall()
    assert {name for name, produced, _ in rows if not produced} >= {"prison_unsentenced_share", "homicide_rate_who"}
    assert all((reason is None) == produced for _, produced, reason in rows)
