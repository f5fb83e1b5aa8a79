"""Which of several series is taken, and that each is named by its stage and counting unit wherever it is shown."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from pipelines.cli.main import main
from pipelines.publish.published_schema import create_tables
from pipelines.reader.comparison import compare_areas
from pipelines.reader.maps import read_map_rates
from pipelines.reader.selection import SeriesKey, SeriesQuery, choose_series
from pipelines.reader.series.counts import read_series
from pipelines.reader.series.latest import read_latest
from pipelines.reader.series.rates import country_rates, read_rates, read_rates_of_areas
from pipelines.reader.series.trends import read_trends
from pipelines.reader.words import LANGUAGES
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist
from schemas.declarations import attribute_columns
from schemas.errors import UsageError

PRISONS = [
    # Prisons as the UN-CTS has them: persons held, places, persons held without a sentence. The population is 100,000,
    # so that a rate is the count.
    ("xx_prisons", "held_unsentenced", "person", "MX", 70),
    ("xx_prisons", "held", "place", "MX", 180),
    ("xx_prisons", "held", "person", "MX", 160),
    ("xx_courts", "convicted", "person", "MX", 30),
    ("xx_police", "recorded", "person", "MX", 900),
    ("xx_police", "recorded", "offence", "MX", 1000),
    ("xx_prisons", "held", "person", "AR", 200),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path)
    settings.published.parent.mkdir(parents=True)
    attributes = ", ".join(f"'_T' AS {name}" for name in attribute_columns())
    with duckdb.connect(str(settings.published)) as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'one' AS release")
        for code, name in (("MX", "Mexico"), ("AR", "Argentina")):
            connection.execute(
                "INSERT INTO out.area BY NAME SELECT $code AS code, $name AS name_en, $name AS name_fr, "
                "$name AS name_es, 'country' AS area_level",
                {"code": code, "name": name},
            )
        connection.execute("INSERT INTO out.iccs BY NAME SELECT 'TOTAL' AS code, 'All offences' AS title_en")
        for table, code in (("sex", "_T"), ("sex", "F"), ("age", "_T"), ("age", "Y15T29")):
            connection.execute(f"INSERT INTO out.{table} BY NAME SELECT '{code}' AS code")
        for source, stage, unit, area, count in PRISONS:
            cell = (
                f"'{source}' AS source, '{area}' AS ref_area, 'country' AS area_level, '2024' AS time_period, "
                f"'TOTAL' AS iccs, '{stage}' AS stage, '{unit}' AS counting_unit, '_T' AS sex, '_T' AS age, "
                f"{attributes}, {count} AS value, 'A' AS obs_status"
            )
            connection.execute(f"INSERT INTO out.observation BY NAME SELECT {cell}, 'A' AS freq")
            connection.execute(
                f"INSERT INTO out.rate BY NAME SELECT {cell}, 100000 AS population, {count} AS rate_per_100k, "
                f"{count} * 0.9 AS ci_low, {count} * 1.1 AS ci_high, false AS few_events"
            )
            series = (
                f"'{source}' AS source, '{area}' AS ref_area, 'TOTAL' AS iccs, '{stage}' AS stage, "
                f"'{unit}' AS counting_unit, '_T' AS sex, 2023 AS first_year, 2024 AS last_year, "
                "'increase' AS direction, 'no break declared' AS break_handling, 'rate_per_100k' AS basis"
            )
            connection.execute(f"INSERT INTO out.trend BY NAME SELECT {series}, 2 AS n, 'A' AS obs_status")
            connection.execute(f"INSERT INTO out.change BY NAME SELECT {series}, 1 AS span_years")
    return settings


def test_the_order_is_that_of_the_code_lists_and_not_of_the_alphabet() -> None:
    """Recorded comes before convicted and held; offences before persons; places, no event and no person, come last."""
    keys = {SeriesKey(*row[:3]) for row in PRISONS}
    assert [(key.stage, key.counting_unit) for key in choose_series(keys, SeriesQuery("TOTAL"))] == [
        ("recorded", "offence"),
        ("recorded", "person"),
        ("convicted", "person"),
        ("held", "person"),
        ("held", "place"),
        ("held_unsentenced", "person"),
    ]


def test_every_reader_takes_the_same_series(settings: Settings) -> None:
    mexico, held = SeriesQuery("TOTAL", "MX"), SeriesQuery("TOTAL", "MX", source="xx_prisons")
    assert read_series(mexico, settings).counts == (1000,)
    assert read_rates(mexico, settings=settings)[0].rows[0]["value"] == 1000
    assert read_series(held, settings).counts == (160,)
    assert read_rates(held, settings=settings)[0].rows[0]["value"] == 160
    recorded = country_rates(SeriesQuery("TOTAL", stage="recorded"), settings)
    assert [row["rate_per_100k"] for row in recorded] == [1000]  # the last unit by the alphabet would be persons, 900
    unsentenced = SeriesQuery("TOTAL", "MX", stage="held_unsentenced")
    assert read_series(unsentenced, settings).key.name == "xx_prisons: held_unsentenced persons"


def test_a_series_without_any_figure_is_not_taken_before_one_that_has_some(settings: Settings) -> None:
    """Offences rank before persons, as out.series has it too; without a number they come last, also by month."""
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("UPDATE out.observation SET value = NULL WHERE counting_unit = 'offence'")
        connection.execute("UPDATE out.rate SET value = NULL, rate_per_100k = NULL WHERE counting_unit = 'offence'")
        connection.execute(
            "INSERT INTO out.observation BY NAME SELECT * REPLACE ('2024-05' AS time_period, 'M' AS freq) "
            "FROM out.observation WHERE ref_area = 'MX'"
        )
    annual, monthly = SeriesQuery("TOTAL", "MX"), SeriesQuery("TOTAL", "MX", freq="M")
    for found in (read_series(annual, settings), read_series(monthly, settings)):
        assert (found.key.counting_unit, found.counts) == ("person", (900,))
        assert found.others[-1] == "xx_police: recorded offences"
    assert [key.counting_unit for key in read_trends(annual, settings).series][0::5] == ["person", "offence"]


def test_months_and_years_that_are_compared_as_rates_have_what_is_said_of_their_population(settings: Settings) -> None:
    """And nothing else of the rate; where a period has no population, the counts alone are used and nothing is said."""
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("UPDATE out.rate SET caveats = 'projection;rate_population_differs' WHERE ref_area = 'MX'")
        for period, freq, caveats in (("2024-07", "M", "volume_jump"), ("2025-07", "M", ""), ("2023", "A", "")):
            connection.execute(
                f"INSERT INTO out.observation BY NAME SELECT * REPLACE ('{period}' AS time_period, '{freq}' AS freq, "
                f"nullif('{caveats}', '') AS caveats) FROM out.observation WHERE time_period = '2024' AND freq = 'A'"
            )
    monthly = SeriesQuery("TOTAL", "MX", freq="M")
    assert read_series(monthly, settings).caveats == ("volume_jump", None)
    assert read_series(SeriesQuery("TOTAL", "MX"), settings).caveats == (None, None)
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("DELETE FROM out.observation WHERE time_period IN ('2025-07', '2023')")
    assert read_series(monthly, settings).caveats == ("projection;volume_jump",)
    assert read_series(SeriesQuery("TOTAL", "MX"), settings).caveats == ("projection",)


def test_the_latest_months_are_as_published_also_where_they_are_compared_with_no_other(settings: Settings) -> None:
    with duckdb.connect(str(settings.published)) as connection:
        for month, count, caveats in (("08", "31", "NULL"), ("09", "NULL", "NULL"), ("10", "7", "'period_not_over'")):
            connection.execute(
                f"INSERT INTO out.observation BY NAME SELECT * REPLACE ('2024-{month}' AS time_period, 'M' AS freq, "
                f"{count} AS value, {caveats} AS caveats) FROM out.observation "
                "WHERE freq = 'A' AND source = 'xx_courts'"
            )
    found = read_latest(SeriesQuery("TOTAL", "MX"), settings)
    assert [(row["time_period"], row["value"], row["not_compared"]) for row in found.months] == [
        ("2024-08", 31, None),
        ("2024-09", None, None),
        ("2024-10", 7, "period_not_over"),
    ]
    assert found.series.counts == (31, None, None)  # what methods use
    assert found.sentences[:2] == ["2024-09: no figure", "2024-10 is compared with no other month: period_not_over"]


def test_an_area_without_a_figure_of_the_series_asked_for_is_said_to_have_others(settings: Settings) -> None:
    police = SeriesQuery("TOTAL", source="xx_police")
    found = compare_areas(police, ["MX", "AR"], settings=settings)
    assert found.without == {
        "AR": "no figure of the series asked for; there are figures of xx_prisons: held persons",
    }
    assert compare_areas(police, settings=settings).without == {}  # all countries that have it


def test_areas_that_are_compared_are_of_one_series_that_most_of_them_have(settings: Settings) -> None:
    found = read_map_rates(SeriesQuery("TOTAL"), settings=settings)
    assert found.key == SeriesKey("xx_prisons", "held", "person")
    assert {code: row["value"] for code, row in found.rows.items()} == {"MX": 160, "AR": 200}
    panels = read_rates_of_areas(SeriesQuery("TOTAL"), ["MX", "AR"], settings)
    assert [(one.area, one.key) for one in panels] == [("AR", found.key), ("MX", found.key)]


def test_every_line_and_picture_names_the_stage_and_unit(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import matplotlib as mpl

    mpl.rcParams["svg.fonttype"] = "none"
    picture = tmp_path / "prisons.svg"
    data = ["--data", str(settings.data)]
    assert main(["trend", "TOTAL", "--area", "MX", "--source", "xx_prisons", "--plot", str(picture), *data]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for name in ("held persons", "held places", "held_unsentenced persons"):
        assert f"xx_prisons: {name}" in lines  # title of the years
        assert any(line.startswith(f"xx_prisons: {name} (rate per 100,000): increase") for line in lines)
        assert any(line.startswith(f"xx_prisons: {name}, 2023 to 2024: increase") for line in lines)
    words = " ".join(ElementTree.parse(picture).getroot().itertext())  # noqa: S314 (our own)
    assert "Person (held in prison), xx_prisons" in words
    assert "Place of official capacity (held in prison), xx_prisons" in words
    assert "Person (held in prison without a sentence), xx_prisons" in words

    stage = ["--stage", "held_unsentenced"]
    assert main(["trend", "TOTAL", "--area", "MX", *stage, "--plot", str(picture), *data]) == 0
    assert "held places" not in capsys.readouterr().out
    words = " ".join(" ".join(ElementTree.parse(picture).getroot().itertext()).split())  # noqa: S314 (our own)
    assert "All offences: Mexico (person, held in prison without a sentence)" in words


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--stage", "held_sentenced"],
            "with stage held_sentenced; there are: xx_police: recorded offences; xx_police",
        ),
        (["--age", "Y15T30"], "unknown age 'Y15T30'"),
        (["--age", "Y15T29"], "no annual series of TOTAL in MX, sex _T, age Y15T29; the area has none at all"),
    ],
)
def test_a_stage_or_age_that_is_not_there_is_refused_with_those_that_are(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["trend", "TOTAL", "--area", "MX", *arguments, "--data", str(settings.data)]) == 2
    assert told in capsys.readouterr().err


def test_a_source_that_none_of_the_areas_has_is_refused_with_those_that_there_are(settings: Settings) -> None:
    with pytest.raises(UsageError, match="there are: xx_police: recorded offence"):
        read_rates_of_areas(SeriesQuery("TOTAL", source="xx_none"), ["MX"], settings)


@pytest.mark.parametrize(
    ("language", "said", "word"),
    [
        ("en", "count below 20", "event"),
        ("fr", "effectif inférieur à 20", "fait"),
        ("es", "recuento inferior a 20", "hecho"),
    ],
)
def test_nothing_that_is_printed_of_persons_held_calls_them_events(
    settings: Settings, capsys: pytest.CaptureFixture[str], language: str, said: str, word: str
) -> None:
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("UPDATE out.rate SET value = 12 WHERE ref_area = 'AR'")
    of_prisons = ["TOTAL", "--stage", "held", "--areas", "MX", "AR", "--lang", language]
    assert main(["compare", *of_prisons, "--data", str(settings.data)]) == 0
    printed = capsys.readouterr().out
    assert said in printed and word not in printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_caveats_of_compared_figures_have_their_own_words(settings: Settings, language: str) -> None:
    """As in schemas/codelists/caveat.csv, where the words of the first of them have a semicolon."""
    codes = ["financial_year", "population_interpolated"]
    labels = {entry.code: str(getattr(entry, f"label_{language}")) for entry in load_codelist("caveat")}
    assert ";" in labels[codes[0]]
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("UPDATE out.rate SET caveats = $codes WHERE stage = 'held'", {"codes": ";".join(codes)})
        for code in codes:
            connection.execute(
                f"INSERT INTO out.caveat BY NAME SELECT $code AS code, $label AS label_{language}",
                {"code": code, "label": labels[code]},
            )
    found = compare_areas(SeriesQuery("TOTAL", stage="held"), ["MX", "AR"], settings=settings, language=language)
    assert [row["ref_area"] for row in found.ranked] == ["AR", "MX"]
    every = {"en": "all", "fr": "tous", "es": "todos"}[language]
    assert found.remarks == tuple(f"{code}: {labels[code]} ({every})" for code in codes)


def test_a_year_that_is_no_year_is_not_the_last_one(settings: Settings) -> None:
    with pytest.raises(UsageError, match="in 0; there are figures from 2024 to 2024"):
        compare_areas(SeriesQuery("TOTAL"), ["MX", "AR"], 0, settings)


def test_a_release_that_does_not_say_which_figures_are_of_one_day_is_read(settings: Settings) -> None:
    """As those of earlier versions, which `iccs releases restore` brings back."""
    with duckdb.connect(str(settings.published)) as connection:
        connection.execute("ALTER TABLE out.source DROP COLUMN stocks")
    assert read_series(SeriesQuery("TOTAL", "MX", stage="held"), settings).counts == (160,)
