"""Bad files of incidents: each is refused with its place or goes to quarantine; every row is accounted for.

Counts expected are the numbers of faults put in here, or those of an own loop over the rows.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.tally import Tallied
from pipelines.harmonise.values.hidden import hidden
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder

Take = Callable[..., tuple[Tallied, Validated]]


def account_of(validated: Validated) -> tuple[int, int, int, int, bool]:
    with duckdb.connect() as connection:
        (row,) = connection.execute(
            "SELECT rows_read, rows_used, rows_excluded, rows_rejected, closes FROM read_parquet($path)",
            {"path": str(validated.reconciliation)},
        ).fetchall()
    return tuple(row)  # type: ignore[return-value]


def quarantined(settings: Settings) -> list[tuple[object, ...]]:
    (path,) = (settings.quarantine / "xx_test_incidents").glob("*.parquet")
    with duckdb.connect() as connection:
        return connection.execute(
            'SELECT file, "row", column_name, value, rule FROM read_parquet($path) ORDER BY "row", rule',
            {"path": str(path)},
        ).fetchall()


def rejected_detail(validated: Validated) -> str:
    return next(one.detail for one in validated.outcomes if one.rule == "rejected_share")


def test_two_per_cent_of_malformed_lines_go_to_quarantine(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    rows = made.rows(5000)
    bad = set(Random(3).sample(range(5000), 100))
    lines = [",".join(row) for row in rows]
    for number in bad:
        lines[number] = lines[number].rsplit(",", 2)[0] if number % 2 else lines[number] + ",more,fields"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("\n".join([",".join(made.header), *lines]) + "\n", encoding="utf-8")

    _, validated = take(tmp_path / "in")

    good = [row for number, row in enumerate(rows) if number not in bad]
    excluded = sum(1 for row in good if row[3] in ("X1", "T9"))
    assert account_of(validated) == (5000, 4900 - excluded, excluded, 100, True)
    assert rejected_detail(validated) == "rows in quarantine, within the limit: malformed_line 100"
    assert [row for _, row, *_ in quarantined(settings)] == sorted(number + 2 for number in bad)


def test_rows_that_break_rules_are_counted_and_the_first_are_placed(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    rows = made.rows(6000)
    faults = {
        10: (1, "2021-13-01", "invalid_period"),
        11: (1, "31/02/2021", "invalid_period"),
        12: (1, "2999-01-01", "date_in_future"),
        13: (2, "MX-XXX", "unknown_area"),
        14: (4, "men", "unknown_word"),
        15: (5, "130", "age_impossible"),
        16: (5, "-1", "age_impossible"),
        17: (5, "thirty", "unknown_word"),
    }
    for number, (column, value, _) in faults.items():
        rows[number][3] = "H1"
        rows[number][column] = value
    rows[20] = ["x", "not a day", "nowhere", "T9", "", "", ""]  # excluded by a named rule: not judged
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    good = [row for number, row in enumerate(rows) if number not in faults]
    excluded = sum(1 for row in good if row[3] in ("X1", "T9"))
    assert account_of(validated) == (6000, len(good) - excluded, excluded, len(faults), True)
    assert [(row, value, rule) for _, row, _, value, rule in quarantined(settings)] == [
        (number + 2, hidden(value), rule) for number, (_, value, rule) in faults.items()
    ]


def test_too_many_rejected_rows_refuse_the_source_with_numbers_and_nearest_words(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    rows = made.rows(100)
    for row in rows[:10]:
        row[3:5] = ["H1", "womann"]
    made.write(tmp_path / "in" / "a.csv", rows)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.column, problem.value, problem.row) == (
        "unknown_word",
        "sex",
        "x",
        2,
    )  # never the word itself
    assert "shown as x" in problem.found
    assert "10 rows rejected" in problem.found


def test_a_code_without_a_link_stops_the_source_however_few(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    rows = made.rows(1000)
    rows[500][3] = "H2"
    made.write(tmp_path / "in" / "a.csv", rows)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.value, problem.row) == ("unlinked_national_code", "H2", 502)
    assert "H1" in problem.nearest


def test_a_column_that_changes_its_type_half_way(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    """Ages as numbers, then as ages with a word: the second half is rejected, not read as something else."""
    rows = made.rows(1000)
    for row in rows[970:]:
        row[3], row[5] = "H1", "25 years"
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[3:] == (30, True)
    assert rejected_detail(validated).endswith("unknown_word 30")


def test_a_column_with_another_type_in_another_file(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    """Parquet files of one source, where ages are text, whole numbers and numbers with a decimal point.

    The word 999 for an unknown age would be 999.0 in the last, which values.csv does not have.
    """
    rows = [row for row in made.rows(900) if row[5] not in ("", "999")]
    (tmp_path / "in").mkdir()
    for number, kind in enumerate(("VARCHAR", "INTEGER", "DOUBLE")):
        plain = made.write(tmp_path / "plain.csv", rows[number::3])
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * REPLACE (age::DOUBLE::{kind} AS age) FROM read_csv('{plain}', all_varchar = true)) "
                f"TO '{tmp_path / 'in' / kind}.parquet' (FORMAT parquet)"
            )

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[3:] == (0, True)
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet($core) GROUP BY ALL",
            {"core": str(validated.core)},
        ).fetchall()
    assert {row[:-1]: row[-1] for row in found} == pytest.approx(made.expected(rows))


def test_two_encodings_in_one_file(made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings) -> None:
    rows = made.rows(1000)
    rows[700][4] = "mujér"
    text = made.write(tmp_path / "a.csv", rows).read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(text.replace("mujér".encode(), "mujér".encode("latin-1")))

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[0] == 1000
    assert account_of(validated)[3:] == (1, True)
    assert repr(quarantined(settings)) == repr([("a.csv", 702, None, "invalid encoding", "malformed_line")])


def test_a_file_whose_second_half_is_in_another_encoding(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    """As two exports put one after the other: only rows whose words have letters outside of ASCII differ."""
    rows = made.rows(1000)
    for number in (100, 200, 600, 700, 800):
        rows[number][3:5] = ["H1", "señora"]
    for number in (300, 900):
        rows[number][6] = "José"  # in a column that is never read
    lines = made.write(tmp_path / "a.csv", rows).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "in").mkdir()
    content = "".join(lines[:501]).encode() + "".join(lines[501:]).encode("latin-1")
    (tmp_path / "in" / "a.csv").write_bytes(content)

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[0] == 1000
    assert account_of(validated)[3:] == (5, True)
    assert [(row, value, rule) for _, row, _, value, rule in quarantined(settings)] == [
        # Not with the word: where a name cannot be read, columns that are exchanged cannot be told.
        *((number + 2, None, "unknown_word") for number in (100, 200)),
        *((number + 2, "invalid encoding", "malformed_line") for number in (600, 700, 800)),
    ]


def test_dates_in_three_forms_are_read_and_those_in_others_are_rejected_not_guessed(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    """The three declared forms side by side give the same months; month first, words, two-digit years do not."""
    forms = ["2021-11-03", "03/11/2021", "20211103"]
    others = ["11/30/2021", "3 Nov 2021", "03-11-2021", "03/11/21", "2021/11/03", "44503"]
    rows = made.rows(200)
    for number, row in enumerate(rows):
        row[1], row[3] = forms[number % 3], "H1"
    for number, form in enumerate(others):
        rows[50 + number][1] = form
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    assert account_of(validated) == (200, 194, 0, 6, True)
    with duckdb.connect() as connection:
        months = connection.execute(
            "SELECT time_period, sum(value)::BIGINT FROM read_parquet($core) GROUP BY 1", {"core": str(validated.core)}
        ).fetchall()
    assert months == [("2021-11", 194)]
    assert [(row, value, rule) for _, row, _, value, rule in quarantined(settings)] == [
        (52 + number, form, "invalid_period") for number, form in enumerate(others)
    ]


def test_the_day_on_which_the_file_came_is_not_the_future_but_the_next_is(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    rows = made.rows(100)
    for row in rows:
        row[3] = "H1"
    today = datetime.now(UTC).date()
    rows[10][1], rows[20][1] = f"{today:%Y-%m-%d}", f"{today + timedelta(days=2):%d/%m/%Y}"
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    assert account_of(validated) == (100, 99, 0, 1, True)
    assert [(row, rule) for _, row, _, _, rule in quarantined(settings)] == [(22, "date_in_future")]


def test_a_damaged_file_among_good_ones_refuses_the_source_and_the_good_are_not_read_again(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    rows = made.rows(300)
    for number in range(3):
        made.write(tmp_path / "in" / f"{number}.csv", rows[number::3])
    good = (tmp_path / "in" / "1.csv").read_bytes()
    (tmp_path / "in" / "1.csv").write_bytes(b"%PDF-1.7\n" + good)
    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")
    assert {problem.file for problem in refused.value.problems} == {"1.csv"}
    (tmp_path / "in" / "1.csv").write_bytes(good)

    tallied, validated = take(tmp_path / "in")

    assert tallied.reused == 2
    excluded = sum(1 for row in rows if row[3] in ("X1", "T9"))
    assert account_of(validated) == (300, 300 - excluded, excluded, 0, True)


def test_a_text_file_cut_in_the_middle_of_a_line(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    content = made.write(tmp_path / "a.csv", made.rows(300)).read_bytes()
    (tmp_path / "in").mkdir()
    lines = content.split(b"\n")
    (tmp_path / "in" / "a.csv").write_bytes(b"\n".join(lines[:200]) + b"\n" + lines[200][:20])

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[0] == 200
    assert account_of(validated)[3:] == (1, True)


@pytest.mark.parametrize("packed", [False, True])
def test_a_quote_that_is_never_closed_refuses_the_file_as_the_rows_behind_it_are_lost(
    made: SimpleNamespace, tmp_path: Path, take: Take, packed: bool
) -> None:
    content = made.write(tmp_path / "a.csv", made.rows(400)).read_text(encoding="utf-8").split("\n")
    content[250] = content[250].replace(",MX", ',"MX')
    (tmp_path / "in").mkdir()
    text = "\n".join(content).encode()
    (tmp_path / "in" / ("a.csv.gz" if packed else "a.csv")).write_bytes(gzip.compress(text) if packed else text)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.row) == ("quote_not_closed", 251)
    assert "150 of the lines after it" in problem.found  # the line itself is counted as malformed


def test_a_fault_of_quotes_within_a_line_costs_that_line_only(
    made: SimpleNamespace, tmp_path: Path, take: Take, settings: Settings
) -> None:
    content = made.write(tmp_path / "a.csv", made.rows(400)).read_text(encoding="utf-8").split("\n")
    content[250] = content[250].replace(",MX-", ',"MX"-')
    content[300] = content[300].replace(",MX-", ',M"X-')  # a quote inside a word opens nothing
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("\n".join(content), encoding="utf-8")

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[0] == 400
    assert account_of(validated)[3:] == (2, True)
    assert [(row, rule) for _, row, _, _, rule in quarantined(settings)] == [
        (251, "malformed_line"),
        (301, "unknown_area"),
    ]


def test_a_line_break_inside_quotes_is_one_row_and_the_lines_are_told(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    rows = made.rows(400)
    rows[100][6] = "two\nlines"
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    assert account_of(validated)[0] == 400
    assert account_of(validated)[3:] == (0, True)
    (told,) = [one for one in validated.outcomes if one.rule == "control_totals"]
    assert told.outcome == "warned"
    assert "lines of the file: expected 401, found 400" in told.detail


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file_empty"),
        (b"<!DOCTYPE html><html></html>", "file_is_html"),
        (b"folio,day,place,offence,sex,age,name\n", "no_data_rows"),
        (b"folio,date,place,offence,sex,age,name\n1,2021-01-01,MX-JAL,H1,man,3,x\n", "missing_column"),
    ],
)
def test_a_file_that_is_no_table_of_incidents(tmp_path: Path, take: Take, content: bytes, rule: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(content)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    assert [problem.rule for problem in refused.value.problems] == [rule]


def test_the_same_incidents_in_two_files_are_refused(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings
) -> None:
    rows = made.rows(10)
    made.write(tmp_path / "in" / "a.csv", rows)
    made.write(tmp_path / "in" / "copy of a.csv", rows)

    with pytest.raises(DataRefused) as refused:
        acquire(folder, settings, tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", "copy of a.csv")


def test_an_engine_that_there_is_not(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    made.write(tmp_path / "in" / "a.csv", made.rows(10))
    with pytest.raises(UsageError, match="there is no engine 'flink'"):
        take(tmp_path / "in", engine="flink")
