"""Names of persons: whatever column they stand in, and however a run ends, nothing that it leaves holds one.

The names are made: each begins with a text that occurs nowhere else. Every file of the data folder is searched as
bytes, and Parquet and DuckDB files as values too, as these are compressed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main as program
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import list_sources

SOURCES = Path(__file__).parents[1] / "harmonise" / "incidents" / "sources"
ROOT = Path(__file__).parents[2]
NAME = "Zzsecret"
NUMBER = "83920147"
"""Of an identity card, a telephone: as it is, and in groups."""
COLUMNS = ["folio", "day", "place", "offence", "sex", "age", "name"]
GOOD = ["F1", "2021-01-02", "MX-JAL", "H1", "man", "30", f"{NAME} Own"]


def rows_with_names(columns: tuple[int, ...]) -> list[list[str]]:
    """Good rows, and for each open column rows with a name in it: alone, in a sentence, beside a digit."""
    bad = [
        [*GOOD[:place], text, *GOOD[place + 1 :]]
        for place in columns
        for text in (
            f"{NAME} Pérez",
            f"see {NAME}",
            f"{NAME}1",
            f"{NAME}@mail",
            f"1. {NAME.upper()}",
            NUMBER,
            f"{NUMBER[:2]}.{NUMBER[2:5]}.{NUMBER[5:]}",
        )
    ]
    swapped = [[*GOOD[:5], GOOD[6], GOOD[5]], [*GOOD[:4], GOOD[6], GOOD[5], GOOD[4]]]
    return [*([GOOD] * 30), *bad, *swapped]


def give(folder: Path, kind: str, columns: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Path:
    folder.mkdir(exist_ok=True)
    rows = rows_with_names(columns)
    if kind == "parquet":
        path = folder / "a.parquet"
        pq.write_table(pa.table({name: [row[n] for row in rows] for n, name in enumerate(COLUMNS)}), path)
        return path
    path = folder / "a.csv"
    lines = [COLUMNS, *rows, [f"{NAME} alone in its line"], [*GOOD, f"{NAME} beyond the columns"]]
    path.write_text("".join(",".join(row) + "\n" for row in lines), encoding="utf-8")
    return path


def texts_of(path: Path) -> Iterator[str]:
    yield path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        yield str(pq.read_table(path).to_pylist())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            for schema, table in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
                yield str(connection.execute(f'FROM "{schema}"."{table}"').fetchall())


def holding(folder: Path) -> list[str]:
    """The files that hold a name or the number."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(names(text) for text in texts_of(path))]


def names(text: str) -> bool:
    """Whether a text holds a name, or the number."""
    return NAME.casefold() in text.casefold() or NUMBER in text or f"{NUMBER[2:5]}.{NUMBER[5:]}" in text


def test_the_search_finds_a_name(tmp_path: Path) -> None:
    give(tmp_path / "in", "csv"), give(tmp_path / "in", "parquet")
    assert sorted(holding(tmp_path)) == ["a.csv", "a.parquet"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("limit", ["0.05", "0.9"], ids=["refused", "published without them"])
def test_a_run_leaves_and_says_no_name(tmp_path: Path, kind: str, limit: str) -> None:
    sources = shutil.copytree(SOURCES, tmp_path / "sources")
    declared = sources / "xx_test_incidents" / "source.yml"
    text = declared.read_text(encoding="utf-8").replace("rejected_share_limit: 0.05", f"rejected_share_limit: {limit}")
    declared.write_text(text, encoding="utf-8")
    # A word in the column of the offence always refuses: it has no link.
    give(tmp_path / "in", kind, (1, 2, 3, 4, 5) if limit == "0.05" else (1, 2, 4, 5))
    settings = Settings(data=tmp_path / "data")
    result = run_all([list_sources(sources)["xx_test_incidents"]], Session(settings, tmp_path / "in"))
    assert bool(result.refused) == (limit == "0.05")
    said = str(result)
    assert not names(said)
    assert holding(settings.data) == []
    if result.refused:
        assert "shown as x" in said
    assert list(settings.quarantine.rglob("*.parquet"))


def test_check_copies_no_file_and_says_no_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = give(tmp_path / "in", "csv")
    left = tmp_path / "tmp"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    seen: list[str] = []
    monkeypatch.setattr("schemas.source.find_sources", lambda *_, **__: (list_sources(SOURCES)["xx_test_incidents"],))
    real = tempfile.TemporaryDirectory.cleanup

    def cleanup(self: tempfile.TemporaryDirectory[str]) -> None:
        seen.extend(holding(left))
        real(self)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", cleanup)
    code = program.main(["check", str(path), "--source", "xx_test_incidents", "--data", str(tmp_path / "data")])
    said = "".join(capfd.readouterr())
    assert code == 1 and not names(said)
    assert seen == [] and list(left.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_leaves_no_name_outside_the_folder_for_work(
    tmp_path: Path, number: signal.Signals
) -> None:
    """After SIGTERM and Ctrl-C nothing is left; after SIGKILL a folder of the owner's, which the next run empties."""
    given = give(tmp_path / "in", "csv")
    lines = given.read_text(encoding="utf-8").splitlines(keepends=True)
    given.write_text(lines[0] + "".join(lines[1:31]) * 20_000, encoding="latin-1")  # not read in place
    sources = shutil.copytree(SOURCES, tmp_path / "sources")
    declared = sources / "xx_test_incidents" / "source.yml"
    text = declared.read_text(encoding="utf-8").replace("    read:\n", "    read:\n      encoding: latin-1\n", 1)
    declared.write_text(text, encoding="utf-8")
    code = (
        "import signal, sys; from pathlib import Path; import schemas.source as s; real = s.list_sources; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # what runs in the background inherits SIG_IGN
        f"s.find_sources = lambda *a, **k: (real(Path({str(sources)!r}))['xx_test_incidents'],); "
        "from pipelines.cli.main import main, prepare_process; prepare_process(); "
        f"sys.exit(main(['run', '--from', {str(tmp_path / 'in')!r}, '--data', {str(tmp_path / 'data')!r}]))"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    work = tmp_path / "data" / ".iccs-work"
    until = time.monotonic() + 60
    while process.poll() is None and not list(work.glob("*/*/*.parquet")) and time.monotonic() < until:
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before it was killed"
    assert work.stat().st_mode & 0o777 == 0o700
    process.send_signal(number)
    process.wait(60)
    assert holding(temporary) == []
    left = {path.name for path in (tmp_path / "data").iterdir()} - {".iccs-work"}
    assert [name for name in left if (tmp_path / "data" / name).is_dir() and holding(tmp_path / "data" / name)] == []
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert not any(path.is_dir() and path.name == "xx_test_incidents" for path in work.iterdir())
    settings = Settings(data=tmp_path / "data")
    (tmp_path / "none").mkdir()
    run_all([list_sources(sources)["xx_test_incidents"]], Session(settings, tmp_path / "none"), named=False)
    assert holding(settings.data) == []


@pytest.mark.parametrize(("umask", "others"), [(0o022, 0o007), (0o077, 0o077)], ids=["usual", "stricter"])
def test_what_is_written_is_for_owner_and_group(tmp_path: Path, umask: int, others: int) -> None:
    """The published file and the kept release too, after a load that is accepted and one that is refused."""
    settings = Settings(data=tmp_path / "data")
    good = tmp_path / "good"
    good.mkdir()
    (good / "a.csv").write_text("".join(",".join(row) + "\n" for row in [COLUMNS, *([GOOD] * 30)]), encoding="utf-8")
    give(tmp_path / "in", "csv")
    before = os.umask(umask)
    try:
        program.prepare_process()
        for folder in (good, tmp_path / "in"):
            run_all([list_sources(SOURCES)["xx_test_incidents"]], Session(settings, folder))
    finally:
        os.umask(before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert settings.published.is_file() and list(settings.releases.glob("*.duckdb"))
    for path in settings.data.rglob("*"):
        assert path.stat().st_mode & others == 0, path
        assert path.is_dir() or path.suffix != ".duckdb" or path.stat().st_mode & 0o222 == 0, path
