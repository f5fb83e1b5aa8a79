"""Every example of docs/queries.md runs on the bundled release; some answers are made again from the raw files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^### (\d+)\. ([^\n]+)\n```sql\n(.*?)```", flags=re.MULTILINE | re.DOTALL)
EXAMPLES = {int(number): (title, sql) for number, title, sql in BLOCK.findall(TEXT)}
Records = list[dict[str, Any]]
MOST_UNKNOWN = 0.2
"""Share of persons of unknown sex or age above which figures by sex or age are not given (docs/methodology.md)."""


def _ask(out: duckdb.DuckDBPyConnection, number: int) -> Records:
    found = out.execute(EXAMPLES[number][1])
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_there_are_at_least_twenty_and_every_block_is_one_of_them() -> None:
    assert list(EXAMPLES) == list(range(1, len(EXAMPLES) + 1))
    assert len(EXAMPLES) >= 20
    assert TEXT.count("```sql") == len(EXAMPLES)


@pytest.mark.parametrize("number", EXAMPLES, ids=lambda number: EXAMPLES[number][0])
def test_every_example_has_an_answer(out: duckdb.DuckDBPyConnection, number: int) -> None:
    assert _ask(out, number) != []


@pytest.fixture(scope="module")
def mexico() -> pd.DataFrame:
    """The raw rows of intentional homicide and femicide, one row a state, year, sex, age and means, with their sum."""
    raw = pd.read_csv(ROOT / "data" / "input" / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    rows = raw[raw["Subtipo de delito"].isin(["Homicidio doloso", "Feminicidio"])].copy()
    rows["n"] = rows.loc[:, "Enero":"Diciembre"].sum(axis=1)
    return rows


def test_answers_on_mexico_are_those_of_the_raw_file(out: duckdb.DuckDBPyConnection, mexico: pd.DataFrame) -> None:
    years = mexico.groupby("Año")["n"].sum()
    assert {int(row["time_period"]): row["value"] for row in _ask(out, 1)} == years.to_dict()

    women = mexico[(mexico["Sexo"] == "Mujer") & (mexico["Entidad"] == "Jalisco")].groupby("Año")["n"].sum()
    assert {int(row["time_period"]): row["women"] for row in _ask(out, 2)} == women.to_dict()

    sexes = {"Mujer": "F", "Hombre": "M", "No identificado": "_U"}
    for row in _ask(out, 7):
        this = mexico[mexico["Año"] == int(row["time_period"])]
        found = {sexes[sex]: n for sex, n in this.groupby("Sexo")["n"].sum().items()}
        assert {code: row[code] for code in found} == found
        assert row["_T"] == this["n"].sum()

    minors = mexico[mexico["Rango de edad"] == "Menores de edad (0-17)"].groupby("Año")["n"].sum()
    unknown = mexico[mexico["Rango de edad"].str.startswith("No ")].groupby("Año")["n"].sum() / years
    known = {year: n if unknown[year] <= MOST_UNKNOWN else None for year, n in minors.items()}
    assert {int(r["time_period"]): r["value"] for r in _ask(out, 8) if r["age"] == "Y0T17"} == known

    firearm = mexico[mexico["Modalidad"] == "Con arma de fuego"].groupby("Año")["n"].sum()
    assert {int(row["time_period"]): row["firearm"] for row in _ask(out, 9)} == firearm.to_dict()

    first_quarter = mexico[mexico["Año"] == 2024].loc[:, "Enero":"Marzo"].to_numpy().sum()
    assert {row["time_period"]: row["value"] for row in _ask(out, 11)}["2024-Q1"] == first_quarter

    states = mexico[mexico["Año"] == 2024].groupby("Entidad")["n"].sum().sort_values(ascending=False)
    half = _ask(out, 13)
    assert [row["value"] for row in half] == states.iloc[: len(half)].to_list()
    assert half[-1]["share_so_far"] >= 0.5 > half[-2]["share_so_far"]


def test_answer_on_countries_together_is_that_of_the_raw_file(out: duckdb.DuckDBPyConnection) -> None:
    raw = pd.read_csv(ROOT / "data" / "input" / "eu_crim_off_cat" / "estat_crim_off_cat.tsv.gz", sep="\t", dtype=str)
    rows = raw[raw.iloc[:, 0].isin([f"A,ICCS0101,NR,{area}" for area in ("DK", "FI", "NO", "SE")])]
    assert len(rows) == 4
    numbers = rows.iloc[:, 1:].apply(lambda column: column.str.extract(r"(\d+)", expand=False).astype(float))
    expected = {str(year).strip(): numbers[year].sum() for year in numbers if numbers[year].notna().all()}
    answer = _ask(out, 10)

    assert {row["time_period"]: row["value"] for row in answer if row["rollup"] == "complete"} == expected
    assert len(expected) > 10


def test_answer_at_one_level_holds_all_of_argentina_once(out: duckdb.DuckDBPyConnection) -> None:
    (sections,) = out.execute(
        "SELECT sum(value), count(*) = count(value) FROM out.observation JOIN out.iccs ON code = iccs AND level = 1 "
        "WHERE source = 'ar_snic' AND ref_area = 'AR' AND time_period = '2023' AND counting_unit = 'offence' "
        "AND sex = '_T'"
    ).fetchall()
    rows = _ask(out, 12)

    assert len({(row["iccs"], row["part"]) for row in rows}) == len(rows)
    assert sections[0] == sum(row["value"] for row in rows if row["value"] is not None)


def test_answers_on_the_release_agree_with_each_other(out: duckdb.DuckDBPyConnection) -> None:
    shown = {row["source"]: row["vintage"] for row in _ask(out, 19)}
    assert shown == dict(out.execute("SELECT source, vintage FROM out.source").fetchall())
    cells = dict(out.execute("SELECT source, count(*) FROM out.observation GROUP BY source").fetchall())
    assert {row["source"]: row["cells"] for row in _ask(out, 20)} == cells, "as of today: what is published"
    assert all(row["closes"] for row in _ask(out, 16))
    shares: dict[tuple[str, str], float] = {}
    for row in _ask(out, 15):
        series = (row["source"], row["counting_unit"])
        shares[series] = shares.get(series, 0) + row["share_of_count"]
    assert all(0.5 < share <= 1 + 1e-9 for share in shares.values()), shares


# --- one line each: expected values are sums of the raw files, made here with pandas -------------


@pytest.fixture(scope="module")
def argentina() -> pd.DataFrame:
    path = ROOT / "data" / "input" / "ar_snic" / "snic-provincias.csv.gz"
    return pd.read_csv(path, dtype={"provincia_id": str, "codigo_delito_snic_id": str})


@pytest.fixture(scope="module")
def europe() -> pd.DataFrame:
    """Counts of Eurostat's file by category and country, a column a year; marks after numbers are left out."""
    raw = pd.read_csv(ROOT / "data" / "input" / "eu_crim_off_cat" / "estat_crim_off_cat.tsv.gz", sep="\t", dtype=str)
    keys = raw.iloc[:, 0].str.split(",", expand=True)
    counts = raw.iloc[:, 1:].apply(lambda column: column.str.extract(r"(\d+)", expand=False).astype(float))
    counts.columns = [str(name).strip() for name in counts.columns]
    wanted = keys[2] == "NR"
    counts.index = pd.MultiIndex.from_arrays([keys[1].str.removeprefix("ICCS"), keys[3]])
    return counts[wanted.to_numpy()]


def test_women_killed_by_state_are_those_of_the_raw_file(out: duckdb.DuckDBPyConnection, mexico: pd.DataFrame) -> None:
    women = mexico[mexico["Sexo"] == "Mujer"].groupby(["Entidad", "Año"])["n"].sum()
    rows = {row["area_en"]: row for row in _ask(out, 23)}
    assert len(rows) == 32
    for state in ("Colima", "Guanajuato", "Jalisco", "Sonora"):
        assert (rows[state]["first_count"], rows[state]["last_count"]) == (women[state, 2015], women[state, 2024])
    compared = [row for row in rows.values() if row["direction"] != "not compared" and row["first_count"] >= 20]
    assert len(compared) > 10
    for (
        row
    ) in compared:  # rates: the counts' ratio over the growth of the population, which was between -10 % and a third
        ratio = (1 + row["change_percent"] / 100) / (row["last_count"] / row["first_count"])
        assert 3 / 4 < ratio < 1.1
        assert (row["direction"] == "increase") == (row["ratio_low"] > 1)
    # Oaxaca has figures for four months of 2015 only: never a rise beyond its usual swings.
    assert rows["Oaxaca"]["direction"] in ("not compared", "within the usual swings")
    for row in rows.values():
        refused = row["direction"] == "not compared" or row["first_count"] < 20  # no percentage of a few
        assert refused == (row["change_percent"] is None)


def test_sexual_violence_by_province_is_that_of_the_raw_file(
    out: duckdb.DuckDBPyConnection, argentina: pd.DataFrame
) -> None:
    """2023: rape (10), attempted rape, simple and aggravated abuse (11_1 to 11_3), listed apart from then on."""
    codes = ["10", "11_1", "11_2", "11_3"]
    of_year = argentina[(argentina["anio"] == 2023) & argentina["codigo_delito_snic_id"].isin(codes)]
    women = of_year.groupby("provincia_nombre")["cantidad_victimas_fem"].sum()
    rows = {row["area_en"]: row for row in _ask(out, 24)}
    for province in ("Córdoba", "Chubut", "Salta"):
        assert rows[province]["value"] in (women[province], None)
    assert sum(row["value"] is not None for row in rows.values()) > 12
    assert all(row["composition_en"] for row in rows.values() if row["value"] is not None)


def test_known_sex_and_ages_are_those_of_the_raw_files(
    out: duckdb.DuckDBPyConnection, mexico: pd.DataFrame, argentina: pd.DataFrame
) -> None:
    unknown = {(row["country"], row["time_period"]): row["share_unknown"] for row in _ask(out, 25)}
    of_year = mexico[mexico["Año"] == 2019]
    share = of_year.loc[of_year["Sexo"] == "No identificado", "n"].sum() / of_year["n"].sum()
    assert unknown["MX", "2019"] == pytest.approx(share)
    killed = argentina[(argentina["codigo_delito_snic_id"] == "1") & (argentina["anio"] == 2019)]
    share = killed["cantidad_victimas_sd"].sum() / killed["cantidad_victimas"].sum()
    assert unknown["AR", "2019"] == pytest.approx(share)

    women = {row["time_period"]: row["women"] for row in _ask(out, 32)}
    known = of_year[of_year["Sexo"] != "No identificado"]
    assert women["2019"] == pytest.approx(known.loc[known["Sexo"] == "Mujer", "n"].sum() / known["n"].sum())

    ages = {(row["time_period"], row["age"]): row["value"] for row in _ask(out, 28)}
    of_year = mexico[mexico["Año"] == 2022]  # the age of 17 % is unknown
    assert ages["2022", "Y0T17"] == of_year.loc[of_year["Rango de edad"] == "Menores de edad (0-17)", "n"].sum()
    assert sum(n for (year, _), n in ages.items() if year == "2022") == of_year["n"].sum()


def test_countries_are_those_of_the_raw_files(
    out: duckdb.DuckDBPyConnection, mexico: pd.DataFrame, argentina: pd.DataFrame, europe: pd.DataFrame
) -> None:
    victims = mexico.groupby("Año")["n"].sum()
    killed = argentina[argentina["codigo_delito_snic_id"] == "1"].groupby("anio")["cantidad_victimas"].sum()
    rows = {row["area_en"]: row for row in _ask(out, 26)}
    assert (rows["Mexico"]["value"], rows["Argentina"]["value"]) == (victims[2022], killed[2022])
    assert rows["Sweden"]["value"] == europe.loc[("0101", "SE"), "2022"]
    assert rows["Argentina"]["other_series"] == "ar_snic: recorded offences"

    robbery = {row["area_en"]: row for row in _ask(out, 27)}
    assert "Mexico" not in robbery
    assert robbery["Spain"]["value"] == europe.loc[("0401", "ES"), robbery["Spain"]["time_period"]]

    latest = {row["area_en"]: row for row in _ask(out, 31)}
    assert (latest["Mexico"]["time_period"], latest["Mexico"]["value"]) == ("2024", victims[2024])
    assert (latest["Argentina"]["time_period"], latest["Argentina"]["value"]) == ("2023", killed[2023])
    assert "Argentina" not in [name for name, row in latest.items() if row["counting_unit"] == "offence"]

    for row in _ask(out, 34):
        if row["area_en"] == "Germany":
            assert [row["first_count"], row["last_count"]] == europe.loc[("0502", "DE"), ["2021", "2022"]].to_list()
            break
    else:
        pytest.fail("no row for Germany")

    assert _ask(out, 35) == [{"victims": victims[2022]}]
    for view in ("headline_by_sex", "headline_by_age"):
        again = EXAMPLES[35][1].replace("out.headline", f"out.{view}")
        assert out.execute(again).fetchall() == [(victims[2022],)]


def test_trafficking_is_that_of_the_raw_file(out: duckdb.DuckDBPyConnection) -> None:
    raw = pd.read_csv(ROOT / "data" / "input" / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    rows = raw[raw["Subtipo de delito"] == "Trata de personas"]
    expected = rows.loc[:, "Enero":"Diciembre"].sum(axis=1).groupby(rows["Año"]).sum()
    found = {int(row["time_period"]): row["value"] for row in _ask(out, 30) if row["area_en"] == "Mexico"}
    assert found.keys() == set(expected.index)
    assert {year: n for year, n in found.items() if n is not None}.items() <= expected.to_dict().items()
    assert sum(n is not None for n in found.values()) > 5


def test_categories_that_all_sources_have_are_in_all_their_concordances(out: duckdb.DuckDBPyConnection) -> None:
    """A source has a category where it has a link to it or below it: read from the concordances, by their codes."""
    sources = ("ar_snic", "mx_sesnsp_victims", "eu_crim_off_cat")
    reached = []
    for source in sources:
        links = pd.read_csv(ROOT / "iccs" / "concordances" / f"{source}.csv", dtype=str)["iccs_code"].dropna()
        reached.append({code[:length] for code in links for length in range(2, len(code) + 1)})
    found = {row["iccs"] for row in _ask(out, 29)}
    assert {"0101", "01", "02"} <= found
    assert found <= set.intersection(*reached)


def test_adjusted_p_is_that_of_benjamini_and_hochberg(out: duckdb.DuckDBPyConnection) -> None:
    """Made again from its definition: the smallest p x n / rank of this and all larger p; n is in the comment.

    A copy of another series of its area is no test of its own, and has the adjusted p of the one it is a copy of.
    """
    query = "SELECT source, area_level, sex, p_value, adjusted_p FROM out.trend WHERE p_value IS NOT NULL AND "
    pairs = out.execute(f"{query} same_series_as IS NULL ORDER BY p_value DESC").fetchall()
    copies = out.execute(f"{query} same_series_as IS NOT NULL").fetchall()
    assert len(copies) > 100
    assert set(copies) <= set(pairs)
    families: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for *family, p, adjusted in pairs:
        families.setdefault(tuple(family), []).append((p, adjusted))
    for members in families.values():
        least = 1.0
        for place, (p, adjusted) in enumerate(members):
            least = min(least, p * len(members) / (len(members) - place))
            assert adjusted == pytest.approx(least)
    comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'trend' AND column_name = 'adjusted_p'"
    assert (
        out.execute(comment)
        .fetchall()[0][0]
        .endswith(f"Tests of this release: {len(pairs):,} in {len(families)} groups.")
    )
    assert {row["adjusted_p"] for row in _ask(out, 33)} <= {adjusted for *_, adjusted in pairs} | {None}


def test_change_between_agrees_with_the_published_change(out: duckdb.DuckDBPyConnection) -> None:
    """Ten years up to 2023, where the spread between years decides the limits: two computations, one in SQL."""
    rows = out.execute(
        "SELECT sql.ratio_low / published.ratio_low, sql.ratio_high / published.ratio_high "
        "FROM out.change AS published JOIN out.change_between(2013, 2023) AS sql "
        "USING (source, ref_area, iccs, stage, counting_unit, sex) WHERE span_years = 10 AND last_year = 2023 "
        "AND published.dispersion > 2 AND least(first_count, last_count) > 20 AND published.rate_ratio IS NOT NULL "
        "AND sql.rate_ratio IS NOT NULL AND NOT contains(published.break_handling, 'bridged')"
    ).fetchall()
    assert len(rows) > 100
    for low, high in rows:
        assert (low, high) == (pytest.approx(1, rel=1e-4), pytest.approx(1, rel=1e-4))


def test_regions_of_one_country_are_not_those_of_all_of_a_source(out: duckdb.DuckDBPyConnection) -> None:
    """Eurostat's file has parts of the United Kingdom (three jurisdictions) and of no other country."""
    rows = out.execute(
        "SELECT country, coverage, detail FROM out.coverage WHERE source = 'eu_crim_off_cat' AND iccs = '0101' "
        "AND time_period = '2012' AND dimension = 'geography'"
    ).fetchall()
    assert ("GB", "full", "3 of 3 areas (admin1)") in rows
    assert {coverage for country, coverage, _ in rows if country != "GB"} == {"none"}
    assert len(rows) > 30
