"""A break in series is gone over only with a bridge, and what rests on one is marked and as wide as its factor.

The figures are the FBI's: rape by the legacy definition (1979-2016) and by the revised one (2013-2019). What is
expected is computed here from the extract, or written down by hand from it.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats

from pipelines.cli.main import main
from pipelines.publish.build import publish
from pipelines.publish.series.segments import fit_segments
from pipelines.reader.plots.comparison import plot_slopes
from pipelines.reader.plots.style import save_picture
from pipelines.reader.plots.trend import plot_trend
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.counts import read_series
from pipelines.reader.series.placebos import areas_like
from pipelines.reader.series.policy import evaluate_policy
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import find_sources, list_sources

HERE = Path(__file__).parent
FILE = HERE / "us_fbi_estimates" / "estimated_crimes_1979_2019.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Publish some of the sources in a folder of their own; the population is read from the same file."""

    def make(names: list[str], folder: Path | None = None) -> Settings:
        settings = Settings(data=tmp_path_factory.mktemp("bridges"))
        folders = {one.source_id: one for one in find_sources(names, folder)}
        vintages = [run_source(one, Session(settings, FILE.parent))[0] for one in folders.values()]
        publish(vintages, folders, settings)
        return settings

    return make


@pytest.fixture(scope="module")
def bridged(extracts: Settings) -> Settings:
    return extracts


@pytest.fixture(scope="module")
def alone(made: Callable[..., Settings]) -> Settings:
    return made(["us_fbi_estimates", "us_fbi_population"])


@pytest.fixture(scope="module")
def counts() -> dict[str, dict[int, dict[str, float]]]:
    """Legacy and revised counts and population of each area and year, from the file."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    with FILE.open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            area = f"US-{row['state_abbr']}" if row["state_abbr"] else "US"
            values = {name: float(row[name]) for name in ("rape_legacy", "rape_revised", "population") if row[name]}
            found.setdefault(area, {})[int(row["year"])] = values
    return found


def _ask(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_the_factor_is_that_of_the_years_counted_twice(bridged: Settings) -> None:
    """By hand from the national rows: (113695 + 118027 + 126134 + 132414) / (82109 + 84864 + 91261 + 96970)."""
    rows = _ask(
        bridged,
        "SELECT iccs, bridge_factor, bridge_low, bridge_high, overlap_years, first_year, last_year, old_count, "
        "new_count FROM out.series_bridge WHERE ref_area = 'US' ORDER BY iccs",
    )
    assert [row[0] for row in rows] == ["03", "0301", "03011"]
    for row in rows:
        assert row[4:] == (4, 2013, 2016, 355204, 490270)
        assert row[1] == pytest.approx(490270 / 355204)
    # Cochran's error of a ratio: the residuals new - 1.380249 old are 363.1, 893.5, 171.1 and -1427.7.
    error = np.sqrt((363.1**2 + 893.5**2 + 171.1**2 + 1427.7**2) / 3 / 4) / (355204 / 4) / 1.380249
    reach = np.exp(3.18245 * error)  # Student's t, 3 degrees
    assert rows[0][2] == pytest.approx(1.380249 / reach, rel=1e-4)
    assert rows[0][3] == pytest.approx(1.380249 * reach, rel=1e-4)


def test_a_small_area_has_its_own_factor_with_limits_of_chance(
    bridged: Settings, counts: dict[str, dict[int, dict[str, float]]]
) -> None:
    """Wyoming: exact limits of 755 against 547 from scipy, wider than those between its years."""
    old, new = (
        sum(counts["US-WY"][year][name] for year in range(2013, 2017)) for name in ("rape_legacy", "rape_revised")
    )
    assert (old, new) == (547, 755)
    share = stats.binomtest(755, 755 + 547).proportion_ci(method="exact")
    ((factor, low, high),) = _ask(
        bridged,
        "SELECT bridge_factor, bridge_low, bridge_high FROM out.series_bridge "
        "WHERE ref_area = 'US-WY' AND iccs = '03011'",
    )
    assert (factor, low, high) == pytest.approx((755 / 547, share.low / (1 - share.low), share.high / (1 - share.high)))


def test_change_across_the_bridge_is_by_hand_and_marked(
    bridged: Settings, counts: dict[str, dict[int, dict[str, float]]]
) -> None:
    us = counts["US"]
    first = us[2009]["rape_legacy"] / us[2009]["population"] * 1e5 * 490270 / 355204
    last = us[2019]["rape_revised"] / us[2019]["population"] * 1e5
    rows = _ask(
        bridged,
        "SELECT span_years, first_value, last_value, rate_ratio, ratio_low, ratio_high, obs_status, break_handling "
        "FROM out.change WHERE source = 'us_fbi_estimates' AND iccs = '03011' AND ref_area = 'US' ORDER BY 1",
    )
    assert [row[0] for row in rows] == [1, 5, 10]
    assert rows[2][1:4] == pytest.approx((first, last, last / first))
    assert rows[2][6:] == ("E", "bridged in 2013 (x 1.380, 1.362 to 1.398)")
    # As wide as the factor, at least: the lower limit of the ratio is that with the upper limit of the factor.
    assert rows[2][4] < last / first * 1.380249 / 1.3983
    assert rows[2][5] > last / first * 1.380249 / 1.3624
    assert [row[7] for row in rows[:2]] == ["no break in between"] * 2


def test_trend_goes_over_all_years_and_says_so(
    bridged: Settings, counts: dict[str, dict[int, dict[str, float]]]
) -> None:
    """Sen's slope of scipy on the bridged rates; p no smaller than with either limit of the factor."""
    us = counts["US"]
    years = sorted(us)
    recorded = (
        np.array([us[y]["rape_revised" if y >= 2013 else "rape_legacy"] / us[y]["population"] for y in years]) * 1e5
    )
    before = np.array(years) < 2013
    ((n, slope, low, high, p, status, handling),) = _ask(
        bridged,
        "SELECT n, sen_slope_per_year, sen_low, sen_high, mann_kendall_p, obs_status, break_handling FROM out.trend "
        "WHERE source = 'us_fbi_estimates' AND iccs = '03011' AND ref_area = 'US'",
    )
    assert (n, status, handling) == (41, "E", "bridged in 2013 (x 1.380, 1.362 to 1.398)")
    assert slope == pytest.approx(stats.theilslopes(np.where(before, recorded * 490270 / 355204, recorded), years)[0])
    for factor in (1.3625, 1.3982):
        other = np.where(before, recorded * factor, recorded)
        assert low <= stats.theilslopes(other, years)[0] <= high
        assert p >= stats.kendalltau(years, other, variant="b").pvalue


def test_without_the_source_of_the_overlap_the_break_stays(alone: Settings) -> None:
    assert _ask(alone, "SELECT DISTINCT bridge_factor, method FROM out.series_bridge") == [
        (None, "not bridged: no year from the break on is also in us_fbi_rape_legacy")
    ]
    assert _ask(
        alone,
        "SELECT span_years, rate_ratio, direction, break_handling FROM out.change "
        "WHERE iccs = '03011' AND ref_area = 'US' AND span_years = 10",
    ) == [(10, None, "not compared", "break in 2013: not compared across it")]
    assert _ask(alone, "SELECT n, break_handling FROM out.trend WHERE iccs = '03011' AND ref_area = 'US'") == [
        (7, "break in 2013; used 2013-2019")  # 34 years before the break are no answer for today
    ]
    # The parents are made of the same counts and break with them.
    assert _ask(alone, "SELECT count(DISTINCT n) FROM out.trend WHERE iccs LIKE '03%' AND ref_area = 'US'") == [(1,)]


def test_a_factor_known_from_outside_is_declared_with_its_limits(made: Callable[..., Settings], tmp_path: Path) -> None:
    for name in ("us_fbi_estimates", "us_fbi_population"):
        shutil.copytree(str(list_sources()[name].folder), tmp_path / name)
    path = tmp_path / "us_fbi_estimates" / "source.yml"
    text = path.read_text(encoding="utf-8")
    assert "overlap: us_fbi_rape_legacy" in text
    path.write_text(text.replace("overlap: us_fbi_rape_legacy", "factor: 1.4, low: 1.3, high: 1.5"), encoding="utf-8")
    told = made(["us_fbi_estimates", "us_fbi_population"], tmp_path)
    rows = _ask(told, "SELECT bridge_factor, bridge_low, bridge_high, method, overlap_years FROM out.series_bridge")
    assert set(rows) == {(1.4, 1.3, 1.5, "factor as declared", 0)}
    ((ratio, low, high),) = _ask(
        told,
        "SELECT rate_ratio, ratio_low, ratio_high FROM out.change WHERE iccs = '03011' AND ref_area = 'US' "
        "AND span_years = 10",
    )
    assert low < ratio * 1.4 / 1.5 < ratio < ratio * 1.4 / 1.3 < high


@pytest.mark.parametrize(
    ("bridge", "told"),
    [
        ("{basis: x}", r"either overlap \(a source\) or factor"),
        ("{basis: x, factor: 2, overlap: y}", r"either overlap \(a source\) or factor"),
        ("{basis: x, factor: 0}", "greater than 0"),
        ("{basis: x, factor: .nan}", "greater than 0"),
        ("{basis: x, factor: 2, low: 1}", "give both limits"),
        ("{basis: x, factor: 2, low: 2.1, high: 3}", "low <= factor <= high"),
        ("{factor: 2}", "basis"),
        ("{basis: x, overlap: us_fbi_estimates}", "overlap must be another source"),
    ],
)
def test_a_bridge_that_says_too_little_is_refused(tmp_path: Path, bridge: str, told: str) -> None:
    shutil.copytree(str(list_sources()["us_fbi_estimates"].folder), tmp_path / "us_fbi_estimates")
    path = tmp_path / "us_fbi_estimates" / "source.yml"
    text = path.read_text(encoding="utf-8")
    start = text.index("    bridge:")
    path.write_text(f"{text[:start]}    bridge: {bridge}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        _ = find_sources(["us_fbi_estimates"], tmp_path)[0].source


def test_a_break_inside_a_year_and_one_of_all_categories_have_no_bridge(tmp_path: Path) -> None:
    for break_, told in (
        ('{period: "2013-07", iccs: ["03011"], note: n, bridge: {factor: 2, basis: b}}', "within a year"),
        ('{period: "2013", note: n, bridge: {factor: 2, basis: b}}', "needs categories"),
    ):
        shutil.copytree(
            str(list_sources()["us_fbi_estimates"].folder), tmp_path / "us_fbi_estimates", dirs_exist_ok=True
        )
        path = tmp_path / "us_fbi_estimates" / "source.yml"
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text[: text.index('breaks:')]}breaks: [{break_}]\n", encoding="utf-8")
        with pytest.raises(UsageError, match=told):
            _ = find_sources(["us_fbi_estimates"], tmp_path)[0].source


def test_an_evaluation_goes_over_a_bridge_and_not_over_a_break_at_its_date(bridged: Settings) -> None:
    found = evaluate_policy(SeriesQuery("03011", "US", source="us_fbi_estimates"), "2000", settings=bridged)
    assert (found.series.periods[0], found.series.periods[-1]) == ("1979", "2019")
    assert "bridged in 2013 (x 1.380, 1.362 to 1.398)" in found.remarks
    # Person-years before the bridge are divided by the factor, so that the recorded counts stay whole.
    people = read_series(SeriesQuery("03011", "US", source="us_fbi_estimates"), bridged).populations
    assert found.exposures[0] == pytest.approx(people[0] / (490270 / 355204))
    assert found.exposures[-1] == people[-1]
    with pytest.raises(UsageError, match="break at 2013"):
        evaluate_policy(SeriesQuery("03011", "US", source="us_fbi_estimates"), "2013", settings=bridged)


def test_placebos_of_other_states_go_over_their_own_bridges(bridged: Settings) -> None:
    """Person-years of each state before 2013 are its population over its own factor; none is cut there."""
    query = read_series(SeriesQuery("03011", "US-WY", source="us_fbi_estimates"), bridged).query
    years = list(range(1979, 2020))
    found = areas_like(query, years, bridged)
    assert [found.areas[n] for n in found.alike] == ["US-AK", "US-AL", "US-DC", "US-WY"]  # the states of the extract
    factors = set()
    for area in found.areas:
        series = read_series(replace(query, area=area), bridged)
        (bridge,) = series.crossed
        factors.add(bridge.factor)
        row = found.areas.index(area)
        for year, count, people in zip(series.steps, series.counts, series.populations, strict=True):
            place = years.index(year)
            assert found.counts[row, place] == count
            assert found.exposures[row, place] == pytest.approx(people / (bridge.factor if year < 2013 else 1))
    assert len(factors) == 4


def test_segments_are_as_wide_as_the_bridge(bridged: Settings) -> None:
    series = read_series(SeriesQuery("03011", "US-WY", source="us_fbi_estimates"), bridged)
    rows = fit_segments(series.steps, series.counts, series.populations, series.breaks)
    assert rows[0]["break_handling"] == "bridged in 2013 (x 1.380, 1.235 to 1.544)"
    crossing = next(row for row in rows if row["first_year"] < 2013 <= row["last_year"])
    people = np.array(series.populations) / np.array(series.multipliers[0])
    taken_as_known = fit_segments(series.steps, series.counts, people.tolist())
    known = next(row for row in taken_as_known if row["first_year"] < 2013 <= row["last_year"])
    assert crossing["apc"] == pytest.approx(known["apc"])
    assert crossing["apc_low"] < known["apc_low"] < known["apc_high"] < crossing["apc_high"]
    assert crossing["p_value"] >= known["p_value"]


def test_pictures_and_commands_show_the_bridge(
    bridged: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import matplotlib as mpl

    mpl.rcParams["svg.fonttype"] = "none"
    picture = tmp_path / "rape.svg"
    rape = SeriesQuery("03011", "US", source="us_fbi_estimates")
    save_picture(plot_trend(rape, settings=bridged), picture)
    text = picture.read_text(encoding="utf-8")
    assert "bridged × 1.38" in text
    assert "an estimate (E)" in text
    save_picture(plot_slopes(rape, 2009, 2019, settings=bridged), tmp_path / "slopes.svg")
    assert "an estimate (E)" in " ".join((tmp_path / "slopes.svg").read_text(encoding="utf-8").split())
    arguments = ["--area", "US", "--source", "us_fbi_estimates", "--data", str(bridged.data), "--json"]
    assert main(["trend", "03011", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trend"][0]["obs_status"] == "E"
    assert "bridged in 2013" in document["trend"][0]["break_handling"]


def test_regions_are_not_drawn_over_a_break(alone: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a break between"):
        plot_slopes(SeriesQuery("03011", "US", source="us_fbi_estimates"), 2009, 2019, settings=alone)
