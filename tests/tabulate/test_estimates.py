"""Estimates and ratios: published as given, with their errors. Expected values are computed by hand from the file."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from schemas.errors import UsageError
from schemas.source import find_sources, list_sources

Z = 1.959964  # 97.5 % point of the normal distribution
HEAD = "area,offence,year,n,error,grade\n"
DECLARED = """\
layouts:
  - files: ['*.csv']
    read: {{columns: [area, offence, year, n, error, grade]}}
area_scheme: code
columns: {{ref_area: area, national_code: offence, time_period: year, value: n, precision: grade{columns}}}
measures:
  persons: {{stage: experienced, counting_unit: victim, figures: {figures}, universe: persons{measure}}}
{more}"""
GRADES = "precision,,good,\nprecision,*,use_with_caution,\nprecision,**,unreliable,\nvalue,np,Q,\n"


def declare(
    tiny: Tiny, columns: str, measure: str = "", more: str = "", figures: str = "estimate", **parts: Any
) -> None:
    text = DECLARED.format(columns=columns, measure=measure, more=more, figures=figures)
    tiny.declare(text, **{"values": GRADES, **parts})


def load(tiny: Tiny, rows: str) -> RunResult:
    tiny.give("t.csv", HEAD + rows)
    return run_all(
        find_sources([tiny.name], tiny.sources), Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    )


def ask(tiny: Tiny, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


def refusal(tiny: Tiny, rows: str) -> dict[str, Any]:
    (refused,) = load(tiny, rows).refused
    return dict(refused.problems[0])


@pytest.mark.parametrize(
    ("columns", "measure", "given", "error", "said"),
    [
        (", standard_error: error", "", "25", 25_000, "standard_error"),
        (", half_width: error", ", confidence_percent: 95", "49", 49_000 / Z, "half_width"),
        (", half_width: error", ", confidence_percent: 90", "± 49", 49_000 / 1.644854, "half_width"),
        (", cv_percent: error", "", "6.5", 0.065 * 386_000, "cv"),
        (", cv_share: error", "", "0.065", 0.065 * 386_000, "cv"),
    ],
)
def test_error_in_each_form(tiny: Tiny, columns: str, measure: str, given: str, error: float, said: str) -> None:
    """In thousands: ``multiply`` is for the error too, but not for a coefficient of variation."""
    declare(tiny, columns, measure, "multiply: 1000\n")

    assert not load(tiny, f"AU,HOM,2021,386,{given},\n").refused

    ((value, found, low, high, form),) = ask(
        tiny, "SELECT estimate, standard_error, lower_limit, upper_limit, error_given_as FROM out.estimate"
    )
    assert (value, form) == (386_000, said)
    assert found == pytest.approx(error, rel=1e-6)
    reach = 49_000 if said == "half_width" else Z * error  # the half-width is shown as given, at its own level
    assert (low, high) == (pytest.approx(386_000 - reach), pytest.approx(386_000 + reach))


def test_limits_as_given_have_a_standard_error_only_where_the_estimate_is_in_their_middle(tiny: Tiny) -> None:
    declare(tiny, ", ci_low: error, ci_high: grade", ", confidence_percent: 95", values="")
    text = (tiny.sources / tiny.name / "source.yml").read_text().replace("precision: grade, ", "")
    (tiny.sources / tiny.name / "source.yml").write_text(text)

    assert not load(tiny, "AU,HOM,2021,100,90,110\nAU,HOM,2020,100,95,140\n").refused

    rows = ask(tiny, "SELECT standard_error, lower_limit, upper_limit FROM out.estimate ORDER BY time_period")
    assert rows == [(None, 95, 140), (pytest.approx(10 / Z, rel=1e-6), 90, 110)]


def test_what_the_source_withholds_or_suppresses_has_no_value_and_says_why(tiny: Tiny) -> None:
    declare(tiny, ", standard_error: error")

    assert not load(tiny, "AU,HOM,2019,9,8,**\nAU,HOM,2020,np,np,\nAU,HOM,2021,40,9,*\nAU,HOM,2022,50,,\n").refused

    assert ask(
        tiny,
        "SELECT estimate, standard_error, obs_status, missing_reason, caveats FROM out.estimate ORDER BY time_period",
    ) == [
        (None, None, "O", "too_unreliable", None),
        (None, None, "Q", "suppressed", None),
        (40, 9, "U", None, None),
        (50, None, "A", None, "sampling_error_not_given"),
    ]
    assert ask(tiny, "SELECT outcome, checked, failing FROM out.quality WHERE rule = 'error_given'") == [
        ("warned", 2, 1)
    ]


def test_estimates_are_never_added_divided_or_tested_as_counts(tiny: Tiny) -> None:
    """Two states and a category below another one: no country, no category above, no rate, no trend of counts."""
    declare(tiny, ", standard_error: error")
    rows = "".join(
        f"{area},HOM,{year},{n},3,\n" for area, n in (("AU-NSW", 40), ("AU-VIC", 30)) for year in range(2010, 2022)
    )

    assert not load(tiny, rows).refused

    assert ask(tiny, "SELECT DISTINCT ref_area, iccs FROM out.estimate ORDER BY ALL") == [
        ("AU-NSW", "0101"),
        ("AU-VIC", "0101"),
    ]
    for table in ("observation", "rate", "trend", "change", "indicator", "coverage"):
        assert ask(tiny, f"SELECT count(*) FROM out.{table}") == [(0,)], table
    assert ask(tiny, "SELECT kind, observations FROM out.source") == [("estimate", 24)]
    assert ask(tiny, "SELECT closes, cells_used FROM out.reconciliation") == [(True, 24)]


def test_change_of_an_estimate_has_the_error_of_both(tiny: Tiny) -> None:
    declare(tiny, ", standard_error: error")
    load(tiny, "AU,HOM,2020,300,30,\nAU,HOM,2021,390,40,\nAU,HOM,2022,520,40,\nAU,HOM,2023,500,,\n")

    def change(first: int, last: int) -> tuple[Any, ...]:
        (row,) = ask(
            tiny,
            f"SELECT change, standard_error, lower_limit, direction FROM out.estimate_change_between({first}, {last})",
        )
        return row

    assert change(2020, 2021) == (90, 50, pytest.approx(90 - Z * 50, abs=1e-3), "no significant change")
    assert change(2020, 2022) == (220, 50, pytest.approx(220 - Z * 50, abs=1e-3), "increase")
    assert change(2022, 2023) == (-20, None, None, "not tested")


def test_line_through_estimates_is_weighted_by_their_errors(tiny: Tiny) -> None:
    """Against the closed formulas of generalized least squares, computed here point by point."""
    points = [(2018, 100.0, 5.0), (2019, 112.0, 10.0), (2020, 118.0, 5.0), (2022, 160.0, 20.0)]
    declare(tiny, ", standard_error: error")
    load(tiny, "".join(f"AU,HOM,{x},{y},{e},\n" for x, y, e in points))

    weights = [1 / e**2 for *_, e in points]
    centre = sum(w * x for w, (x, *_) in zip(weights, points, strict=True)) / sum(weights)
    middle = sum(w * y for w, (_, y, _) in zip(weights, points, strict=True)) / sum(weights)
    sxx = sum(w * (x - centre) ** 2 for w, (x, *_) in zip(weights, points, strict=True))
    slope = sum(w * (x - centre) * (y - middle) for w, (x, y, _) in zip(weights, points, strict=True)) / sxx
    left = sum(w * (y - middle - slope * (x - centre)) ** 2 for w, (x, y, _) in zip(weights, points, strict=True))
    ((found, error, low, n),) = ask(
        tiny, "SELECT slope_per_year, standard_error, lower_limit, n FROM out.estimate_trend"
    )
    assert (found, n) == (pytest.approx(slope), 4)
    assert error == pytest.approx(sqrt(max(left / 2, 1) / sxx))
    assert low == pytest.approx(slope - 4.302653 * error, rel=1e-5)  # Student's t, 2 degrees


STATES = "".join(f"AU-{state},HOM,{year},40,3,\n" for state in ("NSW", "VIC", "QLD") for year in range(2010, 2020))


def test_a_load_that_lost_most_of_the_last_one_is_refused_unless_it_is_meant(tiny: Tiny) -> None:
    """Thirty figures, then nine: of 30 figures 21 are gone, of 10 years 7."""
    declare(tiny, ", standard_error: error")
    assert not load(tiny, STATES).refused
    few = "".join(line + "\n" for line in STATES.splitlines() if line.split(",")[2] >= "2017")

    (refused,) = load(tiny, few).refused
    assert {problem["rule"] for problem in refused.problems} == {"years_lost"}
    assert ask(tiny, "SELECT count(*) FROM out.estimate") == [(30,)]

    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources, accepted_loss="a shorter series")
    assert not run_all(find_sources([tiny.name], tiny.sources), session).refused
    assert ask(tiny, "SELECT count(*) FROM out.estimate") == [(9,)]


def _judged(tiny: Tiny) -> dict[str, tuple[str, str]]:
    rows = ask(tiny, "SELECT rule, outcome, detail FROM out.quality WHERE rule LIKE 'estimates_%'")
    return {rule: (outcome, detail) for rule, outcome, detail in rows}


def test_an_estimate_that_another_edition_changes_is_named(tiny: Tiny) -> None:
    """40 with a standard error of 3 became 42, which is within it, and 44, which is not."""
    declare(tiny, ", standard_error: error")
    load(tiny, STATES)
    assert {outcome for outcome, _ in _judged(tiny).values()} == {"not applicable"}

    changed = STATES.replace("AU-VIC,HOM,2015,40", "AU-VIC,HOM,2015,42").replace(
        "AU-QLD,HOM,2016,40", "AU-QLD,HOM,2016,44"
    )
    assert not load(tiny, changed).refused

    found = _judged(tiny)
    assert found["estimates_fallen"][0] == "passed"
    assert found["estimates_changed"][0] == "warned"
    assert "AU-QLD" in found["estimates_changed"][1] and "40 before, 44 now" in found["estimates_changed"][1]
    assert "AU-VIC" not in found["estimates_changed"][1]


def test_an_edition_whose_estimates_are_lower_by_a_quarter_is_refused(tiny: Tiny) -> None:
    """As if one of four quarters were missing from the records: 40 became 30."""
    declare(tiny, ", standard_error: error")
    load(tiny, STATES)

    (refused,) = load(tiny, STATES.replace(",40,", ",30,")).refused

    assert {problem["rule"] for problem in refused.problems} == {"estimates_fallen"}
    assert "40 before, 30 now" in refused.message


def test_an_edition_whose_estimates_are_twice_as_high_is_refused(tiny: Tiny) -> None:
    """As if every record were in the file twice."""
    declare(tiny, ", standard_error: error")
    load(tiny, STATES)

    (refused,) = load(tiny, STATES.replace(",40,", ",80,")).refused

    assert {problem["rule"] for problem in refused.problems} == {"estimates_risen"}
    assert "40 before, 80 now" in refused.message


def test_a_corrected_estimate_is_a_new_vintage_and_no_revision_of_observations(tiny: Tiny) -> None:
    declare(tiny, ", standard_error: error")
    load(tiny, STATES)
    load(tiny, STATES.replace("AU-NSW,HOM,2010,40", "AU-NSW,HOM,2010,44"))

    assert ask(tiny, "SELECT estimate FROM out.estimate WHERE ref_area = 'AU-NSW' AND time_period = '2010'") == [(44,)]
    assert ask(tiny, "SELECT count(*) FROM out.vintage") == [(2,)]
    assert ask(tiny, "SELECT count(*) FROM out.revision") == [(0,)]
    assert ask(tiny, "SELECT count(*) FROM out.observation_asof(now()::TIMESTAMP)") == [(0,)]


def test_a_vintage_stored_as_counts_stays_counts_until_its_files_are_loaded_as_estimates(tiny: Tiny) -> None:
    declare(tiny, ", standard_error: error")
    path = tiny.sources / tiny.name / "source.yml"
    estimates = path.read_text()
    beside = ", precision: grade, standard_error: error"
    as_counts = estimates.replace(beside, "").replace(", figures: estimate, universe: persons", "")
    path.write_text(as_counts.replace("stage: experienced", "stage: recorded"))
    assert not load(tiny, STATES).refused
    path.write_text(estimates)
    for file in tiny.given.iterdir():
        file.unlink()
    run_all(
        list(list_sources(tiny.sources).values()),
        Session(tiny.settings, tiny.given, source_folders=tiny.sources),
        named=False,
    )

    counts = "SELECT count(*) FROM out.observation WHERE ref_area LIKE 'AU-%' AND iccs = '0101'"
    assert (ask(tiny, counts), ask(tiny, "SELECT count(*) FROM out.estimate")) == ([(30,)], [(0,)])
    assert ask(tiny, "SELECT kind FROM out.source") == [("count",)]

    assert not load(tiny, STATES).refused
    assert (ask(tiny, counts), ask(tiny, "SELECT count(estimate) FROM out.estimate")) == ([(0,)], [(30,)])


@pytest.mark.parametrize(
    ("columns", "measure", "row", "rule", "column"),
    [
        (", standard_error: error", "", "386,-3,", "error_not_a_number", "error"),
        (", standard_error: error", "", "386,about 3,", "error_not_a_number", "error"),
        (", cv_share: error", "", "386,6.5,", "cv_scale", "error"),
        (", cv_percent: error", "", "386,0.065,", "cv_scale", None),
        ("", ", unit: percent", "101,,", "percent_above_100", "n"),
        (", standard_error: error", "", "many,3,", "count_not_a_number", "n"),
    ],
)
def test_bad_errors_are_refused_with_their_place(
    tiny: Tiny, columns: str, measure: str, row: str, rule: str, column: str | None
) -> None:
    declare(tiny, columns, measure)

    problem = refusal(tiny, f"AU,HOM,2020,50,{'0.05' if 'cv' in columns else '5'},\nAU,HOM,2021,{row}\n")

    assert (problem["rule"], problem.get("column")) == (rule, column)
    if column:
        assert problem["row"] == 3


def test_an_estimate_outside_its_limits_is_refused(tiny: Tiny) -> None:
    declare(tiny, ", ci_low: error, ci_high: grade", ", confidence_percent: 95", values="")
    path = tiny.sources / tiny.name / "source.yml"
    path.write_text(path.read_text().replace("precision: grade, ", ""))

    problem = refusal(tiny, "AU,HOM,2020,50,40,60\nAU,HOM,2021,50,51,60\n")

    assert (problem["rule"], problem["row"], problem["value"]) == ("estimate_outside_limits", 3, "50 / 51")


def test_an_estimate_is_not_split_among_categories(tiny: Tiny) -> None:
    half = {**HOMICIDE, "weight": "0.5", "relation": "partial"}
    declare(tiny, ", standard_error: error", links=[half, {**half, "iccs_code": "0102"}])

    assert refusal(tiny, "AU,HOM,2020,50,5,\n")["rule"] == "split_estimate"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace(", universe: persons", ""), "universe: is missing"),
        (lambda text: text.replace("figures: estimate", "figures: ratio"), "a ratio is not a number"),
        (lambda text: text.replace("figures: estimate, universe: persons", "figures: count"), "what people say"),
        (lambda text: text.replace("standard_error: error", "half_width: error"), "confidence_percent: is missing"),
        (lambda text: text.replace("standard_error: error", "ci_low: error"), "name both limits"),
        (lambda text: text + "breakdowns: [{by: []}]\n", "nothing is computed from estimates"),
        (lambda text: text + "rows: parts\n", "estimates are not added up"),
        (
            lambda text: text.replace("stage: experienced", "stage: recorded").replace(
                "figures: estimate", "figures: count"
            ),
            "only for figures: estimate or ratio",
        ),
        (
            lambda text: text.replace("universe: persons}", "universe: persons, unit: percent}\nmultiply: 1000"),
            "multiply: is for",
        ),
        (
            lambda text: text.replace("figures: estimate, universe: persons", "figures: count, stage: held"),
            "key 'stage' occurs",
        ),
    ],
)
def test_declarations_that_cannot_be_honoured_are_refused(tiny: Tiny, change: Callable[[str], str], said: str) -> None:
    declare(tiny, ", standard_error: error")
    path = tiny.sources / tiny.name / "source.yml"
    path.write_text(change(path.read_text()))

    with pytest.raises(UsageError, match=said):
        _ = tiny.source.source


def test_persons_held_are_a_stock_with_rates_and_no_limits(tiny: Tiny) -> None:
    tiny.declare_plain(scheme="code", links=[{**HOMICIDE}])
    path = tiny.sources / tiny.name / "source.yml"
    path.write_text(path.read_text().replace("{counting_unit: victim}", "{stage: held, counting_unit: person}"))

    assert tiny.source.source.stocks == ((tiny.name, "held", "person"),)


MARKED = (
    "SELECT ref_area, sex, estimate FROM out.estimate WHERE contains(caveats, 'parts_differ_from_total') ORDER BY ALL"
)


@pytest.mark.parametrize(
    ("rows", "marked", "checked"),
    [
        ("AU,man,60\nAU,woman,40\nAU,both,100\n", [], 1),
        ("AU,man,60\nAU,woman,45\nAU,both,100\n", [("AU", "_T", 100)], 1),
        ("AU,man,60\nAU,both,100\n", [], 0),  # one sex alone is no sum
        ("AU-NSW,both,60\nAU-VIC,both,40.2\nAU,both,100\n", [], 1),
        ("AU-NSW,both,60\nAU-VIC,both,30\nAU,both,100\n", [("AU", "_T", 100)], 1),
        ("AU-NSW,both,60\nAU-VIC,both,np\nAU,both,100\n", [], 0),  # a part is suppressed
        ("AU-NSW,both,90\nAU-VIC,both,30\nAU-QLD,both,np\nAU,both,100\n", [("AU", "_T", 100)], 1),
    ],
)
def test_parts_that_add_up_are_compared_with_their_whole(
    tiny: Tiny, rows: str, marked: list[tuple[Any, ...]], checked: int
) -> None:
    declare(
        tiny,
        "",
        ", adds: [areas, sexes]",
        values="sex,man,M,\nsex,woman,F,\nsex,both,_T,\nvalue,np,Q,\n",
    )
    path = tiny.sources / tiny.name / "source.yml"
    text = path.read_text().replace("precision: grade", "sex: grade")
    path.write_text(text)

    given = [line.split(",") for line in rows.splitlines()]
    assert not load(tiny, "".join(f"{area},HOM,2021,{n},,{sex}\n" for area, sex, n in given)).refused

    assert ask(tiny, MARKED) == marked
    rule = "SELECT checked, failing FROM out.quality WHERE rule = 'estimate_parts_add'"
    assert ask(tiny, rule) == [(checked, len(marked))]


def test_shares_of_one_whole_are_a_hundred_percent_or_marked(tiny: Tiny) -> None:
    """Reported, not reported, unknown: 2020 adds up to 100, 2021 to 90."""
    codes = [{**HOMICIDE, "national_code": code} for code in ("yes", "no", "unknown")]
    declare(tiny, "", ", unit: percent, adds: codes", links=codes)
    shares = {"2020": (60, 39.9, 0.2), "2021": (50, 40, 0)}
    answers = ("yes", "no", "unknown")
    rows = [
        f"AU,{code},{year},{n},,\n" for year, three in shares.items() for code, n in zip(answers, three, strict=True)
    ]

    assert not load(tiny, "".join(rows)).refused

    marked = "SELECT DISTINCT time_period FROM out.estimate WHERE contains(caveats, 'parts_differ_from_total')"
    assert ask(tiny, marked) == [("2021",)]
    ((detail,),) = ask(tiny, "SELECT detail FROM out.quality WHERE rule = 'estimate_parts_add'")
    assert "persons AU 2021: the codes add up to 90, the total is 100" in detail


@pytest.mark.parametrize("adds", ["[none, areas]", "codes", "[sexes, codes]"])
def test_what_cannot_add_up_is_not_said_to(tiny: Tiny, adds: str) -> None:
    declare(tiny, "", f", adds: {adds}")

    with pytest.raises(UsageError, match="adds"):
        _ = tiny.source.source


@pytest.mark.parametrize(("whole", "outcome"), [("0.3", "warned"), ("3", "passed")])
def test_shares_declared_as_percent_are_named(tiny: Tiny, whole: str, outcome: str) -> None:
    """0.31 in a column of percent is a third of a percent, or 31 percent."""
    declare(tiny, ", standard_error: error", ", unit: percent")
    assert load(tiny, "".join(f"MX,HOM,{year},{whole}{year % 7},0.01,\n" for year in range(2016, 2022))).refused == ()
    assert ask(tiny, "SELECT outcome FROM out.quality WHERE rule = 'percent_as_share'") == [(outcome,)]
