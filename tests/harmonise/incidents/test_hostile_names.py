"""Labels, names and words of incidents are text: never SQL, a place of a template, or a column of the pipeline's own.

Counts expected are those of an own loop over the rows (``made.expected``), or the rows put in here.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier
from schemas.source import SourceFolder, list_sources

SOURCES = Path(__file__).parent / "sources"
SEX = 4  # the place of the column among those of a row

LABELS = [
    ["{{rows}}", "{{numbers}}", "{{selected}}", "{{total}}", "{{joins}}", "{{keys}}", "{{rules}}"],
    ["?", "na'me?", 'pla"ce?', "? AS x", "'?'", "$1", "$path"],
    ["{}", "{0}", "{", "%s", "{% raw %}", "{# note #}", "%(path)s"],
    ["'; DROP TABLE word; --", '"; DROP TABLE word; --', "-- a", "/* a", "*/ a", "back\\slash\\", "*"],
]
WORDS = [word for labels in LABELS for word in labels]
# Columns that the statements make themselves, and what would change figures or places if it were read in their stead.
OWN = {
    "exclusion": "1",
    "_exclusion": "1",
    "_day": "2020-01-01",
    "period": "-1",
    "code_id": "",
    "sex_id": "",
    "fault": "1",
    "_row": "7",
    "_number": "7",
    "_received": "1999-01-01",
    "_file": "another.csv",
    "_word_0": "another word",
    "r": "r",
    "tidy": "t",
}


def _shape(text: str) -> str:
    """What may be shown of a word that is not known: runs of letters and digits as x, and the signs as they are.

    None of ``WORDS`` is a number, date or code. A place of a template that was filled would have other signs.
    """
    return "".join("x" if is_name else "".join(run) for is_name, run in groupby(text, str.isalnum))


def _write(path: Path, labels: Sequence[str], rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], list(labels)), path)
    else:
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([labels, *rows])


def _relabel(root: Path, header: list[str], labels: list[str], **changes: Any) -> SourceFolder:
    """The source of the tests with other labels over the columns of its files."""
    shutil.copytree(SOURCES / "xx_test_incidents", root / "xx_test_incidents")
    path = root / "xx_test_incidents" / "source.yml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    label = dict(zip(header, labels, strict=True))
    for layout in declared["layouts"]:
        layout["read"]["columns"] = labels
    declared["columns"] = {name: label[column] for name, column in declared["columns"].items()}
    declared["personal"] = [label[column] for column in declared["personal"]]
    declared["exclusions"][0]["where"] = f"{quote_identifier(label['offence'])} = 'T9'"
    path.write_text(yaml.safe_dump({**declared, **changes}, allow_unicode=True), encoding="utf-8")
    return list_sources(root)["xx_test_incidents"]


def _take(folder: SourceFolder, given: Path, settings: Settings) -> tuple[dict[tuple[str, ...], float], list[Any]]:
    """Base cells as the pipeline has them, and file, row, column, word and rule of each row in quarantine."""
    work = make_work_folder(settings) / folder.source_id
    work.mkdir(exist_ok=True)
    tallied = tally(folder, acquire(folder, settings, given), settings, work)
    with connect(settings) as connection:
        validated = account(folder, tallied, connection, settings, work)
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet($path) GROUP BY ALL",
            {"path": str(validated.core)},
        ).fetchall()
        rejected = connection.execute(
            "SELECT file, row, column_name, value, rule FROM read_parquet($path) ORDER BY ALL",
            {"path": str(settings.quarantine / folder.source_id / "*.parquet")},
        ).fetchall()
    return {tuple(row[:5]): row[5] for row in rows}, rejected


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0])
def test_declared_columns_may_have_any_label(
    made: SimpleNamespace, tmp_path: Path, settings: Settings, labels: list[str], ending: str
) -> None:
    rows = made.rows(200)
    wrong = [*rows[0][:SEX], "no sex", *rows[0][SEX + 1 :]]
    _write(tmp_path / "in" / f"a.{ending}", labels, [*rows, wrong])

    cells, rejected = _take(_relabel(tmp_path, made.header, labels), tmp_path / "in", settings)

    assert cells == made.expected(rows)
    assert [place[1:] for place in rejected] == [(202 if ending == "csv" else 201, labels[SEX], "x x", "unknown_word")]


def test_a_form_of_date_with_a_question_mark_is_no_place_for_a_label(
    made: SimpleNamespace, tmp_path: Path, settings: Settings
) -> None:
    """Whether a name could be a date is asked of the columns that are not shown, whose labels hold quotes here."""
    labels = ["fo'lio", "day", "place", "offence", "sex", "age", "na'me"]
    rows = made.rows(200)
    given = [[number, f"{day[8:10]}?{day[5:7]}?{day[:4]}", *more] for number, day, *more in rows if day[4] == "-"]
    counted = [row for row in rows if row[1][4] == "-"]
    _write(tmp_path / "in" / "a.csv", labels, [*given, ["F", "no day", *given[0][2:]]])
    folder = _relabel(tmp_path, made.header, labels, dates=["DD?MM?YYYY"])

    cells, rejected = _take(folder, tmp_path / "in", settings)

    assert cells == made.expected(counted)
    assert [place[1:] for place in rejected] == [(len(given) + 2, "day", "x x", "invalid_period")]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_labels_like_columns_of_the_pipeline_change_neither_figures_nor_places(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, ending: str
) -> None:
    rows = made.rows(200)
    wrong = [*rows[0][:SEX], "no sex", *rows[0][SEX + 1 :]]
    name = f"a.{ending}"
    _write(tmp_path / "in" / name, [*made.header, *OWN], [[*row, *OWN.values()] for row in [*rows, wrong]])

    cells, rejected = _take(folder, tmp_path / "in", settings)

    assert cells == made.expected(rows)
    assert rejected == [(name, 202 if ending == "csv" else 201, "sex", "x x", "unknown_word")]


def test_words_are_rejected_by_their_shape(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings
) -> None:
    rows = made.rows(1000)
    wrong = [[*rows[0][:SEX], word, *rows[0][SEX + 1 :]] for word in WORDS]
    _write(tmp_path / "in" / "a.csv", made.header, [*rows, *wrong])

    cells, rejected = _take(folder, tmp_path / "in", settings)

    assert cells == made.expected(rows)
    assert rejected == [
        ("a.csv", row, "sex", _shape(word), "unknown_word") for row, word in enumerate(WORDS, start=len(rows) + 2)
    ]


@pytest.mark.parametrize("place", [2, 3])
def test_an_area_or_offence_that_is_not_known_is_refused_by_its_shape(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, place: int
) -> None:
    rows = made.rows(10)
    words = [*LABELS[0], "?", "na'me?", "{% raw %}", "'; DROP TABLE word; --"]  # five shapes: as many as are shown
    wrong = [[*rows[0][:place], word, *rows[0][place + 1 :]] for word in words]
    _write(tmp_path / "in" / "a.csv", made.header, [*rows, *wrong])

    with pytest.raises(DataRefused) as refused:
        _take(folder, tmp_path / "in", settings)

    first: dict[str, int] = {}
    for row, word in enumerate(words, start=12):
        first.setdefault(_shape(word), row)
    assert _shape(WORDS[0]) == "{{x}}"
    problems = [(one.value, one.row, one.column) for one in refused.value.problems]
    assert problems == [(shape, row, made.header[place]) for shape, row in first.items()]
    assert all(one.found.startswith(f"{len(words)} rows rejected: ") for one in refused.value.problems)
    said = str(refused.value)
    assert [word for word in words if word != _shape(word) and word in said] == []


def test_file_names_and_keys_of_folders_are_text(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings
) -> None:
    """A folder ``key=value`` gives its files a column."""
    names = [word for word in WORDS if "/" not in word]
    every = []
    for number, name in enumerate(names):
        rows = made.rows(20, number)
        every += rows
        parent = tmp_path / "in" / f"{name}={name}"
        wrong = ["F", "2021-01-01", "MX-JAL", "H1", name, "30", "Person"]
        _write(parent / f"{name}.csv", made.header, [*rows, wrong])

    cells, rejected = _take(folder, tmp_path / "in", settings)

    assert cells == made.expected(every)
    assert sorted(rejected) == sorted(
        (f"{name}={name}/{name}.csv", 22, "sex", _shape(name), "unknown_word") for name in names
    )
