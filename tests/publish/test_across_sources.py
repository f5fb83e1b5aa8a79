"""Rules on all sources of a release together, on a warehouse of a few rows written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.publish.across_sources import compare_sources, refuse_implausible
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.functions import shared_functions
from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns, create_table_sql, load_tables

CELL = {
    "vintage": "v", "ref_area": "MX", "area_level": "country", "time_period": "2019", "freq": "A", "iccs": "0101",
    "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T",
    **dict.fromkeys(attribute_columns(), "_T"),
}  # fmt: skip
PRINTED = {"ref_area": "MX", "time_period": "2019", "count": 50.0, "population": 1e6, "rate": 5.0, "rate_made": 5.0,
           "rate_low": 4.995, "rate_high": 5.005, "between_years": False}  # fmt: skip


@dataclass
class Kept:
    """A vintage of which only the printed rates matter."""

    source_id: str
    folder: Path
    vintage: str = "v"

    def part(self, name: str) -> Path:
        return self.folder / f"{self.source_id}-{name}.parquet"

    def has(self, name: str) -> bool:
        return self.part(name).is_file()

    def query(self, name: str) -> str:
        return f"(FROM read_parquet('{self.part(name)}'))"


class Warehouse:
    """The tables that are compared, and what the rules say of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder
        connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse; CREATE SCHEMA out")
        for function in shared_functions("out"):
            connection.execute(function.statement)
        compared = (
            "area",
            "observation",
            "population",
            "rate",
            "source",
            "source_gap",
            "rate_check",
            "quality",
            "quality_cell",
        )
        for name in compared:
            for statement in create_table_sql(load_tables()[name]):
                connection.execute(statement)

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        self.connection.register("given", pa.Table.from_pylist(list(rows)))
        self.connection.execute(f"INSERT INTO out.{table} BY NAME FROM given")

    def compare(self, *sources: str) -> dict[tuple[str, str], tuple[str, int, int, str]]:
        self.insert("source", *({"source": name, "vintage": "v", "kind": "count"} for name in sources))
        compare_sources(self.connection, [Kept(name, self.folder) for name in sources])  # type: ignore[misc]
        return {
            (source, rule): tuple(rest)
            for source, rule, *rest in self.connection.execute(
                "SELECT source, rule, outcome, checked, failing, detail FROM out.quality"
            ).fetchall()
        }


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with connect(Settings(data=tmp_path, threads=1)) as connection:
        yield Warehouse(connection, tmp_path)
        connection.execute("USE memory; DETACH warehouse")


def test_two_sources_that_agree_pass(warehouse: Warehouse) -> None:
    warehouse.insert(
        "observation", {**CELL, "source": "xx_a", "value": 100.0}, {**CELL, "source": "xx_b", "value": 109.0}
    )
    found = warehouse.compare("xx_a", "xx_b")
    assert found["xx_a", "other_source_gap"] == found["xx_b", "other_source_gap"] == ("passed", 1, 0, None)
    assert found["xx_a", "population_behind_rates"] == ("not applicable", 0, 0, None)


def test_a_gap_between_sources_is_shown_both_ways(warehouse: Warehouse) -> None:
    """Mexico 2015: 18,312 victims by the prosecutors, 20,853 by the World Health Organization."""
    national = {**CELL, "source": "xx_a", "value": 18312.0}
    other = {**CELL, "source": "xx_b", "value": 20853.0, "counting_unit": "offence"}
    few = {"ref_area": "IS", "value": 1.0}  # too few to judge
    held = {**CELL, "source": "xx_b", "value": 1.0, "stage": "held"}  # prisoners are not compared with offences
    warehouse.insert("observation", national, other, {**national, **few}, {**other, **few, "value": 4.0}, held)
    found = warehouse.compare("xx_a", "xx_b")
    outcome, checked, failing, detail = found["xx_a", "other_source_gap"]
    assert (outcome, checked, failing) == ("warned", 1, 1)
    assert detail == "MX 0101 2019: 18312 victims, xx_b has 20853 offences"
    gaps = warehouse.connection.execute(
        "SELECT source, other_source, round(gap_percent, 1) FROM out.source_gap WHERE ref_area = 'MX' ORDER BY 1"
    ).fetchall()
    assert gaps == [("xx_a", "xx_b", -12.2), ("xx_b", "xx_a", 13.9)]
    (cell,) = warehouse.connection.execute(
        "SELECT value_found, value_expected, ref_area, vintage FROM out.quality_cell WHERE source = 'xx_a'"
    ).fetchall()
    assert cell == (18312.0, 20853.0, "MX", "v")


@pytest.mark.parametrize(("used", "outcome"), [(1_010_000.0, "passed"), (1_300_000.0, "warned")])
def test_the_population_behind_printed_rates(warehouse: Warehouse, used: float, outcome: str) -> None:
    rates = [PRINTED, {**PRINTED, "rate": 17.14, "rate_made": 173.51, "rate_low": 173.505, "rate_high": 173.515}]
    pq.write_table(pa.Table.from_pylist(rates), warehouse.folder / "xx_a-rates.parquet")
    cell = {name: value for name, value in CELL.items() if name != "freq"}
    warehouse.insert("rate", {**cell, "source": "xx_a", "population": used})
    found = warehouse.compare("xx_a")
    assert found["xx_a", "population_behind_rates"][:3] == (outcome, 1, int(outcome == "warned"))
    (row,) = warehouse.connection.execute(
        "SELECT rates_checked, rates_deviating, round(largest_deviation_percent, 1), population_in_file, "
        "population_used FROM out.rate_check"
    ).fetchall()
    assert row == (2, 1, -90.1, 1e6, used)


def caveats(warehouse: Warehouse, table: str) -> dict[tuple[str, ...], str | None]:
    """The caveats of each cell, by what the test cells differ in."""
    rows = warehouse.connection.execute(
        f"SELECT source, ref_area, time_period, sex, caveats FROM out.{table} ORDER BY ALL"
    ).fetchall()
    return {tuple(key): found for *key, found in rows}


def test_a_gap_is_a_caveat_on_the_cells_of_both_sources(warehouse: Warehouse) -> None:
    """A gap of the total is one of each sex; a gap among men says nothing of women."""
    national = [
        {**CELL, "source": "xx_a", "value": 100.0, "caveats": "method_change"},
        {**CELL, "source": "xx_a", "value": 60.0, "sex": "F", "caveats": None},
        {**CELL, "source": "xx_a", "value": 100.0, "time_period": "2020", "caveats": None},
        {**CELL, "source": "xx_a", "value": 80.0, "time_period": "2020", "sex": "M", "caveats": None},
        {**CELL, "source": "xx_a", "value": 20.0, "time_period": "2020", "sex": "F", "caveats": None},
        {**CELL, "source": "xx_a", "value": 100.0, "ref_area": "AR", "caveats": None},
    ]
    other = [
        {**CELL, "source": "xx_b", "value": 150.0},
        {**CELL, "source": "xx_b", "value": 100.0, "time_period": "2020"},
        {**CELL, "source": "xx_b", "value": 95.0, "time_period": "2020", "sex": "M"},
    ]
    warehouse.insert("observation", *national, *other)
    rates = [{name: value for name, value in cell.items() if name != "freq"} for cell in national]
    warehouse.insert("rate", *rates)
    warehouse.compare("xx_a", "xx_b")
    gap = "other_source_differs"
    expected = {
        ("xx_a", "MX", "2019", "_T"): f"method_change;{gap}",
        ("xx_a", "MX", "2019", "F"): gap,
        ("xx_a", "MX", "2020", "_T"): None,
        ("xx_a", "MX", "2020", "M"): gap,
        ("xx_a", "MX", "2020", "F"): None,
        ("xx_a", "AR", "2019", "_T"): None,
    }
    assert caveats(warehouse, "rate") == expected
    assert caveats(warehouse, "observation") == expected | {
        ("xx_b", "MX", "2019", "_T"): gap,
        ("xx_b", "MX", "2020", "_T"): None,
        ("xx_b", "MX", "2020", "M"): gap,
    }


def test_another_population_is_a_caveat_on_rates_not_on_counts(warehouse: Warehouse) -> None:
    printed = [PRINTED, {**PRINTED, "time_period": "2020", "population": 1.3e6}]
    pq.write_table(pa.Table.from_pylist(printed), warehouse.folder / "xx_a-rates.parquet")
    cells = [
        {**CELL, "source": "xx_a", "value": 50.0, "time_period": year, "sex": sex}
        for year in ("2019", "2020")
        for sex in ("M", "_U", "_T")
    ]
    populations = {"_T": 1e6, "M": 4.9e5, "_U": None}
    warehouse.insert("observation", *cells)
    rates = [{name: value for name, value in cell.items() if name != "freq"} for cell in cells]
    warehouse.insert("rate", *({**rate, "population": populations[str(rate["sex"])]} for rate in rates))
    warehouse.compare("xx_a")
    assert set(caveats(warehouse, "observation").values()) == {None}
    assert {key[2:]: found for key, found in caveats(warehouse, "rate").items()} == {
        ("2019", "M"): None,
        ("2019", "_T"): None,
        ("2019", "_U"): None,
        ("2020", "M"): "rate_population_differs",
        ("2020", "_T"): "rate_population_differs",
        ("2020", "_U"): None,  # without a population there is no rate to doubt
    }


STATES = {  # population; victims of homicide, negligent homicide and injuries in 2022, as in the bundled files
    "MX-AGU": (1_399_529, 89, 181, 3_606),
    "MX-CHH": (3_945_972, 2_018, 468, 5_078),
    "MX-GUA": (6_109_411, 3_281, 1_845, 16_518),
    "MX-JAL": (8_522_198, 2_108, 1_178, 9_148),
    "MX-MEX": (18_529_454, 2_744, 1_688, 53_413),
    "MX-NLE": (5_577_394, 1_430, 665, 6_815),
    "MX-SON": (3_199_479, 1_776, 362, 2_169),
    "MX-TLA": (1_396_132, 147, 35, 181),
}


@pytest.mark.parametrize(
    ("populations", "counts", "marked"),
    [
        ({}, {}, set()),  # Tlaxcala records an eleventh of the middle state's injuries, but half of its homicides
        ({"MX-JAL": 0.1}, {}, {"MX-JAL", "MX"}),  # were it the counts, the country's would be a tenth lower
        ({"MX-MEX": 10.0}, {}, {"MX-MEX", "MX"}),
        ({"MX-AGU": 0.1}, {}, {"MX-AGU"}),  # 0.7 % of homicides, 3 % of injuries
        ({}, {"MX-JAL": 10.0}, {"MX-JAL", "MX"}),
        ({}, {"MX-CHH": 0.1}, {"MX-CHH", "MX"}),
        ({"MX-MEX": 1_396_132 / 18_529_454, "MX-TLA": 18_529_454 / 1_396_132}, {}, {"MX-MEX", "MX-TLA", "MX"}),
        ({"MX-JAL": 0.5}, {}, set()),  # as real states differ
    ],
)
def test_an_area_whose_rates_are_all_out_of_line(
    warehouse: Warehouse, populations: dict[str, float], counts: dict[str, float], marked: set[str]
) -> None:
    """A population without its last digit, counts in tens, two states exchanged: in all years alike."""
    warehouse.insert("area", {"code": "MX", "area_level": "country"})
    warehouse.insert("area", *({"code": code, "area_level": "admin1", "parent": "MX"} for code in STATES))
    cells = []
    for place, iccs in enumerate(("0101", "0103", "02011")):
        total = 0.0
        for code, (population, *values) in STATES.items():
            value = round(values[place] * counts.get(code, 1))
            total += value
            area = {"ref_area": code, "area_level": "admin1", "population": population * populations.get(code, 1)}
            cells.append({**CELL, **area, "iccs": iccs, "value": float(value)})
        cells.append({**CELL, "iccs": iccs, "value": total, "population": 48_679_569.0})
    cells = [{**cell, "source": "xx_a", "population_source": "xx_p"} for cell in cells]
    in_rate, in_observation = ("freq",), ("population", "population_source")
    warehouse.insert("rate", *({key: one for key, one in cell.items() if key not in in_rate} for cell in cells))
    warehouse.insert(
        "observation", *({key: one for key, one in cell.items() if key not in in_observation} for cell in cells)
    )
    found = warehouse.compare("xx_a")
    areas = marked - {"MX"}
    assert found["xx_a", "area_out_of_line"][:3] == ("warned" if areas else "passed", 8, len(areas))
    for table in ("rate", "observation"):
        with_caveat = warehouse.connection.execute(
            f"SELECT DISTINCT ref_area FROM out.{table} WHERE caveats = 'area_out_of_line'"
        ).fetchall()
        assert {area for (area,) in with_caveat} == marked, table


def test_what_is_said_of_an_area_out_of_line(warehouse: Warehouse) -> None:
    for code, (population, homicides, *_) in STATES.items():
        area = {"ref_area": code, "area_level": "admin1", "population": population * (0.01 if code == "MX-NLE" else 1)}
        cell = {**CELL, **area, "source": "xx_a", "value": float(homicides), "population_source": "xx_p"}
        warehouse.insert("rate", {key: one for key, one in cell.items() if key != "freq"})
    assert warehouse.compare("xx_a")["xx_a", "area_out_of_line"] == (
        "warned",
        8,
        1,
        "MX-NLE: its rates are 67.6 times those of the middle area (median of 1 category; half of the areas are within "
        "2.0 times of it); victims, population by xx_p",
    )


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        (62_000_000.0, None),  # 126 million in the other source: not more than twice as many
        (126_000.0, "populations_agree"),  # in thousands
    ],
)
def test_populations_of_one_area_and_year_agree(warehouse: Warehouse, other: float, rule: str | None) -> None:
    own = {"ref_area": "MX", "area_level": "country", "time_period": "2019", "sex": "_T", "age": "_T", "vintage": "v"}
    warehouse.insert("population", {**own, "source": "a", "population": other})
    warehouse.insert("population", {**own, "source": "b", "population": 124_000_000.0})
    _refused(warehouse, rule, "124,000,000 in b")


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ({"rate_per_100k": 140.0}, None),  # El Salvador 1995
        ({"rate_per_100k": 26_678.3}, "rates_possible"),
        ({"rate_per_100k": 26_678.3, "value": 19.0}, None),  # in a very small population any rate may be
        ({"rate_per_100k": 4_900.0, "ref_area": "MX-JAL", "area_level": "admin1"}, None),
        ({"rate_per_100k": 5_100.0, "ref_area": "MX-JAL", "area_level": "admin1"}, "rates_possible"),
        # Of categories without a limit of their own, more than there are persons: assaults multiplied by 1,000.
        ({"iccs": "02011", "rate_per_100k": 99_000.0}, None),
        ({"iccs": "02011", "rate_per_100k": 150_400.0}, "rates_possible"),
        ({"iccs": "02011", "rate_per_100k": 150_400.0, "ref_area": "MX-JAL", "area_level": "admin1"}, None),
    ],
)
def test_a_rate_that_no_country_ever_had_is_refused(
    warehouse: Warehouse, cell: dict[str, Any], rule: str | None
) -> None:
    rate = {**CELL, "source": "a", "value": 32_014.0, "population": 120_000.0, "population_source": "p", **cell}
    warehouse.insert("rate", {name: value for name, value in rate.items() if name != "freq"})
    _refused(warehouse, rule, "population of 120,000 by p; at most")


def test_impossible_rates_by_one_population_are_one_problem(warehouse: Warehouse) -> None:
    """Italy's population of 2015 in thousands: the rates of three categories of one source and one of another by it."""
    italy = {**CELL, "ref_area": "IT", "time_period": "2015", "population": 60_731.0, "population_source": "p"}
    for source, iccs, value in (("a", "0101", 469), ("a", "0401", 35_068), ("a", "0501", 234_726), ("b", "0101", 475)):
        rate = {**italy, "source": source, "iccs": iccs, "value": value, "rate_per_100k": value / 0.60731}
        warehouse.insert("rate", {name: one for name, one in rate.items() if name != "freq"})
    said = "4 rates by 1 of the populations of p are impossible (of 0101, 0401, 0501 in a, b). The worst: "
    _refused(
        warehouse,
        "rates_possible",
        said + "IT has 386,501.1 of 0501 per 100,000 in 2015, 234,726 in a population of 60,731 by p",
    )


def _refused(warehouse: Warehouse, rule: str | None, said: str) -> None:
    if rule is None:
        refuse_implausible(warehouse.connection)
        return
    with pytest.raises(DataRefused) as refused:
        refuse_implausible(warehouse.connection)
    assert [problem.rule for problem in refused.value.problems] == [rule]
    assert said in refused.value.problems[0].found
