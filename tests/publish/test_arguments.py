"""Macros refuse what is not in a code list: no row, or a row without a value, would look like a missing figure."""

from __future__ import annotations

import duckdb
import pytest


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("trend_of('101', 'MX')", "no code '101' in out.iccs; nearest: 0101"),
        ("trend_of('ZZ', 'MX')", "no code 'ZZ' in out.iccs"),
        ("trend_of('0101', 'mx-jal')", "no code 'mx-jal' in out.area; nearest: MX-JAL"),
        ("trend_of('0101', NULL)", "no code 'NULL' in out.area"),
        ("trend_of('0101', 'MX', sex := 'f')", "no code 'f' in out.sex; nearest: F"),
        ("trend_of('0101', 'MX', age := '0-14')", "no code '0-14' in out.age"),
        ("revision_triangle('ar_snick', '0101', 'AR')", "no source 'ar_snick' in out.source; there are: ar_indec_pop"),
        ("revision_triangle('ar_snic', '101', 'AR')", "no code '101' in out.iccs; nearest: 0101"),
        ("revision_triangle('ar_snic', '0101', 'ar')", "no code 'ar' in out.area; nearest: AR"),
        ("revision_triangle('ar_snic', '0101', 'AR', freq := 'a')", "freq is 'A', 'Q' or 'M'"),
        ("counts_of_areas(['SE', 'se', 'XX'])", "not in out.area: XX, se"),
        ("counts_of_areas(['SE', NULL])", "not in out.area: NULL"),
        ("counts_of_areas([])", "give a list of areas"),
        ("counts_of_areas(NULL)", "give a list of areas"),
        ("counts_of_areas(['MX', 'MX-JAL', 'SE'])", "one of the areas lies in another: MX-JAL"),
        ("counts_at_level(5)", "level is 1, 2, 3 or 4"),
        ("counts_at_level(NULL)", "level is 1, 2, 3 or 4"),
        ("counts_by_period('q')", "freq is 'A' or 'Q'"),
        ("counts_by_period(NULL)", "freq is 'A' or 'Q'"),
        ("counts_by_age_band('ICCS')", "bands is 'iccs' or 'minor_adult'"),
        ("counts_by_age_band(NULL)", "bands is 'iccs' or 'minor_adult'"),
        ("observation_asof(NULL)", "at_time is a day"),
        ("change_between(2024, 2015)", "the earlier one first; not 2024 and 2015"),
        ("change_between(2015, '2024-05')", "give two years, the earlier one first; not 2015 and 2024-05"),
        ("change_between(15, 2024)", "give two years, the earlier one first; not 15 and 2024"),
        ("estimate_change_between(2021, 2019)", "the earlier one first; not 2021 and 2019"),
        ("estimate_change_between(2019, 2019)", "the earlier one first; not 2019 and 2019"),
        ("estimate_change_between(2019, '2020-Q1')", "give two years, two quarters"),
        ("estimate_change_between(NULL, 2019)", "not NULL and 2019"),
    ],
)
def test_what_is_in_no_list_is_refused(out: duckdb.DuckDBPyConnection, call: str, told: str) -> None:
    with pytest.raises(duckdb.Error) as error:
        out.execute(f"SELECT count(*) FROM out.{call}").fetchall()
    assert told in str(error.value)


@pytest.mark.parametrize(
    "call", ["trend_of('0101', 'mx')", "counts_of_areas(['se'])", "counts_by_period('q')", "observation_asof(NULL)"]
)
def test_it_is_refused_where_no_row_would_be_left_either(out: duckdb.DuckDBPyConnection, call: str) -> None:
    with pytest.raises(duckdb.InvalidInputException):  # the file of Argentina has no months
        out.execute(f"FROM out.{call} WHERE source = 'ar_snic'").fetchall()


def test_a_category_without_figures_has_no_row_and_a_year_without_rate_its_reason(
    out: duckdb.DuckDBPyConnection,
) -> None:
    assert out.execute("FROM out.trend_of('1101', 'MX')").fetchall() == []
    found = out.execute(
        "SELECT no_rate_reason, min(time_period), max(time_period) FROM out.trend_of('0101', 'AR', sex := 'F') "
        "WHERE counting_unit = 'victim' GROUP BY 1 ORDER BY 2"
    ).fetchall()
    # The projections of the 2010 census in data/input/ar_indec_population begin in 2010; in the file of victims the sex
    # of more than a fifth is unknown from 2009 (53 %) to 2013 (61 %), so there are no counts of women in these years.
    assert found == [("no_population", "2000", "2008"), ("value_missing", "2009", "2013"), (None, "2014", "2023")]
