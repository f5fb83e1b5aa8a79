"""Rows of the UN-CTS and SDG series: of one series for all years, each with what its figure means."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.published_schema import create_tables
from pipelines.share.questionnaires import write_questionnaires
from schemas.codelists import load_codelist
from schemas.declarations import attribute_columns

# Source, year, value, status and caveats of the rate; the population is 100,000, so that a rate is the count. That of
# 2023 is a projection: the count itself is plain.
HOMICIDES = [
    ("aa_police", "2020", 50, "A", None),
    ("aa_police", "2021", None, "O", None),
    ("aa_police", "2022", 40, "P", "months_missing"),
    ("aa_police", "2023", 44, "E", "projection"),
    ("bb_health", "2020", 70, "A", None),
    ("bb_health", "2021", 72, "A", None),
    ("bb_health", "2022", 74, "A", None),
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    attributes = ", ".join(f"'_T' AS {name}" for name in attribute_columns())
    with duckdb.connect() as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'one' AS release")
        connection.execute(
            "INSERT INTO out.area BY NAME SELECT 'MX' AS code, 'Mexico' AS name_en, 'Mexico' AS name_fr, "
            "'Mexico' AS name_es, 'country' AS area_level"
        )
        connection.execute("INSERT INTO out.iccs BY NAME SELECT '0101' AS code, 'Homicide' AS title_en")
        for code in ("months_missing", "projection"):
            (label,) = (str(entry.label_en) for entry in load_codelist("caveat") if entry.code == code)
            connection.execute("INSERT INTO out.caveat BY NAME SELECT ? AS code, ? AS label_en", [code, label])
        for source in ("aa_police", "bb_health"):
            connection.execute(f"INSERT INTO out.source BY NAME SELECT '{source}' AS source, '{source}' AS title")
        for source, year, value, status, caveats in HOMICIDES:
            number, marks = ("NULL" if one is None else repr(one) for one in (value, caveats))
            cell = (
                f"SELECT '{source}' AS source, 'MX' AS ref_area, 'country' AS area_level, "
                f"'{year}' AS time_period, '0101' AS iccs, 'recorded' AS stage, 'victim' AS counting_unit, "
                f"'_T' AS sex, '_T' AS age, {attributes}, {number} AS value, "
            )
            connection.execute(
                f"INSERT INTO out.rate BY NAME {cell} 100000 AS population, {number} AS rate_per_100k, "
                f"'{status}' AS obs_status, {marks} AS caveats"
            )
            own = (
                "'A' AS obs_status, NULL AS caveats"
                if marks == "'projection'"
                else f"'{status}' AS obs_status, {marks} AS caveats"
            )
            connection.execute(f"INSERT INTO out.observation BY NAME {cell} 'A' AS freq, {own}")
        write_questionnaires(connection, tmp_path)
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_no_year_of_a_series_is_filled_from_another_source(written: Path) -> None:
    """The police come first by name; what they do not say of 2021 is not what the health service says."""
    for unit in ("Counts", "Rate per 100,000 population"):
        of_unit = [row for row in rows(written / "un_cts.csv") if row["Unit of measurement"] == unit]
        assert [(row["Year"], float(row["VALUE"]), row["Source"]) for row in of_unit] == [
            ("2020", 50, "aa_police"),
            ("2022", 40, "aa_police"),
            ("2023", 44, "aa_police"),
        ]
    series = rows(written / "sdg_series.csv")
    assert {row["Source"] for row in series} == {"aa_police"}
    assert len(series) == 2 * 3


def test_an_sdg_series_says_of_each_figure_what_it_is(written: Path) -> None:
    """Nature is C or E as in the list of the SDG database, which has no provisional figures: these have a status."""
    labels = {entry.code: str(entry.label_en) for entry in load_codelist("caveat")}
    told = {
        (row["Units"], row["TimePeriod"]): (row["Nature"], row["Observation Status"], row["FootNote"])
        for row in rows(written / "sdg_series.csv")
    }
    of_both = {"2020": ("C", "A", ""), "2022": ("C", "P", labels["months_missing"])}
    of_rate, of_number = {"2023": ("E", "E", labels["projection"])}, {"2023": ("C", "A", "")}
    assert told == {
        **{("PER_100000_POP", year): one for year, one in (of_both | of_rate).items()},
        **{("NUMBER", year): one for year, one in (of_both | of_number).items()},
    }
    counts = {row["Unit of measurement"]: row for row in rows(written / "un_cts.csv") if row["Year"] == "2023"}
    assert [(counts[unit]["Status"], counts[unit]["Caveats"]) for unit in sorted(counts)] == [
        ("A", ""),
        ("E", labels["projection"]),
    ]
