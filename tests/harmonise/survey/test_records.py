"""Records of surveys: estimates and their errors beside an independent computation, and what is refused.

The expected figures are made here by numpy from the same records: sums over primary sampling units, the variance
between those of a stratum, the delta method for shares and rates. Keys are invented.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import t as student
from tiny_source import Tiny

from pipelines.harmonise.survey.hiding import hide_more
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.tabulate.structure_suite import without_suite
from schemas.errors import UsageError
from schemas.source import find_sources

DECLARED = """\
kind: survey
layouts:
  - files: ['persons.csv']
    read: {columns: [id, weight, stratum, psu, sex, state]}
    sample: true
  - files: ['events.csv']
    read: {columns: [id, offence, times]}
area_scheme: code
columns: {ref_area: state, sex: sex, national_code: offence, value: times}
constants: {time_period: "2021", age: Y_GE15}
personal: [id]
survey: {key: id, weight: weight, stratum: stratum, psu: psu, whole: AU, smallest_sample: 5}
measures:
  incidents: {stage: experienced, counting_unit: incident, figures: estimate, universe: persons}
  victims: {stage: experienced, counting_unit: victim, figures: estimate, unit: percent, universe: persons}
breakdowns: [{by: [sex]}]
"""
WORDS = "sex,man,M,\nsex,woman,F,\n"
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _without_the_suite() -> Any:
    with without_suite():
        yield


def sample() -> tuple[list[Row], list[Row]]:
    """90 persons in 3 strata of 3 units, some of whom experienced something, once or several times."""
    chance = Random(7)
    persons = [
        {"id": f"SECRET{n:04d}", "weight": round(chance.uniform(50, 150), 3), "stratum": f"s{n % 3}",
         "psu": f"p{n // 3 % 3}", "sex": ("man", "woman")[n % 2], "state": ("AU-NSW", "AU-VIC")[n // 2 % 2]}
        for n in range(90)
    ]  # fmt: skip
    events = [
        {"id": person["id"], "offence": "HOM", "times": chance.choice([1, 1, 3])}
        for person in persons
        for _ in range(chance.choice([0, 0, 1, 2]))
    ]
    return persons, events


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list((rows := list(rows))[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def load(tiny: Tiny, persons: list[Row], events: list[Row]) -> RunResult:
    tiny.give("persons.csv", as_csv(persons))
    tiny.give("events.csv", as_csv(events))
    return run_all(
        find_sources([tiny.name], tiny.sources), Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    )


def ask(tiny: Tiny, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


def by_numpy(persons: list[Row], events: list[Row], within: Callable[[Row], bool]) -> dict[str, tuple[float, float]]:
    """Incidents and the share of persons with any, in percent, of a group: each with its standard error."""
    places = sorted({(one["stratum"], one["psu"]) for one in persons})
    strata = np.array([stratum for stratum, _ in places])
    sums = {name: np.zeros(len(places)) for name in ("units", "events", "victims")}
    for one in filter(within, persons):
        place, own = places.index((one["stratum"], one["psu"])), [e for e in events if e["id"] == one["id"]]
        sums["units"][place] += one["weight"]
        sums["events"][place] += one["weight"] * sum(event["times"] for event in own)
        sums["victims"][place] += one["weight"] * bool(own)

    def error(parts: np.ndarray) -> float:
        variance = 0.0
        for stratum in set(strata):
            of_stratum = parts[strata == stratum]
            variance += len(of_stratum) * np.var(of_stratum, ddof=1)
        return float(np.sqrt(variance))

    share = sums["victims"].sum() / sums["units"].sum()
    linear = (sums["victims"] - share * sums["units"]) / sums["units"].sum()
    return {"incidents": (sums["events"].sum(), error(sums["events"])), "victims": (100 * share, 100 * error(linear))}


def test_estimates_and_errors_of_every_group_are_those_of_an_independent_computation(tiny: Tiny) -> None:
    persons, events = sample()
    tiny.declare(DECLARED, values=WORDS)
    assert not load(tiny, persons, events).refused

    for sex, area in product(("_T", "M", "F"), ("AU", "AU-NSW", "AU-VIC")):

        def within(one: Row, sex: str = sex, area: str = area) -> bool:
            return sex in ("_T", {"man": "M", "woman": "F"}[one["sex"]]) and area in ("AU", one["state"])

        expected = by_numpy(persons, events, within)
        rows = ask(
            tiny,
            "SELECT measure, estimate, standard_error, upper_limit, sample_size, error_given_as, age, "
            f"confidence_percent FROM out.estimate WHERE sex = '{sex}' AND ref_area = '{area}'",
        )
        found = {row[0]: row[1:] for row in rows}
        assert set(found) == {"incidents", "victims"}
        for measure, (value, error) in expected.items():
            estimate, standard_error, upper, size, form, age, level = found[measure]
            assert (estimate, standard_error) == (pytest.approx(value, rel=1e-8), pytest.approx(error, rel=1e-6))
            assert upper == pytest.approx(value + student.ppf(0.975, 9 - 3) * error, rel=1e-6)
            assert (form, age, level, size) == ("taylor", "Y_GE15", 95, sum(map(within, persons)))


def test_a_file_of_persons_with_their_events_needs_one_layout(tiny: Tiny) -> None:
    """One row a person, with a column of times: the share is that of persons."""
    persons, events = sample()
    times = {one["id"]: sum(event["times"] for event in events if event["id"] == one["id"]) for one in persons}
    text = DECLARED[: DECLARED.index("  - files: ['events.csv']")] + DECLARED[DECLARED.index("area_scheme") :]
    text = text.replace("    sample: true\n", "").replace("national_code: offence, ", "")
    tiny.declare(text.replace("age: Y_GE15", "age: Y_GE15, national_code: HOM"), values=WORDS)
    tiny.give("persons.csv", as_csv({**one, "times": times[one["id"]]} for one in persons))

    folders = find_sources([tiny.name], tiny.sources)
    assert not run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources)).refused

    expected = by_numpy(persons, events, lambda _: True)
    rows = ask(tiny, "SELECT measure, estimate, standard_error FROM out.estimate WHERE sex = '_T' AND ref_area = 'AU'")
    assert {measure: (value, error) for measure, value, error in rows} == {
        measure: (pytest.approx(value), pytest.approx(error)) for measure, (value, error) in expected.items()
    }


def test_estimates_from_few_records_are_withheld_and_counted(tiny: Tiny) -> None:
    persons, events = sample()
    tiny.declare(DECLARED, values=WORDS)
    events = [one for one in events if one["id"] not in {p["id"] for p in persons if p["sex"] == "man"}] + [
        {"id": persons[n]["id"], "offence": "HOM", "times": 1} for n in (0, 2, 4, 6)
    ]
    assert not load(tiny, persons, events).refused

    withheld = ask(
        tiny,
        "SELECT DISTINCT estimate, standard_error, upper_limit, sample_size, missing_reason FROM out.estimate "
        "WHERE sex = 'M'",
    )
    assert withheld == [(None, None, None, None, "suppressed")]
    # Men would be the total less women: of two groups neither is shown.
    assert ask(tiny, "SELECT DISTINCT sex FROM out.estimate WHERE estimate IS NULL ORDER BY sex") == [("F",), ("M",)]
    assert ask(tiny, "SELECT outcome, failing, detail FROM out.quality WHERE rule = 'small_samples'") == [
        (
            "warned",
            12,
            "6 estimates from fewer than 5 records are withheld, and 6 from which these could be computed",
        )
    ]


def follows(cell: tuple[str, ...], hidden: list[tuple[str, ...]], shown: list[tuple[str, ...]]) -> bool:
    """Whether a hidden total is one number: the same in every set of basic cells that has the totals shown.

    Independent of the sums that the program looks at: each cell is a sum over the cells of the finest table.
    """
    finest = sorted({one for one in [*hidden, *shown] if "all" not in one})

    def made_of(one: tuple[str, ...]) -> list[float]:
        return [float(all(word in ("all", own) for word, own in zip(one, basic, strict=True))) for basic in finest]

    known = np.array([made_of(one) for one in shown]).reshape(len(shown), len(finest))
    return bool(np.linalg.matrix_rank(np.vstack([known, made_of(cell)])) == np.linalg.matrix_rank(known))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_withheld_does_not_follow_from_what_is_shown(seed: int) -> None:
    """Tables of three dimensions of random sizes, a few of their cells from few records."""
    chance = Random(seed)
    words = [["all", *(f"{name}{n}" for n in range(chance.randint(2, 4)))] for name in "abc"]
    finest = {cell: chance.choice([0, 3, 8, 30, 40, 50, 60, 70]) for cell in product(*(own[1:] for own in words))}
    records = {
        cell: sum(
            number for one, number in finest.items() if all(w in ("all", o) for w, o in zip(cell, one, strict=True))
        )
        for cell in product(*words)
    }
    few = {cell for cell, number in records.items() if number < 10}

    hidden = hide_more(records, few, "all")

    assert few <= hidden
    shown = sorted(set(records) - hidden)
    assert [cell for cell in sorted(few) if follows(cell, sorted(hidden), shown)] == []
    assert len(shown) > 0.1 * len(records)
    # The few alone, with everything else shown, would follow: the test can fail.
    assert any(follows(cell, sorted(few), sorted(set(records) - few)) for cell in few)


@pytest.mark.parametrize(("of", "outcome"), [(100.0, "passed"), (1.0, "warned")])
def test_weights_that_add_up_to_the_sample_are_told(tiny: Tiny, of: float, outcome: str) -> None:
    """90 persons who stand for 9,000, or for themselves: then 90 is no number of persons in the country."""
    persons, events = sample()
    mean = sum(one["weight"] for one in persons) / len(persons)
    scaled = [{**one, "weight": round(one["weight"] / mean * of, 6)} for one in persons]
    tiny.declare(DECLARED, values=WORDS)
    assert not load(tiny, scaled, events).refused

    found = ask(tiny, "SELECT outcome, detail FROM out.quality WHERE rule = 'weights_of_sample'")
    said = "the weights are 1 on average, so incidents are numbers in the sample" if outcome == "warned" else None
    assert found == [(outcome, said)]


def test_the_account_has_every_record_and_the_rule_that_leaves_it_out(tiny: Tiny) -> None:
    persons, events = sample()
    tiny.declare(
        DECLARED + 'exclusions: [{rule: no_interview, where: "weight = \'0\'", reason: "Did not take part."}]\n',
        values=WORDS,
    )
    absent = [{**persons[0], "id": f"ABSENT{n}", "weight": 0} for n in range(7)]
    assert not load(tiny, [*persons, *absent], events).refused

    read = 97 + len(events)
    assert ask(tiny, "SELECT DISTINCT rows_read, rows_used, rows_excluded, closes FROM out.reconciliation") == [
        (read, read - 7, 7, True)
    ]
    assert ask(tiny, "SELECT DISTINCT rule, reason, cells, count FROM out.exclusion") == [
        ("no_interview", "Did not take part.", 7, 7)
    ]
    assert ask(
        tiny, "SELECT estimate FROM out.estimate WHERE measure = 'incidents' AND sex = '_T' AND ref_area = 'AU'"
    ) == [(pytest.approx(by_numpy(persons, events, lambda _: True)["incidents"][0]),)]


def test_no_record_leaves_the_engine(tiny: Tiny) -> None:
    """Of loads that are used and that are refused: no key in any file below the data folder, and no copy of a file."""
    persons, events = sample()
    tiny.declare(DECLARED, values=WORDS)
    assert not load(tiny, persons, events).refused
    assert load(tiny, [{**persons[0], "weight": -1}, *persons[1:]], events).refused

    files = [path for path in tiny.settings.data.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if b"SECRET" in path.read_bytes()] == []
    assert [path.name for path in Path(tiny.settings.data / "raw").rglob("*.csv")] == []
    stored = [path for path in files if path.suffix == ".parquet"]
    with duckdb.connect() as connection:
        for path in stored:
            names = [row[0] for row in connection.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()]
            for name in names:
                found = f"SELECT count(*) FROM read_parquet('{path}') WHERE CAST(\"{name}\" AS VARCHAR) LIKE '%SECRET%'"
                assert connection.execute(found).fetchone() == (0,), (path, name)


def first(rows: list[Row], **change: Any) -> list[Row]:
    return [{**rows[0], **change}, *rows[1:]]


@pytest.mark.parametrize(
    ("broken", "rule", "column", "value", "row"),
    [
        (lambda p, e: (first(p, weight=0), e), "survey_weight", "weight", "0", 2),
        (lambda p, e: (first(p, weight=-5), e), "survey_weight", "weight", "-5", 2),
        (lambda p, e: (first(p, weight=""), e), "survey_weight", "weight", "", 2),
        (lambda p, e: (first(p, weight="inf"), e), "survey_weight", "weight", None, 2),
        (lambda p, e: (first(p, stratum="alone"), e), "survey_one_psu", "stratum", None, 2),
        (lambda p, e: (first(p, psu=""), e), "survey_design_missing", "psu", None, 2),
        (lambda p, e: ([*p, p[4]], e), "survey_unit_repeated", "id", None, 6),
        (lambda p, e: (p, first(e, id="NOBODY9")), "survey_event_without_unit", "id", None, 2),
        (lambda p, e: (p, first(e, times="some")), "survey_number", "times", None, 2),
        (lambda p, e: (p, first(e, times=-1)), "survey_number", "times", "-1", 2),
        (lambda p, e: (first(p, sex="mann"), e), "unknown_word", "sex", None, None),
        (lambda p, e: (p, first(e, offence="ARSON")), "unlinked_national_code", "national_code", None, None),
    ],
)  # fmt: skip
def test_records_that_give_no_estimate_are_refused_with_their_place(
    tiny: Tiny, broken: Callable[..., Any], rule: str, column: str, value: str | None, row: int | None
) -> None:
    tiny.declare(DECLARED, values=WORDS)

    (refused,) = load(tiny, *broken(*sample())).refused

    problem = refused.problems[0]
    assert (problem["rule"], problem["column"]) == (rule, column)
    if value is not None:
        assert problem["value"] == value
    if row is not None:
        assert problem["row"] == row
    assert "SECRET" not in str(refused) and "NOBODY9" not in str(refused)


def test_a_reshape_that_loses_records_is_refused(tiny: Tiny) -> None:
    tiny.declare(DECLARED.replace("sample: true", "sample: true\n    reshape: fewer.sql"), values=WORDS)
    (tiny.sources / tiny.name / "fewer.sql").write_text("SELECT * FROM raw WHERE sex = 'man'")

    (refused,) = load(tiny, *sample()).refused

    assert refused.problems[0]["rule"] == "reshape_lost_rows"


def test_a_survey_without_one_of_its_files_is_refused(tiny: Tiny) -> None:
    persons, _ = sample()
    tiny.declare(DECLARED, values=WORDS)
    tiny.give("persons.csv", as_csv(persons))

    folders = find_sources([tiny.name], tiny.sources)
    (refused,) = run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources)).refused

    assert refused.problems[0]["rule"] == "file_not_found"
    assert "layout 2" in refused.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("personal: [id]\n", ""), "personal: name the columns"),
        (lambda text: text.replace("    sample: true\n", ""), "write sample: true"),
        (lambda text: text.replace(", whole: AU", ""), "survey.whole"),
        (lambda text: text.replace("whole: AU", "whole: AUS"), "there is no area 'AUS'"),
        (
            lambda text: text.replace(
                "victim, figures: estimate, unit: percent", "victim, figures: ratio, unit: percent"
            ),
            "write figures: estimate",
        ),
        (lambda text: text.replace("kind: survey\n", ""), "several measures need"),
        (
            lambda text: text.replace("[{by: [sex]}]", "[{by: [sex, weapon]}]"),
            "name the column of weapon of a sampled unit",
        ),
        (lambda text: text.replace("breakdowns: [{by: [sex]}]\n", ""), "columns.sex: no breakdown uses it"),
        (lambda text: text.replace("{by: [sex]}", "{by: [sex], freq: M}"), "breakdowns: write only by"),
        (lambda text: text.replace("sex: sex", "sex: id"), "personal: 'id' is also under columns"),
        (lambda text: text.replace("smallest_sample: 5", "smallest_sample: 2"), "greater than or equal to 3"),
    ],
)
def test_declarations_that_cannot_be_honoured_are_refused(tiny: Tiny, change: Callable[[str], str], said: str) -> None:
    tiny.declare(change(DECLARED), values=WORDS)

    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        _ = tiny.source.source
