"""Files of incidents: every row in its cell, whatever the form of file; only the new is tallied; persons stay out."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.tally import Tallied
from pipelines.publish.privacy import refuse_personal
from pipelines.run import RunResult
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.source import SourceFolder

Take = Callable[..., tuple[Tallied, Validated]]


def cells_of(validated: Validated) -> dict[tuple[str, ...], float]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet($core) GROUP BY ALL",
            {"core": str(validated.core)},
        ).fetchall()
    return {row[:-1]: row[-1] for row in rows}


def reconciliation(validated: Validated) -> dict[str, float]:
    with duckdb.connect() as connection:
        found = connection.execute("FROM read_parquet($path)", {"path": str(validated.reconciliation)})
        names = [column[0] for column in found.description or ()]
        (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def test_every_row_is_in_its_cell(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    rows = made.rows(3000, 1, 2021) + made.rows(3000, 2, 2022)
    made.write(tmp_path / "in" / "a.csv", rows)

    _, validated = take(tmp_path / "in")

    assert cells_of(validated) == pytest.approx(made.expected(rows))
    account = reconciliation(validated)
    by_code = {code: sum(1 for row in rows if row[3] == code) for code in ("X1", "T9")}
    assert account["rows_read"] == 6000
    assert account["rows_excluded"] == by_code["X1"] + by_code["T9"]
    assert account["rows_rejected"] == 0
    assert account["closes"]
    with duckdb.connect() as connection:
        excluded = dict(
            connection.execute(
                "SELECT rule, cells FROM read_parquet($path)", {"path": str(validated.exclusions)}
            ).fetchall()
        )
    assert excluded == {"out_of_scope_not_crime": by_code["X1"], "traffic": by_code["T9"]}


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "many", "folders"])
def test_the_form_of_the_files_makes_no_difference(
    made: SimpleNamespace, tmp_path: Path, take: Take, form: str
) -> None:
    rows = made.rows(2000)
    plain = made.write(tmp_path / "plain" / "a.csv", rows)
    given = tmp_path / "in"
    given.mkdir()
    if form == "csv.gz":
        (given / "a.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    elif form == "parquet":
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (FROM read_csv('{plain}', all_varchar = true)) TO '{given / 'a.parquet'}' (FORMAT parquet)"
            )
    elif form == "many":
        for number in range(4):
            made.write(given / f"part-{number}.csv", rows[number::4])
    else:
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (FROM read_csv('{plain}', all_varchar = true)) TO '{given}' "
                "(FORMAT parquet, PARTITION_BY (place, sex), WRITE_PARTITION_COLUMNS true)"
            )

    _, validated = take(given)

    assert cells_of(validated) == pytest.approx(made.expected(rows))
    assert reconciliation(validated)["rows_read"] == 2000


def test_only_a_new_or_corrected_partition_is_tallied(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    given = tmp_path / "in"
    months = {month: made.rows(300, month, 2021, (month,)) for month in range(1, 13)}
    for month, rows in months.items():
        made.write(given / f"2021-{month:02d}.csv", rows)
    first, _ = take(given)
    again, _ = take(given)
    months[3] = months[3][:-1]
    made.write(given / "2021-03.csv", months[3])
    corrected, _ = take(given)
    months[13] = made.rows(300, 13, 2022, (1,))
    made.write(given / "2022-01.csv", months[13])
    longer, validated = take(given)

    assert [one.reused for one in (first, again, corrected, longer)] == [0, 12, 11, 12]
    assert cells_of(validated) == pytest.approx(made.expected([row for rows in months.values() for row in rows]))


def test_a_file_with_the_same_size_and_time_but_other_content_is_seen(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    given = tmp_path / "in"
    path = made.write(given / "a.csv", made.rows(100))
    take(given)
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"MX-JAL", b"MX-SON"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    tallied, validated = take(given)

    assert path.stat().st_size == before.st_size
    assert tallied.reused == 0
    assert {area for _, area, *_ in cells_of(validated)} == {"MX-AGU", "MX-SON"}


def test_published_and_unchanged_the_second_time(
    made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult], settings: Settings
) -> None:
    given = tmp_path / "in"
    rows = made.rows(2000)
    for row in rows:
        # A quarter of the rows made has no sex, and a quarter no age: figures by sex and age would be withheld.
        row[4] = row[4] or "woman"
        row[5] = "30" if row[5] in ("", "999") else row[5]
    made.write(given / "a.csv", rows)
    result = publish(given)
    again = publish(given)

    assert result.refused == ()
    assert result.loaded == again.unchanged == ("xx_test_incidents",)
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        found = dict(
            connection.execute(
                "SELECT iccs, value FROM out.observation WHERE ref_area = 'MX' AND freq = 'A' AND sex = '_T' "
                "AND age = '_T' AND iccs IN ('0101', '0401')"
            ).fetchall()
        )
        men = connection.execute(
            "SELECT sum(value) FROM out.observation WHERE ref_area = 'MX-JAL' AND freq = 'A' AND sex = 'M' "
            "AND age = 'Y0T17' AND iccs = '0101'"
        ).fetchall()
    codes = [row[3] for row in rows]
    assert found == {"0101": codes.count("H1"), "0401": codes.count("R1")}
    wanted = [row for row in rows if row[2:5] == ["MX-JAL", "H1", "man"] and row[5] in ("0", "17")]
    assert men == [(len(wanted),)]


def test_nothing_that_identifies_a_person_is_written_anywhere(
    made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult], settings: Settings
) -> None:
    rows = made.rows(1000)
    rows[5][5] = "old"  # one rejected row
    made.write(tmp_path / "in" / "a.csv", rows)
    assert publish(tmp_path / "in").refused == ()

    texts = [path for path in settings.data.rglob("*") if path.is_file()]
    for path in (path for path in texts if path.suffix == ".parquet"):
        with duckdb.connect() as connection:
            columns = [row[0] for row in connection.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()]
            dump = str(connection.execute(f"FROM read_parquet('{path}')").fetchall())
        assert not {"folio", "name"} & set(columns), path
        assert "Person 1" not in dump, path
        assert "F001-" not in dump, path
    assert any(path.suffix == ".parquet" and "quarantine" in path.parts for path in texts)


def test_a_release_with_a_personal_column_or_value_is_refused(
    made: SimpleNamespace, tmp_path: Path, take: Take, folder: SourceFolder, settings: Settings
) -> None:
    made.write(tmp_path / "in" / "a.csv", made.rows(50))
    take(tmp_path / "in")
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA out; CREATE TABLE out.mapping (national_label VARCHAR, value DOUBLE)")
        connection.execute("INSERT INTO out.mapping VALUES ('robbery', 1)")
        refuse_personal(connection, [folder.source], settings)
        connection.execute("INSERT INTO out.mapping VALUES ('Person 1 7', 1)")
        connection.execute("CREATE TABLE out.extra (folio VARCHAR)")
        with pytest.raises(DataRefused) as refused:
            refuse_personal(connection, [folder.source], settings)
    said = str(refused.value)
    assert "out.mapping, column 'national_label', contains a value" in said
    assert "out.extra has the column 'folio'" in said
    assert "Person 1 7" not in said


def test_a_person_called_as_a_state_or_born_in_a_month_does_not_stop_a_release(
    made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult]
) -> None:
    """Words of our own code lists, and months, are in every release."""
    rows = made.rows(300)
    for row, name in zip(rows, ("Jalisco", "Male", "Mexico", "2021-05", "Intentional homicide"), strict=False):
        row[6] = name
    made.write(tmp_path / "in" / "a.csv", rows)

    result = publish(tmp_path / "in")

    assert result.refused == ()
    assert result.publication is not None


def test_forgotten_partitions_go_once_a_vintage_is_stored(
    made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult], settings: Settings
) -> None:
    given = tmp_path / "in"
    made.write(given / "a.csv", made.rows(500))
    publish(given)
    shutil.rmtree(given)
    made.write(given / "a.csv", made.rows(501))
    kept = settings.partitions / "xx_test_incidents"
    mine = (kept / "notes" / "mine.txt", kept / "mine.txt")  # the user's own, with no name that a run gives
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    publish(given)

    assert [path.read_text(encoding="utf-8") for path in mine] == ["mine", "mine"]
    assert len([path for path in kept.iterdir() if path.name not in ("notes", "mine.txt")]) == 1
