"""The bundled real files, published once: figures known before this project.

Control totals are sums over the files as received, made by other means than ours (see README.md); the comparisons with
files here read those files with pandas.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from schemas.declarations import load_tables

INPUT = Path(__file__).parents[2] / "data" / "input"
KEY = [column.name for column in load_tables()["observation"].columns if column.role == "dimension"]
ATTRIBUTES = [name for name in KEY[KEY.index("age") + 1 :]]
ALL_ATTRIBUTES = " AND ".join(f"{name} = '_T'" for name in ATTRIBUTES)


def _by(out: duckdb.DuckDBPyConnection, query: str) -> dict[object, object]:
    return dict(out.execute(query).fetchall())


# --- Mexico: SESNSP, cut of December 2024 --------------------------------------------------------


def test_mexico_2024_intentional_homicide_by_sex(out: duckdb.DuckDBPyConnection) -> None:
    found = _by(
        out,
        "SELECT sex, value FROM out.observation WHERE source = 'mx_sesnsp_victims' AND ref_area = 'MX' "
        f"AND iccs = '0101' AND time_period = '2024' AND freq = 'A' AND age = '_T' AND {ALL_ATTRIBUTES}",
    )

    assert found == {"M": 26_779, "F": 2_598 + 829, "_U": 680, "_T": 30_886}


def test_mexico_2024_intentional_homicide_by_national_code(out: duckdb.DuckDBPyConnection) -> None:
    found = out.execute(
        "SELECT national_code, sex, count FROM out.mapping_count WHERE source = 'mx_sesnsp_victims' "
        "AND iccs = '0101' AND time_period = '2024' AND count > 0 ORDER BY 1, 2"
    ).fetchall()

    assert found == [
        ("Feminicidio", "F", 829),
        ("Homicidio doloso", "F", 2_598),
        ("Homicidio doloso", "M", 26_779),
        ("Homicidio doloso", "_U", 680),
    ]


def test_mexico_2024_every_victim_is_used_or_excluded_by_name(out: duckdb.DuckDBPyConnection) -> None:
    # All rows of 2024 add up to 377,146 victims; the concordance leaves some offences out of the ICCS.
    control = out.execute("SELECT expected, actual FROM out.control WHERE control = 'all victims 2024'").fetchall()

    assert control == [(377_146, 377_146)]


def test_mexico_trend_of_country_and_state(out: duckdb.DuckDBPyConnection) -> None:
    country = out.execute("SELECT time_period, value FROM out.trend_of('0101', 'MX') WHERE counting_unit = 'victim'")
    years = [row[0] for row in country.fetchall()]
    raw = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    homicides = raw[raw["Subtipo de delito"].isin(["Homicidio doloso", "Feminicidio"])]
    jalisco = homicides[homicides["Clave_Ent"] == 14]
    by_year = jalisco.set_index("Año").loc[:, "Enero":"Diciembre"].sum(axis=1).groupby(level=0).sum()
    women = jalisco[jalisco["Sexo"] == "Mujer"].set_index("Año").loc[:, "Enero":"Diciembre"].sum(axis=1)

    assert years == [str(year) for year in range(2015, 2025)]
    for sex, wanted in (("_T", by_year), ("F", women.groupby(level=0).sum())):
        found = _by(
            out,
            f"SELECT time_period, value FROM out.trend_of('0101', 'MX-JAL', sex := '{sex}') "
            "WHERE counting_unit = 'victim'",
        )
        assert found == {str(year): value for year, value in wanted.items()}


def test_mexico_every_monthly_count_of_the_file(out: duckdb.DuckDBPyConnection) -> None:
    raw = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    months = list(raw.loc[:, "Enero":"Diciembre"].columns)
    homicides = raw[raw["Subtipo de delito"].isin(["Homicidio doloso", "Feminicidio"])]
    wanted = {
        f"{year}-{number:02d}": total
        for number, month in enumerate(months, start=1)
        for year, total in homicides.groupby("Año")[month].sum().items()
    }
    found = _by(
        out,
        "SELECT time_period, value FROM out.observation WHERE source = 'mx_sesnsp_victims' AND ref_area = 'MX' "
        f"AND iccs = '0101' AND freq = 'M' AND sex = '_T' AND age = '_T' AND {ALL_ATTRIBUTES}",
    )

    assert len(wanted) == 120
    assert found == wanted


# --- Argentina: SNIC -----------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "total", "men", "women"), [("2023", 2_046, 1_684, 362), ("2022", 1_958, None, None)])
def test_argentina_intentional_homicide_victims(
    out: duckdb.DuckDBPyConnection, year: str, total: int, men: int | None, women: int | None
) -> None:
    found = _by(
        out,
        "SELECT sex, value FROM out.observation WHERE source = 'ar_snic' AND ref_area = 'AR' AND iccs = '0101' "
        f"AND counting_unit = 'victim' AND time_period = '{year}' AND age = '_T' AND {ALL_ATTRIBUTES}",
    )

    assert found["_T"] == total
    if men is not None:
        assert found == {"M": men, "F": women, "_U": 0, "_T": total}


def test_argentina_parents_are_never_added_to_their_parts(out: duckdb.DuckDBPyConnection) -> None:
    # Drug law, code 28 and its ten parts from 2017: the parts of a province and year add up to the parent.
    raw = pd.read_csv(INPUT / "ar_snic" / "snic-provincias.csv.gz", dtype=str, keep_default_na=False)
    raw["count"] = raw["cantidad_hechos"].astype(int)
    parents = raw[raw["codigo_delito_snic_id"] == "28"].groupby("anio")["count"].sum()
    drugs = _by(
        out,
        "SELECT time_period, sum(value) FROM out.observation WHERE source = 'ar_snic' AND ref_area = 'AR' "
        f"AND counting_unit = 'offence' AND iccs IN ('06', '08064') AND {ALL_ATTRIBUTES} GROUP BY 1",
    )

    # 06 holds the drug law, but for the conspiracies (28_8), which are 08064; nothing else is in either.
    assert {year: drugs[year] for year in ("2000", "2016", "2017", "2020", "2023")} == {
        year: parents[year] for year in ("2000", "2016", "2017", "2020", "2023")
    }


# --- Eurostat ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eurostat() -> dict[tuple[str, str, str], float | None]:
    """Every NR cell of the file: (geo as written, ICCS code, year) -> count, None for ':'."""
    with gzip.open(INPUT / "eu_crim_off_cat" / "estat_crim_off_cat.tsv.gz", "rt", encoding="utf-8") as handle:
        table = pd.read_csv(handle, sep="\t", dtype=str)
    packed = table.columns[0]
    cells: dict[tuple[str, str, str], float | None] = {}
    for row in table.to_dict("records"):
        _, iccs, unit, geo = row[packed].split(",")
        if unit != "NR":
            continue
        for label in table.columns[1:]:
            text = row[label].strip()
            cells[geo, iccs.removeprefix("ICCS"), label.strip()] = None if text == ":" else float(text)
    return cells


Cells = dict[tuple[str, str, str], tuple[object, ...]]


def _published_eurostat(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> tuple[Cells, Cells]:
    """The cells of the categories that the file itself gives for a country, and those of categories above them.

    What is made of children has a test of its own; left are years in which a category has no child with a figure.
    """
    rows = out.execute(
        "SELECT ref_area, iccs, time_period, value, obs_status, missing_reason FROM out.observation "
        "WHERE source = 'eu_crim_off_cat' AND iccs_made_from IS NULL"
    ).fetchall()
    listed = {(COUNTRY.get(geo, GEO.get(geo, geo)), iccs) for geo, iccs, _ in eurostat}
    cells = {(area, iccs, year): tuple(rest) for area, iccs, year, *rest in rows}
    own = {key: cell for key, cell in cells.items() if (key[0].split("-")[0], key[1]) in listed}
    return own, {key: cell for key, cell in cells.items() if key not in own}


GEO = {"EL": "GR", "UKC-L": "GB-EAW", "UKM": "GB-SCT", "UKN": "GB-NIR"}
PARTS_OF_GB = ("UKC-L", "UKM", "UKN")
COUNTRY = dict.fromkeys(PARTS_OF_GB, "GB")


def test_eurostat_every_count_equals_the_file(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> None:
    published, above = _published_eurostat(out, eurostat)
    wanted = {(GEO.get(geo, geo), iccs, year): value for (geo, iccs, year), value in eurostat.items()}

    assert {key: cell[0] for key, cell in published.items() if key[0] != "GB"} == wanted
    # E.g. 03022 of Albania, of which the file has 030221 alone and for 2008 only ':'.
    assert set(above.values()) == {(None, "O", "not_reported")}
    assert not {key[:2] for key in above} & {key[:2] for key in wanted}
    below = {(area.split("-")[0], iccs[:n], year) for area, iccs, year in wanted for n in range(2, len(iccs))}
    assert {(area.split("-")[0], iccs, year) for area, iccs, year in above} <= below, "no row without one in the file"
    counts = [value for value in wanted.values() if value is not None]
    assert len(counts) > 8_000
    assert 0 in counts, "the file has zeros; they must stay zeros"


def test_eurostat_colon_is_missing_and_never_zero(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> None:
    published, _ = _published_eurostat(out, eurostat)
    missing = [(GEO.get(geo, geo), iccs, year) for (geo, iccs, year), value in eurostat.items() if value is None]

    assert len(missing) > 2_000
    assert {published[key] for key in missing} == {(None, "O", "not_reported")}
    assert {cell[1] for key, cell in published.items() if cell[0] is not None} == {"A", "B"}


def test_eurostat_breaks_are_where_the_figures_of_the_file_jump_threefold(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> None:
    """A figure from 100 that is at least three times, or at most a third of, the last one before it in the file.

    Norway's homicides of 2011 are none: the attacks of 22 July are declared as a mass event. Latvia's sexual violence
    of 2016 (0301) is one for another reason: it falls by 246 in the first year of sexual exploitation (0302).
    """
    published, _ = _published_eurostat(out, eurostat)
    jumps = set()
    before: dict[tuple[str, str], float] = {}
    for (geo, iccs, year), value in sorted(eurostat.items(), key=lambda item: item[0][2]):
        if value is None or (geo, iccs, year) == ("NO", "0101", "2011"):
            continue
        last = before.get((geo, iccs))
        if last is not None and max(last, value) >= 100 and max(last, value) >= 3 * min(last, value):
            jumps.add((GEO.get(geo, geo), iccs, year))
        before[geo, iccs] = value
    latvia = [eurostat.get(("LV", iccs, year)) for iccs in ("0301", "0302") for year in ("2015", "2016")]

    assert latvia == [466, 220, None, 333]
    jumps.add(("LV", "0301", "2016"))
    assert {key for key, cell in published.items() if cell[1] == "B" and key[0] != "GB"} == jumps


def test_a_category_whose_parent_the_country_does_not_give_is_in_the_total(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> None:
    """Estonia has 05012 and 0502 in the file, and no row of 0501."""
    assert ("EE", "0501", "2008") not in eurostat
    total = (eurostat["EE", "05012", "2008"] or 0) + (eurostat["EE", "0502", "2008"] or 0)
    assert out.execute(
        "SELECT value FROM out.observation WHERE source = 'eu_crim_off_cat' AND ref_area = 'EE' AND iccs = '05' "
        "AND time_period = '2008'"
    ).fetchall() == [(total,)]


def test_united_kingdom_is_made_only_of_all_three_parts(
    out: duckdb.DuckDBPyConnection, eurostat: dict[tuple[str, str, str], float | None]
) -> None:
    published, _ = _published_eurostat(out, eurostat)
    cells = {key: value for key, value in published.items() if key[0] == "GB"}
    complete = incomplete = none = 0
    for (_, iccs, year), (value, status, reason) in cells.items():
        parts = [eurostat.get((geo, iccs, year)) for geo in PARTS_OF_GB]
        if None not in parts:
            complete += 1
            assert (value, status, reason) == (sum(part or 0 for part in parts), "A", None)
        elif any(part is not None for part in parts):
            incomplete += 1
            assert (value, status, reason) == (None, "O", "incomplete")
        else:
            none += 1
            assert (value, status, reason) == (None, "O", "not_reported")

    assert min(complete, incomplete, none) > 0
    listed = {(iccs, year) for geo, iccs, year in eurostat if geo in PARTS_OF_GB}
    assert {(iccs, year) for _, iccs, year in cells} == listed
