"""The same statements on DuckDB and on a Spark cluster (a master and two workers) give the same rows.

Needs pyspark (``pip install .[spark]``) and Java; skipped where either is absent. About a minute.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.incidents import Tallied, tally
from pipelines.partitions import acquire_partitions
from pipelines.settings import Settings
from pipelines.source import SourceFolder, find_sources

ROOT = Path(__file__).parents[2]
needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs the extra [spark] and Java",
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import pyspark

    folder = tmp_path_factory.mktemp("spark")
    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    port, page = _free_port(), _free_port()
    address = f"spark://127.0.0.1:{port}"
    deploy = "org.apache.spark.deploy"
    commands = [
        [f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page)],
        *[[f"{deploy}.worker.Worker", "-c", "1", "-m", "1g", "-d", str(folder / str(n)), address] for n in range(2)],
    ]
    started = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"{number}.log").open("w") as log:
                run = subprocess.Popen(
                    [str(home / "bin" / "spark-class"), *command], env=environment, stdout=log, stderr=log
                )
            started.append(run)
        deadline = time.monotonic() + 120
        while _workers(page) < 2:
            assert time.monotonic() < deadline, "the cluster did not start"
            time.sleep(0.5)
        yield address
    finally:
        for run in reversed(started):
            run.terminate()
        for run in started:
            run.wait(30)


def _workers(page: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/", timeout=5) as answer:
            return answer.read().decode().count('"state" : "ALIVE"')
    except OSError:
        return 0


def _tally(folder: SourceFolder, directory: Path, settings: Settings) -> Tallied:
    work = settings.work / folder.source_id
    work.mkdir(parents=True, exist_ok=True)
    return tally(folder, acquire_partitions(folder, settings, directory), settings, work)


def _difference(one: Tallied, other: Tallied) -> dict[str, tuple[int, int, int]]:
    found = {}
    with duckdb.connect() as connection:
        for part in ("base", "disposed", "mapped", "rejected"):
            tables = [f"SELECT * FROM read_parquet({tallied.parts(part)!r})" for tallied in (one, other)]
            ((rows,),) = connection.execute(f"SELECT count(*) FROM ({tables[0]})").fetchall()
            ((more,),) = connection.execute(f"SELECT count(*) FROM ({tables[0]} EXCEPT ALL {tables[1]})").fetchall()
            ((less,),) = connection.execute(f"SELECT count(*) FROM ({tables[1]} EXCEPT ALL {tables[0]})").fetchall()
            found[part] = (rows, more, less)
    return found


def _same(folder: SourceFolder, directory: Path, settings: Settings, cluster: str) -> dict[str, tuple[int, int, int]]:
    embedded = _tally(folder, directory, settings)
    there = _tally(folder, directory, replace(settings, data=settings.data / "spark", engine=cluster))
    assert there.reused == 0
    assert embedded.rows == there.rows
    assert [fact["malformed"] for fact in embedded.facts] == [fact["malformed"] for fact in there.facts]
    return _difference(embedded, there)


@needs_spark
def test_dirty_incidents_give_the_same_rows(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, cluster: str
) -> None:
    random = Random(5)
    rows = made.rows(4000, 1, 2021) + made.rows(4000, 2, 2022)
    faults = [(1, "2021-02-30"), (1, "2999-01-01"), (1, "soon"), (2, "XX"), (4, "men"), (5, "140"), (5, "x"), (3, "Q")]
    for column, value in faults * 10:
        random.choice(rows)[column] = value
    lines = [",".join(row) for row in rows]
    for number in random.sample(range(8000), 40):
        lines[number] = lines[number].rsplit(",", 2)[0] if number % 2 else lines[number] + ",more"
    lines[77] = lines[77].replace(",", ',"', 1).replace(",MX", '",MX', 1)  # a quoted field
    given = tmp_path / "in"
    given.mkdir()
    for part in range(2):
        text = "\n".join([",".join(made.header), *lines[part::2]]) + "\n"
        (given / f"{part}.csv").write_text(text, encoding="utf-8")

    found = _same(folder, given, settings, cluster)

    assert [(more, less) for _, more, less in found.values()] == [(0, 0)] * 4
    assert all(rows > 0 for rows, _, _ in found.values())


@needs_spark
@pytest.mark.parametrize("source", ["us_fbi_shr", "co_policia_homicides"])
def test_national_microdata_give_the_same_rows(source: str, settings: Settings, cluster: str) -> None:
    (folder,) = find_sources([source])
    place = "extracts" if source == "us_fbi_shr" else "golden"

    found = _same(folder, ROOT / "tests" / place / source, settings, cluster)

    assert [(more, less) for _, more, less in found.values()] == [(0, 0)] * 4
    assert found["base"][0] > 0


def test_without_the_extra_the_message_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from pipelines.spark import SparkEngine

    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"pip install 'iccs-pipelines\[spark\]'"):
        SparkEngine(replace(settings, engine="local[1]"))
