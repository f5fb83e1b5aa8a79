"""Men and women exchanged in Mexico's population: in one state throughout, in one of its years, in all states."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import find_sources

FILE = "state-population-age-groups.csv"
INPUT = Path(__file__).parents[2] / "data" / "input" / "mx_conapo_population" / f"{FILE}.gz"
RULE = "population_sexes_exchanged_by_age"
CITY = 9


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    every = pd.read_csv(INPUT)
    return every[every["Year"].between(2012, 2018)]


def _judged(
    people: pd.DataFrame, chosen: pd.Series[bool], folder: Path
) -> tuple[str, int, str, list[tuple[str, str, int]]]:
    """Load the file with men and women of the chosen rows exchanged.

    Returns:
        Outcome, number of cells found and detail of the rule; and areas, sexes and numbers of years with its caveat.
    """
    broken = people.copy()
    broken.loc[chosen, ["Females", "Males"]] = people.loc[chosen, ["Males", "Females"]].to_numpy()
    folder.mkdir()
    broken.to_csv(folder / FILE, index=False)
    result = run_all(find_sources(["mx_conapo_population"]), Session(Settings(data=folder / "data", threads=1), folder))
    assert result.refused == ()
    with duckdb.connect(str(result.published), read_only=True) as connection:
        ((outcome, failing, detail),) = connection.execute(
            "SELECT outcome, failing, detail FROM out.quality WHERE rule = $rule", {"rule": RULE}
        ).fetchall()
        marked = connection.execute(
            "SELECT ref_area, sex, count(DISTINCT time_period) FROM out.population "
            "WHERE list_contains(string_split(caveats, ';'), 'sexes_may_be_exchanged') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return outcome, failing, detail or "", marked


def test_a_state_whose_men_and_women_are_exchanged_is_named_with_its_figures(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    """In all years, or in one; the sums are of the file. The country has the caveat of its part; no total has it."""
    city = people["StateCode"].eq(CITY)
    first = people[city & people["Year"].eq(2012)]
    old = first[first["AgeGroup"].isin(["75-79", "80-84", "85plus"])].sum(numeric_only=True)
    outcome, failing, detail, marked = _judged(people, city, tmp_path / "always")
    assert (outcome, failing) == ("warned", 7)
    assert f"MX-CMX 2012: {old.Females} men and {old.Males} women aged 75 and over" in detail
    assert marked == [(area, sex, 7) for area in ("MX", "MX-CMX") for sex in "FM"]

    outcome, failing, detail, marked = _judged(people, city & people["Year"].eq(2016), tmp_path / "once")
    assert (outcome, failing, marked) == ("warned", 1, [(area, sex, 1) for area in ("MX", "MX-CMX") for sex in "FM"])
    assert detail.startswith("MX-CMX 2016: ") and "so in 1 of" in detail


def test_a_whole_file_with_men_and_women_exchanged_is_told_and_the_file_as_it_is_is_not(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    every = people["Year"].gt(0)
    outcome, _, _, marked = _judged(people, every, tmp_path / "all")
    assert outcome == "warned"
    assert len({area for area, _, _ in marked}) > 25  # of 32 states and the country
    assert _judged(people, ~every, tmp_path / "none") == ("passed", 0, "", [])
