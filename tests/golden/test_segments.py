"""Joinpoint segments and changes of the bundled data keep to their series and to its breaks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

INPUT = Path(__file__).parents[2] / "data" / "input"


def test_segments_follow_each_other_and_their_years_are_those_of_the_series(out: duckdb.DuckDBPyConnection) -> None:
    rows = out.execute(
        """
        SELECT source, ref_area, sex, list((first_year, last_year) ORDER BY segment), any_value(n),
            any_value(joinpoints)
        FROM out.trend_segment GROUP BY ALL
        """
    ).fetchall()
    assert len(rows) > 30  # countries and sexes with eight years or more of twenty events since their last break
    for *_, parts, n, joinpoints in rows:
        assert len(parts) == joinpoints + 1
        assert all(before[1] == after[0] for before, after in pairwise(parts))
        assert parts[-1][1] - parts[0][0] + 1 >= n >= 8


def test_argentina_rose_to_2014_and_fell_since(out: duckdb.DuckDBPyConnection) -> None:
    """The same model fitted on the raw counts with numpy alone, for the joinpoints that were found.

    From 2010: there the projections of INDEC begin, before it the population is that of the World Bank, and rates are
    not compared across a change of producer.
    """
    found = out.execute(
        "SELECT first_year, last_year, apc FROM out.trend_segment "
        "WHERE ref_area = 'AR' AND sex = '_T' AND indicator = 'homicide_rate' ORDER BY segment"
    ).fetchall()
    years, counts, rates = (
        np.array(column)
        for column in zip(
            *out.execute(
                "SELECT CAST(time_period AS INTEGER), value, rate_per_100k FROM out.trend_of('0101', 'AR') "
                "WHERE counting_unit = 'victim' AND rate_per_100k IS NOT NULL AND time_period >= '2010' ORDER BY 1"
            ).fetchall(),
            strict=True,
        )
    )
    hinges = [np.maximum(years - first, 0) for first, _, _ in found[1:]]
    design = np.column_stack([np.ones(len(years)), years - years[0], *hinges])
    # Errors of 1 / root(count), with a correlation of 0.6 from year to year: generalised least squares.
    covariance = 0.6 ** np.abs(np.subtract.outer(years, years)) / np.sqrt(np.outer(counts, counts))
    weight = np.linalg.inv(covariance)
    slopes = np.cumsum(np.linalg.solve(design.T @ weight @ design, design.T @ weight @ np.log(rates))[1:])

    assert [apc for _, _, apc in found] == pytest.approx(list(100 * np.expm1(slopes)), rel=1e-6)


def test_a_change_across_a_declared_break_is_not_made(out: duckdb.DuckDBPyConnection) -> None:
    crossing = out.execute(
        "SELECT count(*), count(rate_ratio), count(p_value) FROM out.change WHERE break_handling LIKE 'break%'"
    ).fetchall()[0]
    assert crossing[0] > 1000  # Argentina's list of codes became finer in 2016, 2017 and 2023
    assert crossing[1:] == (0, 0)
    plain = out.execute(
        """
        SELECT count(*) FROM out.change JOIN out.rate AS last USING (source, ref_area, iccs, stage, counting_unit, sex)
        WHERE last.age = '_T' AND last.weapon = '_T' AND last.time_period = CAST(last_year AS VARCHAR)
            AND basis = 'rate_per_100k' AND abs(last.rate_per_100k - last_value) > 1e-9
        """
    ).fetchall()[0][0]
    assert plain == 0


def test_a_change_of_recording_by_sex_cuts_the_series_of_each_sex_and_not_their_total(
    out: duckdb.DuckDBPyConnection,
) -> None:
    """In the file the sex of 61 % of Argentina's victims of homicide is unknown in 2013, of 5 % in 2014."""
    unknown = dict(
        out.execute(
            "SELECT time_period, sum(value) FILTER (sex = '_U') / sum(value) FILTER (sex = '_T') FROM out.observation "
            "WHERE ref_area = 'AR' AND iccs = '0101' AND counting_unit = 'victim' AND age = '_T' GROUP BY ALL"
        ).fetchall()
    )
    assert unknown["2013"] == pytest.approx(1922 / 3173)
    assert unknown["2014"] == pytest.approx(169 / 3253)
    rows = out.execute(
        "SELECT sex, first_year, break_handling FROM out.trend WHERE ref_area = 'AR' AND iccs = '0101' "
        "AND counting_unit = 'victim' AND sex IN ('M', 'F', '_T') ORDER BY sex"
    ).fetchall()
    assert [sex for sex, *_ in rows] == ["F", "M", "_T"]
    for _, _, handling in rows[:2]:
        assert "2014" in handling.split(";")[0]
    # All persons: from 2010 the population is that of another producer.
    assert rows[2] == ("_T", 2010, "break in 2010; used 2010-2023")
    assert (
        out.execute(
            "SELECT rate_ratio FROM out.change WHERE ref_area = 'AR' AND iccs = '0101' AND sex IN ('M', 'F') "
            "AND counting_unit = 'victim' AND span_years = 10 AND rate_ratio IS NOT NULL"
        ).fetchall()
        == []
    )


def test_a_change_of_recording_in_a_province_does_not_cut_the_country(out: duckdb.DuckDBPyConnection) -> None:
    """Victims in the file of unknown sex: 3 % in 2008, 53 % in 2009, 61 % in 2013, 5 % in 2014-2016, 0 in 2017."""
    rows = out.execute(
        "SELECT sex, first_year, last_year FROM out.trend WHERE ref_area = 'AR' AND iccs = '0101' "
        "AND counting_unit = 'victim' AND sex IN ('M', 'F') ORDER BY sex"
    ).fetchall()
    assert rows == [("F", 2014, 2023), ("M", 2014, 2023)]
    # Ten years of men and women by population of INDEC, without a break: enough for joinpoints.
    assert out.execute(
        "SELECT min(first_year) FROM out.trend_segment WHERE ref_area = 'AR' AND sex IN ('M', 'F') "
        "AND indicator = 'homicide_rate'"
    ).fetchall() == [(2014,)]


def test_what_a_trend_or_a_change_does_not_use_does_not_decide_its_basis(out: duckdb.DuckDBPyConnection) -> None:
    """Argentina has populations by sex from 2010 and counts from 2000; its trends by sex begin in 2014.

    Why not before: the test above. Men, 2014 and 2023: victims of the 24 provinces and persons by INDEC, both from
    the raw files. Men of Cordoba, 2022 and 2023: rates as the Ministry of Security prints them (tasa_victimas_masc).
    """
    raw = pd.read_csv(INPUT / "ar_snic" / "snic-provincias.csv.gz", dtype={"provincia_id": str})
    homicide = raw[raw["codigo_delito_snic_id"].astype(str) == "1"]
    men = homicide.groupby("anio")["cantidad_victimas_masc"].sum()
    people = pd.read_csv(INPUT / "ar_indec_population" / "poblacion.csv.gz")
    persons = people[(people["juri"] != 1) & (people["sexo_codigo"] == 1)].groupby("ano")["poblacion"].sum()
    key = "iccs = '0101' AND sex = 'M' AND counting_unit = 'victim'"
    trend = out.execute(
        f"SELECT basis, first_year, first_value, last_year, last_value FROM out.trend WHERE ref_area = 'AR' AND {key}"
    ).fetchall()
    expected = {year: pytest.approx(men[year] / persons[year] * 1e5) for year in (2014, 2023)}
    assert trend == [("rate_per_100k", 2014, expected[2014], 2023, expected[2023])]

    printed = homicide[homicide["provincia_id"] == "14"].set_index("anio")["tasa_victimas_masc"]
    change = out.execute(
        f"SELECT basis, rate_ratio, last_value FROM out.change WHERE ref_area = 'AR-X' AND {key} AND span_years = 1"
    ).fetchall()
    ratio = pytest.approx(printed[2023] / printed[2022], rel=1e-6)
    assert change == [("rate_per_100k", ratio, pytest.approx(printed[2023], abs=5e-7))]
