"""Files that try to be counted twice, to show persons, or to stop the run; and names that mean more than a file.

Counts expected are those of an own loop over the rows (``made.expected``), or the numbers of rows put in here.
"""

from __future__ import annotations

import gzip
import math
import os
import re
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pipelines.run
import schemas.source
from pipelines.cli.main import main
from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import Validated, account
from pipelines.harmonise.tally import Tallied, tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings, load_settings
from schemas.errors import UsageError
from schemas.source import SourceFolder, list_sources

SOURCES = Path(__file__).parent / "sources"
Take = Callable[..., tuple[Tallied, Validated]]


@pytest.fixture(autouse=True)
def _shared_engine() -> None:
    """Limits of memory are those of an engine: each run here has its own."""


def counted(validated: Validated) -> dict[tuple[str, ...], float]:
    """Base cells as the pipeline has them: (month, area, ICCS, sex, age) -> value."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet($path) GROUP BY ALL",
            {"path": str(validated.core)},
        ).fetchall()
    return {tuple(row[:5]): row[5] for row in rows}


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv"])
def test_a_name_with_signs_of_a_pattern_is_one_file(
    made: SimpleNamespace, tmp_path: Path, take: Take, name: str
) -> None:
    """Browsers name a second download so; as a pattern each of the names would find ``a1.csv`` too."""
    first, second = made.rows(300), made.rows(200, 2, 2022)
    made.write(tmp_path / "in" / "a1.csv", first)
    made.write(tmp_path / "in" / name, second)

    _, validated = take(tmp_path / "in")

    assert counted(validated) == made.expected([row for row in first + second if row[3] not in ("X1", "T9")])


def _packed(path: Path, target: Path) -> None:
    target.write_bytes(gzip.compress(path.read_bytes()))


def _as_parquet(path: Path, target: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_csv('{path}', all_varchar = true)) TO '{target}' (FORMAT parquet)")


def _other_line_ends(path: Path, target: Path) -> None:
    target.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def _sorted_anew(path: Path, target: Path) -> None:
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text(header + "".join(sorted(lines, key=lambda line: line[::-1])), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "write", "says"),
    [
        ("b.csv.gz", _packed, "The file has the same content as a.csv"),
        ("b.parquet", _as_parquet, "All of its rows are in a.csv too"),
        ("b.csv", _other_line_ends, "All of its rows are in a.csv too"),
        ("c.csv", _sorted_anew, "All of its rows are in a.csv too"),
    ],
)
def test_the_same_incidents_in_other_bytes_are_not_counted_twice(
    made: SimpleNamespace, tmp_path: Path, take: Take, name: str, write: Callable[[Path, Path], None], says: str
) -> None:
    write(made.write(tmp_path / "in" / "a.csv", made.rows(300)), tmp_path / "in" / name)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", name)
    assert problem.found.startswith(says)


def test_a_file_that_holds_the_months_of_another_one_is_refused_with_the_months(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    """As where each delivery holds the year so far; the older one lacks a late row of November."""
    until_october = made.rows(2000, 1, 2021, tuple(range(1, 11)))
    november, december = made.rows(200, 2, 2021, (11,)), made.rows(200, 3, 2021, (12,))
    made.write(tmp_path / "in" / "until-november.csv", until_october + november[:-1])
    made.write(tmp_path / "in" / "until-december.csv", until_october + november + december)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", "until-november.csv")
    assert "2,000 of its rows, of 2021-01 to 2021-10, are in until-december.csv too" in problem.found


def test_parts_of_the_same_months_are_no_overlap(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    """A writer with several threads leaves parts of one month; a rare code gives many parts with one incident each."""
    rows = made.rows(2000)
    rare = [[f"R{number}", "2021-05-05", "MX-JAL", "H1", "man", "30", f"Rare {number}"] for number in range(8)]
    for number in range(4):
        made.write(tmp_path / "in" / f"{number}.csv", rows[number::4])
        made.write(tmp_path / "in" / f"rare-{number}.csv", rare[number::4])

    _, validated = take(tmp_path / "in")

    assert counted(validated) == made.expected([row for row in rows + rare if row[3] not in ("X1", "T9")])


@pytest.mark.parametrize("name", ["data [1]", "country=MX"])
def test_a_data_folder_whose_path_is_a_pattern_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"has \* \? \[ or = in its path"):
        load_settings(tmp_path / name)


def _declare(root: Path, *changes: tuple[str, str]) -> SourceFolder:
    """The source of the other tests with parts of its declaration replaced, and any share of rejected rows allowed."""
    own = root / "sources" / "xx_test_incidents"
    shutil.copytree(SOURCES / "xx_test_incidents", own)
    text = (own / "source.yml").read_text(encoding="utf-8")
    for old, new in (*changes, ("rejected_share_limit: 0.05", "rejected_share_limit: 1")):
        assert old in text
        text = text.replace(old, new)
    (own / "source.yml").write_text(text, encoding="utf-8")
    return list_sources(own.parent)["xx_test_incidents"]


def _take(folder: SourceFolder, directory: Path, settings: Settings) -> Validated:
    work = make_work_folder(settings) / folder.source_id
    work.mkdir(exist_ok=True)
    tallied = tally(folder, acquire(folder, settings, directory), settings, work)
    with connect(settings) as connection:
        return account(folder, tallied, connection, settings, work)


def _write(path: Path, header: str, rows: list[str]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def _rejected(settings: Settings) -> list[tuple[object, ...]]:
    (path,) = (settings.quarantine / "xx_test_incidents").glob("*.parquet")
    with duckdb.connect() as connection:
        return connection.execute(
            'SELECT "row", column_name, value, rule FROM read_parquet($path) ORDER BY 1, 4', {"path": str(path)}
        ).fetchall()


@pytest.mark.parametrize(
    "order",
    [[0, 1, 2, 3, 6, 5, 4], [0, 1, 2, 3, 4, 6, 5], [6, 1, 0, 3, 4, 5, 2], [0, 6, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 6, 0]],
)
def test_columns_exchanged_half_way_show_no_person(
    made: SimpleNamespace, tmp_path: Path, settings: Settings, take: Take, order: list[int]
) -> None:
    """As where two exports with columns in other orders were put together below the header of the first."""
    rows = [[*row[:3], "H1", "man", "30", row[6]] for row in made.rows(1000)]
    rows = rows[:980] + [[row[place] for place in order] for row in rows[980:]]
    rows[100][4] = "mann"
    made.write(tmp_path / "in" / "a.csv", rows)

    take(tmp_path / "in")

    rejected = _rejected(settings)
    assert {row[0] for row in rejected} == {102, *range(982, 1002)}
    assert next(row[2] for row in rejected if row[0] == 102) == "x"  # of a word, its shape
    for path in settings.data.rglob("*.parquet"):
        dump = str(pq.read_table(path).to_pylist())
        assert "Person 1" not in dump, path
        assert "F001-" not in dump, path


def test_year_and_month_are_neither_cut_nor_rounded(tmp_path: Path, settings: Settings) -> None:
    """Padded to four and two digits, 20211 would be 2021 and 123 December; rounded, 2021.7 would be 2022."""
    dates = ("dates: [YYYY-MM-DD, DD/MM/YYYY, YYYYMMDD]\n", "")
    folder = _declare(tmp_path, ("time_period: day", "year: day\n  month: name"), ("[folio, name]", "[folio]"), dates)
    right = [("2021", "2"), ("2021.0", "12.0"), ("2021", "02")]
    wrong = [("20211", "1"), ("2021", "123"), ("2021.7", "1"), ("2021", "11.5"), ("2021", "0"), ("2021", "13")]
    wrong += [("21", "1"), ("nan", "1"), ("2021", "inf"), ("-2021", "1"), ("2021", "")]
    rows = [f"F{n},{year},MX-JAL,H1,man,30,{month}" for n, (year, month) in enumerate(right + wrong)]
    _write(tmp_path / "in" / "a.csv", "folio,day,place,offence,sex,age,name", rows)

    validated = _take(folder, tmp_path / "in", settings)

    assert {key[0]: value for key, value in counted(validated).items()} == {"2021-02": 2, "2021-12": 1}
    assert [row[0] for row in _rejected(settings)] == list(range(5, 5 + len(wrong)))
    assert {row[3] for row in _rejected(settings)} == {"invalid_period"}


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def test_a_count_that_is_endless_or_no_number_is_rejected_and_the_others_stay(
    tmp_path: Path, settings: Settings
) -> None:
    """A number is shown, however it is written; what is none may be a name (Nan is one), and has its shape only."""
    folder = _declare(tmp_path, ("  age: age\n", "  age: age\n  value: name\n"), ("[folio, name]", "[folio]"))
    wrong = ["inf", "nan", "-inf", "1e300", "1.5E+300", "infinity", "Nan Li", "1e300 Li", "1e300Li", "Li1e300"]
    counts = ["3", *wrong, "4"]
    rows = [f"F{n},2021-05-05,MX-JAL,H1,man,30,{count}" for n, count in enumerate(counts)]
    _write(tmp_path / "in" / "a.csv", "folio,day,place,offence,sex,age,name", rows)

    validated = _take(folder, tmp_path / "in", settings)

    assert list(counted(validated).values()) == [7]
    assert [(row[0], row[2], row[3]) for row in _rejected(settings)] == [
        (row, text if _is_number(text) else re.sub("[A-Za-z0-9]+", "x", text), "count_not_a_number")
        for row, text in enumerate(wrong, start=3)
    ]


@pytest.mark.parametrize(("zone", "month"), [("UTC", "2021-06"), ("America/Mexico_City", "2021-05")])
def test_a_moment_has_the_same_month_on_every_machine(
    made: SimpleNamespace, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, zone: str, month: str
) -> None:
    """Two in the morning of 1 June in UTC, as Parquet files keep moments, is still May in Mexico."""
    own = shutil.copytree(SOURCES / "xx_test_incidents", tmp_path / "sources" / "xx_test_incidents")
    with (own / "source.yml").open("a", encoding="utf-8") as text:
        text.write(f"time_zone: {zone}\n")
    folder = list_sources(tmp_path / "sources")["xx_test_incidents"]
    (tmp_path / "in").mkdir()
    moment = datetime(2021, 6, 1, 2, tzinfo=UTC)
    row = ["F1", moment, "MX-JAL", "H1", "man", "30", "Person"]
    columns = {name: [value] * 5 for name, value in zip(made.header, row, strict=True)}
    pq.write_table(pa.table(columns), tmp_path / "in" / "a.parquet")
    monkeypatch.setenv("TZ", "America/Mexico_City")
    time.tzset()
    try:
        validated = _take(folder, tmp_path / "in", settings)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert counted(validated) == {(month, "MX-JAL", "0101", "M", "Y_GE30"): 5}


@pytest.mark.parametrize(
    ("change", "rule", "row", "says"),
    [
        (lambda text: text.encode("utf-16"), "wrong_encoding", None, "the file is UTF-16 text"),
        (lambda text: b"PK\x03\x04" + text.encode(), "file_truncated", None, "The zip archive is damaged"),
        (lambda text: b"PAR1" + text.encode(), "file_not_readable", None, "a Parquet file"),
        (lambda text: text.replace("\n", "\r\n", 101).encode(), "line_ends_differ", 102, "line 1 and line 102 differ"),
        (lambda text: text.replace("\n", ",sex\n").encode(), "column_twice", 1, "Two columns have the header 'sex'"),
        (lambda text: (text[:37] + "0" * 3_000_000).encode(), "malformed_line", 2, "longer than 2,000,000 characters"),
    ],
)
def test_a_file_of_another_kind_is_told_in_one_problem(
    made: SimpleNamespace,
    tmp_path: Path,
    take: Take,
    change: Callable[[str], bytes],
    rule: str,
    row: int | None,
    says: str,
) -> None:
    text = made.write(tmp_path / "a.csv", made.rows(200)).read_text(encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(change(text))

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.row) == (rule, row)
    assert says in problem.found


def test_two_columns_with_one_label_are_refused_in_a_workbook_of_incidents(tmp_path: Path, settings: Settings) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    read = "    read:\n      columns: [folio, day, place, offence, sex, age, name]\n  - files"
    folder = _declare(
        tmp_path,
        ('["*.csv", "*.csv.gz"]', '["*.xlsx"]'),
        (read, read.replace("columns", "format: excel\n      columns", 1)),
    )
    (tmp_path / "in").mkdir()
    with xlsxwriter.Workbook(str(tmp_path / "in" / "a.xlsx")) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["folio", "day", "place", "offence", "sex", "age", "name", "sex"])
        sheet.write_row(1, 0, ["F1", "2021-05-05", "MX-JAL", "H1", "man", "30", "Person", "woman"])

    with pytest.raises(DataRefused) as refused:
        _take(folder, tmp_path / "in", settings)

    (problem,) = refused.value.problems
    assert (problem.rule, problem.sheet, problem.row, problem.column) == ("column_twice", "Data", 1, "sex")


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.decimal128(24, 2), pa.int64()])
def test_a_code_in_a_column_of_numbers_is_the_same_as_in_a_table(
    tmp_path: Path, settings: Settings, kind: pa.DataType
) -> None:
    """A column with gaps makes writers of Parquet keep the code 12 as 12.0."""
    folder = _declare(tmp_path)
    concordance = tmp_path / "sources" / "xx_test_incidents" / "concordance.csv"
    text = concordance.read_text(encoding="utf-8")
    assert text.count("\nH1,") == 1
    concordance.write_text(text.replace("\nH1,", "\n12,"), encoding="utf-8")
    (tmp_path / "in").mkdir()
    row = ["F1", "2021-05-05", "MX-JAL", "", "man", "30", "Person"]
    columns: dict[str, Any] = dict(
        zip(["folio", "day", "place", "offence", "sex", "age", "name"], ([value] * 5 for value in row), strict=True)
    )
    columns["offence"] = pa.array([12] * 5, pa.int64()).cast(kind)
    pq.write_table(pa.table(columns), tmp_path / "in" / "a.parquet")

    validated = _take(folder, tmp_path / "in", settings)

    assert counted(validated) == {("2021-05", "MX-JAL", "0101", "M", "Y_GE30"): 5}


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    text = made.write(tmp_path / "a.csv", made.rows(10)).read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv.gz").write_bytes(gzip.compress(text + b"\n" * 3 * 2**20))

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in", max_file_mib=2)

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_too_large", "a.csv.gz")


def test_labels_that_differ_in_case_only_are_two_columns(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    """DuckDB takes ``Note`` and ``NOTE`` for one name."""
    text = made.write(tmp_path / "a.csv", made.rows(100)).read_text(encoding="utf-8")
    (tmp_path / "in").mkdir()
    lines = text.splitlines()
    lines = [lines[0] + ",Note,NOTE", *(line + ",x,y" for line in lines[1:])]
    (tmp_path / "in" / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    tallied, _ = take(tmp_path / "in")

    assert tallied.rows == 100


@pytest.mark.parametrize("name", [b"caf\xe9.csv", b"two\nlines.csv", b"\x1b[31mred.csv"])
def test_a_name_that_is_no_text_is_refused_and_shown_in_plain_letters(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, name: bytes
) -> None:
    """As unpacked from an archive of another system, or made to write on the terminal of who reads the message."""
    content = made.write(tmp_path / "a.csv", made.rows(10)).read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(name)).write_bytes(content)

    for step in (acquire, acquire):
        with pytest.raises(DataRefused) as refused:
            step(folder, settings, tmp_path / "in")

        (problem,) = refused.value.problems
        assert problem.rule == "file_name_invalid"
        assert all(" " <= sign < "\x7f" for sign in problem.place)


def test_a_file_that_the_system_does_not_give_out_is_refused_with_the_others(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        made.write(tmp_path / "in" / name, made.rows(10))
    plain = Path.open

    def denied(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.parent == tmp_path / "in":
            raise PermissionError(13, "Permission denied")
        return plain(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", denied)
    for step in (acquire, acquire):
        with pytest.raises(DataRefused) as refused:
            step(folder, settings, tmp_path / "in")

        assert [(problem.rule, problem.file) for problem in refused.value.problems] == [
            ("file_not_opened", "a.csv"),
            ("file_not_opened", "b.csv"),
        ]
        assert "Permission denied" in refused.value.problems[0].found


@pytest.mark.parametrize("amount", ["much", "", "-1", "2 GiX", "0x10MB"])
def test_a_memory_limit_that_is_no_amount_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, amount: str
) -> None:
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", amount)
    with pytest.raises(UsageError, match="ICCS_MEMORY_LIMIT must be an amount such as 400MB or 2GiB"):
        load_settings(tmp_path)


def test_a_memory_limit_that_is_too_small_is_told_with_the_remedy(
    made: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write(tmp_path / "in" / "a.csv", made.rows(300))
    own = list_sources(SOURCES)
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own)
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: own)
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", "1MB")

    code = main(["run", "xx_test_incidents", "--from", str(tmp_path / "in"), "--data", str(tmp_path / "data")])

    said = capsys.readouterr().err
    assert code == 3
    assert "the memory limit is too small" in said
    assert "ICCS_MEMORY_LIMIT is 1MB" in said
    assert "Raise ICCS_MEMORY_LIMIT (memory_limit in iccs.toml) and run again" in said
