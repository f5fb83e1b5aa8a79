"""What sources publish on extracts of their real files, beside the cells of expected.csv."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
import pytest
from extracts import EXTRACTS, read_rows

from pipelines.publish.build import publish
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.settings import Settings
from schemas.source import find_sources


@pytest.fixture(scope="module")
def published(extracts: Settings) -> Path:
    return extracts.published


def test_counts_read_are_those_of_the_file(published: Path) -> None:
    """Sums made here from the extract itself, without the pipeline."""
    ages = [f"{sex}_{age}" for sex in "mf" for age in ("0_9", "10_12", "13_14", "15", "16", "17")]
    expected = {
        "us_fbi_shr": float(len(read_rows("us_fbi_shr"))),
        "us_fbi_juvenile_arrests": sum(
            float(row[name] or 0) for row in read_rows("us_fbi_juvenile_arrests") for name in ages
        ),
        "br_datasus_population": sum(float(row["population"]) for row in read_rows("br_datasus_population")),
        "za_saps": sum(
            float(value) for row in read_rows("za_saps") for name, value in row.items() if name.startswith("20")
        ),
    }
    with duckdb.connect(str(published), read_only=True) as connection:
        found = dict(
            connection.execute("SELECT source, sum(count_read) FROM out.reconciliation GROUP BY source").fetchall()
        )
    assert {source: found[source] for source in expected} == expected


def test_a_source_that_holds_part_of_the_persons_has_no_total_over_them(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        ages = connection.execute(
            "SELECT count(*) FILTER (age = '_T'), count(*) FILTER (age = 'Y0T17') FROM out.observation "
            "WHERE source = 'us_fbi_juvenile_arrests'"
        ).fetchall()[0]
        areas = connection.execute(
            "SELECT count(DISTINCT ref_area), bool_or(ref_area = 'US') FROM out.observation WHERE source = 'us_fbi_shr'"
        ).fetchall()[0]
    assert ages[0] == 0
    assert ages[1] > 0
    # ten states are covered: zeros for them alone, and no country
    assert areas == (10, False)


def test_indicators_of_prisons_are_those_of_the_file(published: Path) -> None:
    """Mexico 2020 in the file: 211,154 held, 86,302 of them without a sentence, 215,343 places."""
    with duckdb.connect(str(published), read_only=True) as connection:
        found = dict(
            connection.execute(
                "SELECT indicator, value FROM out.indicator WHERE ref_area = 'MX' AND time_period = '2020' "
                "AND source = 'un_cts_prisons'"
            ).fetchall()
        )
        limits = connection.execute(
            "SELECT count(ci_low) FROM out.indicator WHERE source = 'un_cts_prisons'"
        ).fetchall()[0][0]
    assert found["prison_unsentenced_share"] == pytest.approx(100 * 86302 / 211154)
    assert found["prison_occupancy"] == pytest.approx(100 * 211154 / 215343)
    assert limits == 0


def test_layers_of_femicide_are_a_lower_bound_and_the_share_unknown(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT indicator, sum(numerator), sum(denominator), bool_and(few_events) FROM out.indicator "
            "WHERE indicator LIKE 'femicide%' AND source = 'us_fbi_shr' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        by_relationship = dict(
            connection.execute(
                "SELECT relationship, sum(value) FROM out.observation WHERE source = 'us_fbi_shr' AND iccs = '0101' "
                "AND sex = 'F' AND age = '_T' AND weapon = '_T' AND situational_context = '_T' AND freq = 'A' "
                "GROUP BY ALL"
            ).fetchall()
        )
    total = by_relationship.pop("_T")
    assert sum(by_relationship.values()) == total > 0
    partners = sum(by_relationship.get(code, 0) for code in ("PARTNER", "PARTNER_CURRENT", "PARTNER_FORMER"))
    family = sum(by_relationship.get(code, 0) for code in ("FAMILY", "BLOOD_RELATIVE", "HOUSEHOLD"))
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("femicide_partner_family_share", partners + family, total),
        ("femicide_partner_share", partners, total),
        ("femicide_relationship_unknown_share", by_relationship["_U"], total),
    ]


WHO_STANDARD = {
    "Y0T14": 26.15,
    "Y15T29": 24.62,
    "Y30T44": 21.35,
    "Y45T59": 15.96,
    "Y_GE60": 11.955,
}  # Ahmad et al. 2001
WORDS = {"0-14": "Y0T14", "15-29": "Y15T29", "30-44": "Y30T44", "45-59": "Y45T59", "60 or more": "Y_GE60"}


def test_standardised_rate_of_mexico_is_that_of_the_two_files(tmp_path: Path) -> None:
    """UNODC's victims by sex and age over CONAPO's population, added and weighted here without the pipeline."""
    settings = Settings(data=tmp_path)
    bundled = Path(__file__).parents[2] / "data" / "input" / "mx_conapo_population"
    given = {"un_gsh_homicide": EXTRACTS["un_gsh_homicide"], "mx_conapo_population": bundled}
    folders = {folder.source_id: folder for folder in find_sources(list(given))}
    vintages = [run_source(folders[name], Session(settings, where))[0] for name, where in given.items()]
    with duckdb.connect(str(publish(vintages, folders, settings).path), read_only=True) as connection:
        ((value, low, high, victims),) = connection.execute(
            "SELECT value, ci_low, ci_high, numerator FROM out.indicator WHERE indicator = 'homicide_rate_who' "
            "AND ref_area = 'MX' AND time_period = '2017' AND sex = 'M'"
        ).fetchall()
        by_age = dict(
            connection.execute(
                "SELECT age, value FROM out.indicator WHERE indicator = 'homicide_rate' "
                "AND ref_area = 'MX' AND time_period = '2017' AND sex = 'M' AND age <> '_T'"
            ).fetchall()
        )
    printed = {row["Indicator"]: row["2017"] for row in read_rows("un_gsh_homicide") if row["Country"] == "Mexico"}
    counts = {code: float(printed[f"Male {word} Count"]) for word, code in WORDS.items()}
    (people,) = bundled.glob("state-population*")
    text = gzip.decompress(people.read_bytes()) if people.suffix == ".gz" else people.read_bytes()
    population = dict.fromkeys(WHO_STANDARD, 0.0)
    for row in csv.DictReader(text.decode("utf-8").splitlines()):
        if row["Year"] == "2017" and row["AgeGroup"][0].isdigit():
            age = int(row["AgeGroup"].replace("plus", "-").split("-")[0])
            band = list(WHO_STANDARD)[min(age // 15, 4)]
            population[band] += float(row["Males"])
    rates = {band: counts[band] / population[band] * 1e5 for band in WHO_STANDARD}
    expected = sum(WHO_STANDARD[band] * rates[band] for band in rates) / sum(WHO_STANDARD.values())

    assert value == pytest.approx(expected, rel=1e-9)
    assert low < value < high
    assert victims == sum(counts.values())
    assert by_age == pytest.approx(rates)
    # The same counts over two populations, the UN's and CONAPO's, that differ by up to 13 % in an age band.
    for word, code in WORDS.items():
        assert 0.86 < float(printed[f"Male {word} Rate"]) / rates[code] < 1.06
