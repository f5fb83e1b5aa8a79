"""The bundled real files, published once: laws that every release must keep, and rates made again from the files."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from schemas.declarations import load_tables

INPUT = Path(__file__).parents[2] / "data" / "input"
KEY = [column.name for column in load_tables()["observation"].columns if column.role == "dimension"]
ATTRIBUTES = [name for name in KEY[KEY.index("age") + 1 :]]
ALL_ATTRIBUTES = " AND ".join(f"{name} = '_T'" for name in ATTRIBUTES)


def _one(out: duckdb.DuckDBPyConnection, query: str) -> object:
    ((value,),) = out.execute(query).fetchall()
    return value


def _by(out: duckdb.DuckDBPyConnection, query: str) -> dict[object, object]:
    return dict(out.execute(query).fetchall())


# --- every source --------------------------------------------------------------------------------


def test_reconciliation_closes_for_every_source(out: duckdb.DuckDBPyConnection) -> None:
    rows = out.execute("SELECT source, measure, closes FROM out.reconciliation").fetchall()
    sources = {row[0] for row in out.execute("SELECT source FROM out.source").fetchall()}

    assert {source for source, _, _ in rows} == sources
    assert {
        "ar_snic", "eu_crim_off_cat", "mx_conapo_population", "mx_sesnsp_victims", "wb_population"
    } <= sources  # fmt: skip
    assert [row for row in rows if not row[2]] == []


def test_reconciliation_counts_are_those_of_the_files(out: duckdb.DuckDBPyConnection) -> None:
    mexico = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    argentina = pd.read_csv(INPUT / "ar_snic" / "snic-provincias.csv.gz")
    sexes = ["cantidad_victimas_masc", "cantidad_victimas_fem", "cantidad_victimas_sd"]
    wanted = {
        ("mx_sesnsp_victims", "victims"): (len(mexico), mexico.loc[:, "Enero":"Diciembre"].to_numpy().sum()),
        ("ar_snic", "offences"): (len(argentina), argentina["cantidad_hechos"].sum()),
        ("ar_snic", "victims"): (len(argentina), argentina[sexes].sum().sum()),
    }
    for (source, measure), figures in wanted.items():
        found = out.execute(
            "SELECT rows_read, count_read FROM out.reconciliation WHERE source = ? AND measure = ?", [source, measure]
        ).fetchall()
        assert found == [tuple(map(float, figures))]


def test_no_cell_is_published_twice(out: duckdb.DuckDBPyConnection) -> None:
    doubled = f"SELECT {', '.join(KEY)} FROM out.observation GROUP BY ALL HAVING count(*) > 1"

    assert out.execute(doubled).fetchall() == []
    population = "SELECT source, ref_area, time_period, sex, age FROM out.population GROUP BY ALL HAVING count(*) > 1"
    assert out.execute(population).fetchall() == []


# Published without a value where the cell itself has counts; what is made of it rests on those counts.
WITHHELD = ("sex_not_known", "age_not_known", "period_not_reported", "rows_rejected")
IS_WITHHELD = f"coalesce(cell.missing_reason IN {WITHHELD}, false)"


def test_sexes_add_up_to_their_total_in_every_complete_cell(out: duckdb.DuckDBPyConnection) -> None:
    others = ", ".join(name for name in KEY if name != "sex")
    groups = out.execute(
        f"SELECT {others}, max(value) FILTER (sex = '_T') AS total, sum(value) FILTER (sex <> '_T') AS parts, "
        "count(*) FILTER (sex <> '_T' AND value IS NULL) AS missing, count(*) FILTER (sex = '_T') AS totals, "
        "count(*) FILTER (sex <> '_T' AND missing_reason = 'sex_not_known') AS withheld, "
        "any_value(missing_reason) FILTER (sex = '_T') AS reason "
        "FROM out.observation GROUP BY ALL HAVING bool_or(sex <> '_T')"
    ).df()

    assert len(groups) > 10_000
    assert (groups["totals"] == 1).all(), "a total over sexes is made once"
    complete = groups[groups["missing"] == 0]
    assert len(complete) > 10_000
    assert (complete["total"] == complete["parts"]).all()
    # Men and women are withheld where the sex of too many is unknown; all persons together are known all the same, but
    # in a split by age that is withheld too.
    only_withheld = (groups["missing"] > 0) & (groups["missing"] == groups["withheld"])
    assert only_withheld.sum() > 5_000
    known = groups[only_withheld & (groups["reason"] != "age_not_known")]
    assert known["total"].notna().all()
    assert (known["total"] >= known["parts"].fillna(0)).all()
    assert groups.loc[only_withheld & (groups["reason"] == "age_not_known"), "total"].isna().all()
    assert groups.loc[(groups["missing"] > 0) & ~only_withheld, "total"].isna().all()


@pytest.mark.parametrize("dimension", ["age", "weapon"])
def test_parts_add_up_to_their_total_in_every_complete_cell(out: duckdb.DuckDBPyConnection, dimension: str) -> None:
    others = ", ".join(name for name in KEY if name != dimension)
    differing = out.execute(
        f"SELECT {others} FROM out.observation GROUP BY ALL HAVING bool_or({dimension} <> '_T') "
        f"AND count(*) = count(value) "
        f"AND max(value) FILTER ({dimension} = '_T') IS DISTINCT FROM sum(value) FILTER ({dimension} <> '_T')"
    ).fetchall()
    broken_down = _one(out, f"SELECT count(*) FROM out.observation WHERE {dimension} <> '_T'")

    assert isinstance(broken_down, int)
    assert broken_down > 10_000
    assert differing == []


def test_states_add_up_to_the_country(out: duckdb.DuckDBPyConnection) -> None:
    others = ", ".join(f"cell.{name}" for name in KEY if name not in ("ref_area",))
    rows = out.execute(
        f"SELECT {others}, area.parent, sum(cell.value) AS states, count(*) FILTER (cell.value IS NULL) AS missing, "
        f"count(*) FILTER ({IS_WITHHELD}) AS withheld, any_value(country.missing_reason) AS reason, "
        "count(*) AS given, (SELECT count(*) FROM out.area AS below WHERE below.parent = area.parent "
        "AND below.area_level <> 'not_stated') AS expected, "
        "any_value(country.value) AS country, count(country.ref_area) AS countries "
        "FROM out.observation AS cell JOIN out.area AS area ON area.code = cell.ref_area AND area.parent IS NOT NULL "
        "LEFT JOIN out.observation AS country ON country.ref_area = area.parent AND "
        + " AND ".join(f"country.{name} = cell.{name}" for name in KEY if name != "ref_area")
        + " WHERE cell.source IN ('mx_sesnsp_victims', 'ar_snic', 'eu_crim_off_cat') AND cell.iccs_made_from IS NULL "
        "GROUP BY ALL"
    ).df()

    assert len(rows) > 5_000
    assert (rows["countries"] == rows["given"]).all(), "each cell of a state has one of its country"
    whole = (rows["missing"] == 0) & (rows["given"] == rows["expected"])
    assert whole.sum() > 3_500
    assert (rows.loc[whole, "country"] == rows.loc[whole, "states"]).all()
    # A state whose figure is withheld is in the country's all the same, unless the country's is withheld too.
    withheld = (rows["missing"] > 0) & (rows["missing"] == rows["withheld"]) & (rows["given"] == rows["expected"])
    assert withheld.sum() > 2_000
    known = rows[withheld & ~rows["reason"].isin(WITHHELD)]
    assert (known["country"] >= known["states"].fillna(0)).all()
    assert rows.loc[withheld & rows["reason"].isin(WITHHELD), "country"].isna().all()
    assert rows.loc[~whole & ~withheld, "country"].isna().all(), "a country without all of its states has no figure"


@pytest.fixture(scope="module")
def up_the_tree(out: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row for each total up the ICCS tree (all sexes, all ages) and child category it says it was made from."""
    rest = [name for name in KEY if name not in ("iccs", "sex", "age", *ATTRIBUTES)]
    return out.execute(
        f"WITH cell AS (FROM out.observation WHERE sex = '_T' AND age = '_T' AND {ALL_ATTRIBUTES}), "
        "made AS (SELECT *, unnest(string_split(iccs_made_from, ';')) AS child "
        "FROM cell WHERE iccs_made_from IS NOT NULL) "
        "SELECT made.source, made.ref_area, made.time_period, made.iccs, made.counting_unit, made.iccs_made_from, "
        "made.value, made.obs_status, child, below.value AS child_value, below.missing_reason AS child_reason "
        "FROM made LEFT JOIN cell AS below ON below.iccs = made.child AND "
        + " AND ".join(f"below.{name} = made.{name}" for name in rest)
        + " WHERE child <> '='"
    ).df()


def test_total_up_the_iccs_tree_has_every_part_that_it_names(up_the_tree: pd.DataFrame) -> None:
    # E.g. section 01 of the United Kingdom: 0102 lacks England and Wales, so 0101 + 0102 is not all of it; and
    # Portugal has no 0102 at all in 2010, so its 01 must not say that it was made from 0102.
    assert len(up_the_tree) > 1_000
    without_a_part = up_the_tree[up_the_tree["value"].notna() & up_the_tree["child_value"].isna()]
    # A child that seems not to be reported for a year has no value; totals that hold it are provisional or a break.
    not_reported = without_a_part["child_reason"] == "period_not_reported"
    assert set(without_a_part.loc[not_reported, "obs_status"]) == {"P", "B"}
    without_a_part = without_a_part[~not_reported]
    examples = without_a_part[["source", "ref_area", "time_period", "iccs", "child"]].head(5).to_dict("records")
    assert (len(without_a_part), examples) == (0, [])


def test_total_up_the_iccs_tree_is_the_sum_of_its_parts(up_the_tree: pd.DataFrame) -> None:
    key = ["source", "ref_area", "time_period", "iccs", "counting_unit", "iccs_made_from"]
    cells = (
        up_the_tree.assign(missing=up_the_tree["child_value"].isna())
        .groupby(key, as_index=False)
        .agg(value=("value", "first"), parts=("child_value", "sum"), missing=("missing", "sum"))
    )
    whole = cells[cells["value"].notna() & (cells["missing"] == 0)]
    only_children = whole[~whole["iccs_made_from"].str.contains("=")]
    with_own_counts = whole[whole["iccs_made_from"].str.contains("=")]  # counts given at the category itself

    assert len(only_children) > 1_000
    assert len(with_own_counts) > 100
    assert (only_children["value"] == only_children["parts"]).all()
    assert (with_own_counts["value"] >= with_own_counts["parts"]).all()


def test_zeros_stay_zeros_and_missing_has_a_reason(out: duckdb.DuckDBPyConnection) -> None:
    zeros = _by(out, "SELECT source, count(*) FROM out.observation WHERE value = 0 GROUP BY 1")
    unexplained = _one(
        out, "SELECT count(*) FROM out.observation WHERE (value IS NULL) <> (missing_reason IS NOT NULL)"
    )
    # For Yucatán the file has 0 in every month of 2024 for every kind of kidnapping.
    raw = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    yucatan = raw[(raw["Año"] == 2024) & (raw["Clave_Ent"] == 31) & (raw["Subtipo de delito"] == "Secuestro")]
    victims = int(yucatan.loc[:, "Enero":"Diciembre"].to_numpy().sum())
    found = _one(
        out,
        "SELECT value FROM out.observation WHERE ref_area = 'MX-YUC' AND iccs = '02022' AND time_period = '2024' "
        f"AND source = 'mx_sesnsp_victims' AND sex = '_T' AND age = '_T' AND {ALL_ATTRIBUTES}",
    )

    assert {"ar_snic", "eu_crim_off_cat", "mx_sesnsp_victims"} <= set(zeros)
    assert unexplained == 0
    assert victims == 0
    assert found == 0


# --- rates ---------------------------------------------------------------------------------------


def _conapo(state: int | None, year: int, column: str) -> int:
    table = pd.read_csv(INPUT / "mx_conapo_population" / "state-population-age-groups.csv.gz")
    rows = table[table["Year"] == year]
    rows = rows if state is None else rows[rows["StateCode"] == state]
    return int(rows[["Females", "Males"]].to_numpy().sum() if column == "both" else rows[column].sum())


def _indec(year: int, sex: int, province: str) -> int:
    table = pd.read_csv(INPUT / "ar_indec_population" / "poblacion.csv.gz", dtype=str)
    rows = table[(table["ano"] == str(year)) & (table["juri"] == province) & (table["sexo_codigo"] == str(sex))]
    return int(rows["poblacion"].astype(int).sum())


def _world_bank(iso3: str, year: int) -> int:
    table = pd.read_csv(INPUT / "wb_population" / "population.csv.gz")
    return int(table[(table["Country Code"] == iso3) & (table["Year"] == year)]["Value"].iloc[0])


@pytest.mark.parametrize(
    ("source", "unit", "area", "year", "sex", "population_source"),
    [
        ("mx_sesnsp_victims", "victim", "MX", 2024, "_T", "mx_conapo_population"),
        ("mx_sesnsp_victims", "victim", "MX-JAL", 2019, "F", "mx_conapo_population"),
        ("ar_snic", "victim", "AR", 2023, "M", "ar_indec_population"),
        ("ar_snic", "victim", "AR-X", 2022, "_T", "ar_indec_population"),
        ("eu_crim_off_cat", "offence", "FR", 2020, "_T", "wb_population"),
    ],
)
def test_rate_of_homicide_recomputed_from_the_population_file(
    out: duckdb.DuckDBPyConnection, source: str, unit: str, area: str, year: int, sex: str, population_source: str
) -> None:
    population = {
        "MX": lambda: _conapo(None, 2024, "both"),
        "MX-JAL": lambda: _conapo(14, 2019, "Females"),
        "AR": lambda: _indec(2023, 1, "01"),  # the country row, which we leave out: provinces must give the same
        "AR-X": lambda: _indec(2022, 0, "14"),
        "FR": lambda: _world_bank("FRA", 2020),
    }[area]()
    ((value, used, named, vintage, rate, low, high),) = out.execute(
        "SELECT value, population, population_source, population_vintage, rate_per_100k, ci_low, ci_high FROM out.rate "
        "WHERE source = $source AND counting_unit = $unit AND ref_area = $area AND time_period = $year AND sex = $sex "
        f"AND iccs = '0101' AND age = '_T' AND {ALL_ATTRIBUTES}",
        {"source": source, "unit": unit, "area": area, "year": str(year), "sex": sex},
    ).fetchall()
    current = _by(out, "SELECT source, vintage FROM out.source")

    assert used == population
    assert named == population_source
    assert vintage == current[population_source]
    assert rate == pytest.approx(value / population * 100_000, rel=1e-12)
    assert low < rate < high
    # Normal approximation of the limits: within a few per cent of the exact ones for counts of this size.
    assert (high - low) / rate == pytest.approx(2 * 1.96 / math.sqrt(value), rel=0.05)


def test_rate_of_an_age_group_uses_only_groups_that_fill_it(out: duckdb.DuckDBPyConnection) -> None:
    # Minors are 0-17; CONAPO has 0-4 ... 15-19, which cannot be cut at 18.
    reasons = out.execute(
        "SELECT DISTINCT age, no_rate_reason, rate_per_100k IS NULL FROM out.rate "
        "WHERE source = 'mx_sesnsp_victims' AND ref_area = 'MX' AND sex = 'M' AND value IS NOT NULL ORDER BY age"
    ).fetchall()

    assert reasons == [
        ("Y0T17", "no_population_for_age", True),
        ("Y_GE18", "no_population_for_age", True),
        ("_T", None, False),
        ("_U", "age_unknown", True),
    ]


def test_no_rate_is_infinite_and_each_missing_one_has_a_reason(out: duckdb.DuckDBPyConnection) -> None:
    numbers = ("rate_per_100k", "ci_low", "ci_high", "population", "value")
    not_finite = " OR ".join(f"NOT isfinite({name})" for name in numbers)

    assert _one(out, f"SELECT count(*) FROM out.rate WHERE {not_finite}") == 0
    assert _one(out, "SELECT count(*) FROM out.rate WHERE (rate_per_100k IS NULL) <> (no_rate_reason IS NOT NULL)") == 0
    assert _one(out, "SELECT count(*) FROM out.rate WHERE rate_per_100k IS NOT NULL") > 10_000  # type: ignore[operator]
    annual = _one(out, "SELECT count(*) FROM out.observation WHERE freq = 'A'")
    assert _one(out, "SELECT count(*) FROM out.rate") == annual, "one row for each annual observation"


def test_each_reason_for_no_rate_is_true(out: duckdb.DuckDBPyConnection) -> None:
    lies = out.execute(
        "SELECT no_rate_reason, count(*) FROM out.rate WHERE CASE no_rate_reason "
        "WHEN 'value_missing' THEN value IS NOT NULL "
        "WHEN 'sex_unknown' THEN sex NOT IN ('_U', '_Z') "
        "WHEN 'age_unknown' THEN age NOT IN ('_U', '_Z') "
        "WHEN 'no_population' THEN population IS NOT NULL "
        "WHEN 'no_population_for_age' THEN population IS NOT NULL OR age = '_T' "
        "WHEN 'population_incomplete' THEN population IS NOT NULL "
        "WHEN 'zero_population' THEN population IS DISTINCT FROM 0 ELSE false END GROUP BY 1"
    ).fetchall()

    assert lies == []
