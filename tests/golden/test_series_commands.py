"""``iccs evaluate``, ``iccs trend --monthly`` and the pictures, on the bundled data, against the raw files."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipelines.cli.main import main
from pipelines.reader.plots.comparison import plot_pyramid, plot_slopes
from pipelines.reader.plots.evaluation import plot_evaluation
from pipelines.reader.plots.style import save_picture
from pipelines.reader.plots.trend import plot_areas, plot_trend
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.counts import read_series
from pipelines.reader.series.placebos import areas_like
from pipelines.reader.series.policy import evaluate_policy
from pipelines.reader.series.rates import read_rates_of_areas
from pipelines.reader.words import LANGUAGES, WORDS, word
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist
from schemas.errors import UsageError

pytestmark = pytest.mark.usefixtures("letters_as_text")

INPUT = Path(__file__).parents[2] / "data" / "input"


@pytest.fixture(scope="module")
def monthly() -> pd.DataFrame:
    """Victims of 0101 by state and month from the file: a column for each state code, 120 rows."""
    raw = pd.read_csv(INPUT / "mx_sesnsp_victims" / "IDVFC_NM_dic24.csv.gz", encoding="latin-1")
    raw = raw[raw["Subtipo de delito"].isin(["Homicidio doloso", "Feminicidio"])]
    table = raw.groupby(["Clave_Ent", "Año"]).sum(numeric_only=True).loc[:, "Enero":"Diciembre"]
    return table.stack().unstack("Clave_Ent")


def test_the_series_is_that_of_the_file(settings: Settings, monthly: pd.DataFrame) -> None:
    series = read_series(SeriesQuery("0101", "MX-JAL", freq="M"), settings)
    assert (series.periods[0], series.periods[-1]) == ("2015-01", "2024-12")
    assert list(series.counts) == monthly[14].tolist()
    assert series.steps == list(range(2015 * 12, 2025 * 12))


def test_effect_against_a_control_is_that_of_the_poisson_model_of_both_areas(
    settings: Settings, monthly: pd.DataFrame
) -> None:
    """The model with an effect for each area and month, whose effect the conditional one must equal, from the file."""
    found = evaluate_policy(SeriesQuery("0101", "MX-JAL"), "2019-03", "MX-NLE", settings)
    people = pd.read_csv(next((INPUT / "mx_conapo_population").glob("state-population*")))
    people = people[people["AgeGroup"].ne("Total")].groupby(["StateCode", "Year"])["Total"].sum()
    years = np.repeat(np.arange(2015, 2025), 12)
    after = np.arange(120) >= 50
    counts = np.concatenate([monthly[14], monthly[19]])
    exposure = np.concatenate([people[14][years], people[19][years]])
    area = np.repeat([1.0, 0.0], 120)
    months = np.tile(np.eye(120), (2, 1))
    design = np.column_stack([months, area, area * np.tile(after, 2)])
    model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(exposure)).fit()

    assert found.controlled is not None
    # The pipeline adds the sexes of CONAPO, whose own total differs by a person here and there.
    assert found.controlled.effect.value == pytest.approx(np.exp(model.params[-1]), rel=1e-6)
    assert found.family == "negative binomial"
    assert found.interrupted.diagnostics["periods before"] == 50


def test_counts_that_vary_as_chance_would_stay_poisson_and_the_want_of_a_control_is_said(settings: Settings) -> None:
    found = evaluate_policy(SeriesQuery("0101", "IT"), "2017", settings=settings)
    assert found.family == "poisson"
    assert found.controlled is None
    assert any("no control" in note for note in found.interrupted.cannot_tell)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--area", "MX", "--date", "2030-01"], "outside the series"),
        (["--area", "MX", "--date", "2015-01"], "outside the series"),
        (["--area", "AR", "--date", "2003"], "8 before and 3 after are needed"),
        (["--area", "MX-JA", "--date", "2019-03"], "nearest: MX-JAL"),
        (["--area", "MX", "--date", "2019-13"], "01 to 12"),
        (["--area", "MX", "--date", "March"], "neither a year"),
        (["--area", "MX", "--date", "2019-03", "--control", "MX"], "a different area"),
        (["--area", "AR", "--date", "2014-01"], "no monthly series"),
        (["--area", "MX", "--date", "2019-03", "--source", "ar_snic"], "there are: mx_sesnsp_victims"),
        (["--area", "MX", "--date", "2019-03", "--plot", "x.gif"], "must end in .png"),
    ],
)
def test_what_cannot_be_evaluated_is_said(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["evaluate", "0101", *arguments, "--data", str(settings.data)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--area", "MX", "--source", "ar_snic"], "there are: mx_sesnsp_victims: recorded victims"),
        (["--area", "AR", "--unit", "case"], "there are: ar_snic: recorded victims; ar_snic: recorded offences"),
        (["--area", "SE", "--sex", "F"], "in SE, sex F; the area has none"),
        (["--area", "SE", "--sex", "X"], "unknown sex 'X'; there are: F, M, _O, _T, _U, _Z"),
    ],
)
def test_a_series_that_is_not_there_is_told_with_those_that_are(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["trend", "0101", *arguments, "--data", str(settings.data)]) == 2
    assert told in capsys.readouterr().err


def test_a_year_without_rate_has_its_reason_and_a_query_without_rows_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(settings.data)]
    assert main(["trend", "0101", "--area", "AR", "--sex", "F", *data]) == 0
    text = capsys.readouterr().out
    # The projections in data/input/ar_indec_population begin in 2010; the counts of the file in 2000. From 2009 to 2013
    # the sex of more than a fifth of the victims is unknown in the file: no counts of women.
    assert "no rate, no_population: 2000-2008" in text
    assert "no rate, value_missing: 2009-2013" in text
    # A caveat of a province is one of the country. Shares of unknown sex in the file: the country 3 % in 2008, 53 % in
    # 2009, 61 % in 2013, 5 % in 2014; Entre Ríos 21 % in 2000, 0 in 2001; 93 % in 2016, 0 in 2017.
    assert "caveat sex_recording_changed: 2001, 2007, 2009, 2012-2015, 2017" in text
    label = next(code.label_es for code in load_codelist("caveat") if code.code == "sex_recording_changed")
    assert main(["trend", "0101", "--area", "AR", "--sex", "F", "--lang", "es", *data]) == 0
    spanish = " ".join(capsys.readouterr().out.split())
    assert f"salvedad sex_recording_changed ({label}): 2001, 2007, 2009, 2012-2015, 2017" in spanish
    assert main(["query", "SELECT 1 AS one WHERE false", *data]) == 0
    assert capsys.readouterr().out == "no rows (columns: one)\n"
    assert main(["query", " -- nothing", *data]) == 2


def test_a_date_at_a_break_is_refused_and_a_series_stops_at_one(settings: Settings) -> None:
    with pytest.raises(UsageError, match="break at 2023"):
        evaluate_policy(SeriesQuery("0301", "AR"), "2023", settings=settings)
    # A province did not report 2013: the country's figure of that year is compared with none, and ends the run.
    with pytest.raises(UsageError, match="1 periods before 2015"):
        evaluate_policy(SeriesQuery("0301", "AR"), "2015", settings=settings)
    # Sexual assault of Czechia in the file: 729 to 1,250 a year until 2020, then 82 and 90.
    found = evaluate_policy(SeriesQuery("03012", "CZ"), "2016", settings=settings)
    assert found.series.periods[-1] == "2020"
    assert any("without a gap or a break" in remark for remark in found.remarks)


def test_commands_print_for_people_and_machines(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = ["--data", str(settings.data)]
    picture = tmp_path / "evaluation.svg"
    area = ["--area", "MX-JAL"]
    assert main(["evaluate", "0101", *area, "--date", "2019-03", "--plot", str(picture), "--lang", "es", *data]) == 0
    text = capsys.readouterr().out
    assert "primeros 12 meses tras la fecha, respecto de lo esperado" in text
    assert "último mes" not in text
    assert "p por aleatorización" in text
    assert "Limitaciones:" in text
    assert "inicio de la estrategia" in _words(picture)
    assert "Regresión cuasi-Poisson" in _words(picture)
    found = evaluate_policy(SeriesQuery("0101", "MX-JAL"), "2019-03", settings=settings)
    said = f"p = {found.first_year.effect.p:.3f}: {word(found.first_year.verdict_key, 'es')}".replace(".", ",", 1)
    assert said in " ".join(_words(picture).split())
    assert "Primeros 12 meses" in _words(picture)

    assert main(["evaluate", "0101", *area, "--date", "2019-03", "--control", "MX-NLE", "--json", *data]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["segmented"]["fitted"]) == len(document["counts"]) == 120
    assert document["controls"] == {"MX-NLE": 1}
    assert document["first_year"]["placebos"] > 1000
    assert 0 < document["first_year"]["randomisation_p"] <= 1

    assert main(["trend", "0101", *area, "--monthly", "--json", *data]) == 0
    document = json.loads(capsys.readouterr().out)
    parts = np.array([document[name] for name in ("adjusted", "season")])
    assert document["equal_months"] == pytest.approx(list(parts[0] * parts[1]))
    assert document["turning_points"]

    assert main(["trend", "0101", "--area", "AR", "--unit", "victim", *data]) == 0
    text = capsys.readouterr().out
    assert "2013 to 2023: decrease" in text
    # The series begins in 2010, with the population of INDEC; tests/golden/test_segments.py has its segments.
    assert "segment 2013-2023" in text
    assert "recorded offences" not in text
    assert main(["trend", "0101", "--area", "AR", "--by", "sex", *data]) == 2


def test_every_verdict_has_its_words_in_every_language() -> None:
    keys = [key for key in WORDS if key.startswith("verdict ")]
    assert len(keys) == 6
    for key in keys:
        assert len({word(key, language) for language in LANGUAGES}) == 3
    assert len({word(key, "en") for key in keys}) == 6


def test_the_picture_shows_the_model_that_is_reported(settings: Settings, monthly: pd.DataFrame) -> None:
    """Observed over expected in the drawn months, as rates from the file, is the effect in the note, nearly."""
    found = evaluate_policy(SeriesQuery("0101", "MX-JAL"), "2019-03", ["MX-NLE", "MX-GUA"], settings)
    figure, axes = plot_evaluation(found, settings=settings)
    observed, before, expected, course = (line.get_ydata() for line in axes.lines[:4])
    assert (len(observed), len(before), len(expected), len(course)) == (120, 50, 13, 12)
    assert np.mean(observed[50:62]) / np.mean(expected[1:]) == pytest.approx(found.first_year.effect.value, rel=0.03)
    assert course == pytest.approx(expected[1:] * found.first_year.effect.value)
    assert sum(monthly[14].to_numpy()[50:62]) == pytest.approx(observed[50:62] @ found.exposures[50:62] / 1e5)
    note = plot_evaluation(found, settings=settings).text
    assert f"{found.first_year.effect.value:.2f} (" in note
    assert found.first_year.verdict in note
    for area, name in (("MX-NLE", "Nuevo León"), ("MX-GUA", "Guanajuato")):
        assert f"{name} ({found.first_year.weights[area]:.2f})" in note
    figure.clear()


def test_a_control_of_another_level_is_no_area_that_placebos_are_made_of(settings: Settings) -> None:
    """The country as the control of a state: 32 states have placebos, each against the country."""
    found = evaluate_policy(SeriesQuery("0101", "MX-JAL"), "2019-03", "MX", settings)
    wanted, steps = found.series.query, found.series.steps
    alone, beside = (areas_like(wanted, steps, settings, others) for others in ((), ("MX",)))
    assert "MX" not in alone.areas and beside.areas.index("MX") not in beside.alike
    assert len(alone.alike) == len(beside.alike) == 32
    assert found.first_year.weights == {"MX": 1}
    assert next(iter(found.first_year.expected_by_period)) == "2016-11"  # from then on the country has every month
    dates = 98 - 12 - 24 + 1  # windows of twelve months with two years before them; none of Jalisco's ends before
    assert found.first_year.placebos.number + sum(found.first_year.placebos.left_out.values()) == 31 * dates


def test_placebos_end_where_a_series_breaks(settings: Settings) -> None:
    """Sexual assault of Czechia in the file: 729 to 1,250 a year until 2020, then 82 and 90 by another definition."""
    wanted = evaluate_policy(SeriesQuery("03012", "CZ"), "2016", settings=settings).series.query
    years = list(range(2016, 2023))
    found = areas_like(replace(wanted, area="SK"), years, settings)
    counts = found.counts[found.areas.index("CZ")]
    assert np.isfinite(counts).tolist() == [True] * 5 + [False] * 2
    assert (counts[:5] >= 729).all()
    after = areas_like(replace(wanted, area="SK"), years[5:], settings)
    assert after.counts[after.areas.index("CZ")].tolist() == [82, 90]


def test_a_linear_model_of_the_rates_is_that_of_least_squares_on_the_file(
    settings: Settings, monthly: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    """OLS of statsmodels with HAC errors on victims over CONAPO's total (the pipeline adds the sexes) and days."""
    asked = ["evaluate", "0101", "--area", "MX-JAL", "--date", "2019-03", "--family", "gaussian", "--json"]
    main([*asked, "--data", str(settings.data)])
    document = json.loads(capsys.readouterr().out)
    people = pd.read_csv(next((INPUT / "mx_conapo_population").glob("state-population*")))
    people = people[people["AgeGroup"].ne("Total")].groupby(["StateCode", "Year"])["Total"].sum()
    periods = pd.period_range("2015-01", "2024-12", freq="M")
    share = periods.days_in_month.to_numpy() / 365.25

    def rates(state: int) -> np.ndarray:
        return np.asarray(1e5 * monthly[state].to_numpy() / (people[state][periods.year].to_numpy() * share))

    t, after = np.arange(120), np.arange(120) >= 50
    x = np.column_stack([np.ones(120), t, after, (t - 50) * after])
    lags = int(document["linear"]["errors"].split()[1])
    model = sm.OLS(rates(14), x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    level = document["linear"]["effects"]["level"]
    assert (level["value"], level["error"]) == (
        pytest.approx(model.params[2], rel=1e-4),
        pytest.approx(model.bse[2], rel=1e-4),
    )

    main([*asked, "--control", "MX-NLE", "MX-GUA", "MX-CMX", "--data", str(settings.data)])
    panel = json.loads(capsys.readouterr().out)["linear"]["panel"]
    change = [rates(state)[50:].mean() - rates(state)[:50].mean() for state in (14, 19, 11, 9)]
    assert panel["value"] == pytest.approx(change[0] - np.mean(change[1:]), rel=1e-4)
    assert (panel["assignments"], panel["smallest_p"]) == (4, 0.25)
    gaps = [abs(one - (sum(change) - one) / 3) for one in change]
    assert panel["p"] == np.mean([gap >= gaps[0] for gap in gaps])


def test_earlier_years_have_a_direction_of_their_own(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Sexual assault of Czechia until 2020, before another definition: the slope of a Poisson GLM on the file."""
    raw = pd.read_csv(INPUT / "eu_crim_off_cat" / "estat_crim_off_cat.tsv.gz", sep="\t", dtype=str)
    row = raw[raw.iloc[:, 0].str.contains("ICCS03012,NR,CZ")].iloc[0, 1:]
    counts = {int(year): float(str(text).split()[0]) for year, text in row.items() if 2008 <= int(year) <= 2020}
    main(["trend", "03012", "--area", "CZ", "--earlier", "--json", "--data", str(settings.data)])
    document = json.loads(capsys.readouterr().out)
    (found,) = document["earlier"]
    assert (found["first_year"], found["last_year"], found["n"]) == (2008, 2020, 13)
    assert found["break_handling"] == "before the break in 2021; used 2008-2020"
    people = {int(one["time_period"]): one["population"] for one in document["series"]}
    years = np.array(sorted(counts))
    offset = np.log([people[year] for year in years])
    model = sm.GLM(
        [counts[year] for year in years], sm.add_constant(years - 2014), sm.families.Poisson(), offset=offset
    ).fit()
    assert found["apc"] == pytest.approx(100 * np.expm1(model.params[1]), rel=1e-5)
    main(["trend", "0101", "--area", "MX", "--earlier", "--data", str(settings.data)])
    assert "no years before a break" in capsys.readouterr().out


def _words(path: Path) -> str:
    """All text of an SVG whose letters are kept as text."""
    return " ".join(text.strip() for text in ElementTree.parse(path).getroot().itertext())  # noqa: S314 (our own)


def test_every_picture_says_what_it_shows_its_source_and_release(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    mexico, argentina, countries = SeriesQuery("0101", "MX"), SeriesQuery("0101", "AR"), SeriesQuery("0101")
    europe = read_rates_of_areas(countries, ["IT", "ES", "FR", "LI"], settings)
    # The stage and counting unit of each series are those that its source.yml declares: victims, recorded.
    drawn = {
        "Homicidio intencional: México, hombres (víctima, registrado": plot_trend(
            SeriesQuery("0101", "MX", sex="M"), language="es", settings=settings
        ),
        "Homicide intentionnel : Mexique (victime, enregistré": plot_trend(mexico, "area", "fr", settings),
        "Intentional homicide (": plot_areas(countries, europe, settings=settings),
        "2015 and 2024": plot_slopes(mexico, 2015, 2024, settings=settings),
        # In the file 13.2 and 11.0 in Santa Fe; with whole numbers few of these provinces would differ.
        "Santa Fe 13,2": plot_slopes(argentina, 2014, 2023, "fr", settings),
        "18 years and over": plot_pyramid(mexico, 2024, settings=settings),
    }
    for text, figure in drawn.items():
        save_picture(figure, path)
        words = _words(path)
        assert text in words
        assert "elease" in words or "ersi" in words
        if "Secretariado" in words:  # its source.yml declares caveats for every year
            assert any(name in words for name in ("Caveats", "Réserves", "Salvedades"))
        assert "Secretariado" in words or "Eurostat" in words or "ar_snic" in words


def test_small_multiples_say_the_last_rate_of_each_panel(settings: Settings, out: duckdb.DuckDBPyConnection) -> None:
    """The file has 1 victim in Río Negro in 2023 after 152: a year not reported, so that its number is that of 2022."""
    asked = SeriesQuery("0301", "AR")
    areas = ["AR-M", "AR-R"]
    _, panels = plot_areas(asked, read_rates_of_areas(asked, areas, settings), "fr", settings)
    said = {axes.get_title("left"): axes.get_title("right") for axes in panels}
    rates = dict(
        out.execute(
            "SELECT ref_area || time_period, rate_per_100k FROM out.rate WHERE source = 'ar_snic' AND iccs = '0301' "
            "AND ref_area IN ('AR-M', 'AR-R') AND sex = '_T' AND age = '_T' AND counting_unit = 'victim'"
        ).fetchall()
    )
    assert said == {
        "Mendoza": f"{rates['AR-M2023']:.1f}".replace(".", ","),
        "Río Negro": f"{rates['AR-R2022']:.1f} (2022)".replace(".", ","),
    }


def test_a_picture_that_cannot_be_drawn_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    with pytest.raises(UsageError, match="no rate of 0401 in MX"):
        plot_trend(SeriesQuery("0401", "MX"), settings=settings)
    with pytest.raises(UsageError, match="no area below IT"):
        plot_trend(SeriesQuery("0101", "IT"), "area", settings=settings)
    with pytest.raises(UsageError, match="by age and sex"):
        plot_pyramid(SeriesQuery("0101", "AR"), 2020, settings=settings)
    with pytest.raises(UsageError, match="fewer than two"):
        plot_slopes(SeriesQuery("0101", "MX"), 1990, 2024, settings=settings)
    with pytest.raises(UsageError, match=r"end in \.png"):
        save_picture(plot_trend(SeriesQuery("0101", "MX"), settings=settings), path.with_suffix(".gif"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["quality"], ["query", "SELECT 1"], ["codes", "0101"], ["quality", "--json"]])
def test_a_reader_that_closes_the_pipe_ends_the_command_in_order(settings: Settings, arguments: list[str]) -> None:
    where = [] if "codes" in arguments else ["--data", str(settings.data)]
    running = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *arguments, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait(60) == 0


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "0101 Intentional homicide: Spain;"),
        ("fr", "0101 Homicide intentionnel : Espagne ;"),
        ("es", "0101 Homicidio intencional: España;"),
    ],
)
def test_titles_and_names_are_in_the_language_that_was_asked_for(
    settings: Settings, capsys: pytest.CaptureFixture[str], language: str, line: str
) -> None:
    # English and Spanish titles are those of the UN's editions of the ICCS, names those of ISO 3166.
    assert main(["trend", "0101", "--area", "ES", "--lang", language, "--data", str(settings.data)]) == 0
    assert capsys.readouterr().out.startswith(line)


@pytest.mark.parametrize(("area", "sex"), [("MX", "F"), ("MX", "M"), ("MX", "_T"), ("AR", "_T")])
def test_a_picture_has_the_segments_that_the_release_and_the_text_have(settings: Settings, area: str, sex: str) -> None:
    """Years that are not compared, as with months that are not reported, are in the segments of none of them."""
    figure, _ = plot_trend(SeriesQuery("0101", area, sex=sex, counting_unit="victim"), settings=settings)
    texts = [text.get_text().removesuffix(" (ns)") for text in figure.axes[0].texts]
    drawn = [text for text in texts if text.endswith(" %")]
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT apc FROM out.trend_segment WHERE indicator = 'homicide_rate' AND ref_area = $area AND sex = $sex "
            "AND counting_unit = 'victim' ORDER BY first_year",
            {"area": area, "sex": sex},
        ).fetchall()
    assert drawn == [f"{apc:+.1f} %" for (apc,) in rows]
    assert drawn


def test_joinpoints_have_limits_by_resampling(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """At the joinpoint that the release has, of the same years; series of one line have none."""
    assert main(["trend", "0101", "--area", "MX", "--json", "--data", str(settings.data)]) == 0
    document = json.loads(capsys.readouterr().out)
    (limits,) = document["segment_limits"]
    first, last = document["segments"]
    assert (first["first_year"], first["last_year"], last["last_year"]) == (2017, 2019, 2024)
    (turn,) = limits["joinpoints"]
    assert turn["year"] == first["last_year"] and turn["low"] <= turn["year"] <= turn["high"]
    for part, own in zip(document["segments"], limits["segments"], strict=True):
        assert own["apc_low"] < part["apc"] < own["apc_high"]
    assert limits["aapc_low"] < first["aapc"] < limits["aapc_high"]
    assert main(["trend", "0101", "--area", "ES", "--json", "--data", str(settings.data)]) == 0
    assert json.loads(capsys.readouterr().out)["segment_limits"] == []
