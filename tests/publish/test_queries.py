"""Every example of docs/queries.md runs on the bundled release; some answers are made again from the raw files."""

from __future__ import annotations

import re
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def out(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection


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
    assert {int(r["time_period"]): r["value"] for r in _ask(out, 8) if r["age"] == "Y0T17"} == minors.to_dict()

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
