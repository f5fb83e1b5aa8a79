"""The same statements on DuckDB and on Spark give the same rows: a master with two workers, and over Spark Connect.

Needs pyspark (``pip install .[spark]``) and Java; skipped where either is absent. About two minutes.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.collect.acquire import acquire
from pipelines.harmonise.tally import Tallied, tally
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder, find_sources, list_sources

ROOT = Path(__file__).parents[3]
needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs the extra [spark] and Java",
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["standalone", "connect"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster that runs on this machine only, for as long as the tests need it."""
    folder = tmp_path_factory.mktemp("spark")
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # a Java that lives for a minute and has little to do
    defaults = {
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.driver.extraJavaOptions": quick,
        "spark.executor.extraJavaOptions": quick,
    }
    lines = [f"{name} {value}\n" for name, value in defaults.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONF_DIR": str(folder), "SPARK_DAEMON_JAVA_OPTS": quick}
    started: list[subprocess.Popen[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            yield (_start_standalone if request.param == "standalone" else _start_connect)(folder, started)
        finally:
            for run in reversed(started):
                run.terminate()
            for run in started:
                run.wait(30)


def _start(folder: Path, started: list[subprocess.Popen[bytes]], program: str, *arguments: str) -> None:
    import pyspark

    home = Path(pyspark.__file__).parent
    with (folder / f"{len(started)}.log").open("w") as log:
        started.append(
            subprocess.Popen(
                [str(home / "bin" / program), *arguments],
                env={**os.environ, "SPARK_HOME": str(home)},
                stdout=log,
                stderr=log,
            )
        )


def _start_standalone(folder: Path, started: list[subprocess.Popen[bytes]]) -> str:
    port, page = _free_port(), _free_port()
    address = f"spark://127.0.0.1:{port}"
    deploy = "org.apache.spark.deploy"
    master = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page))
    _start(folder, started, "spark-class", f"{deploy}.master.Master", *master)
    for number in range(2):
        worker = ("-c", "1", "-m", "1g", "-d", str(folder / f"worker{number}"), address)
        _start(folder, started, "spark-class", f"{deploy}.worker.Worker", *worker)
    _wait_until(lambda: _workers(page) == 2)
    return address


def _start_connect(folder: Path, started: list[subprocess.Popen[bytes]]) -> str:
    port = _free_port()
    binding = "spark.connect.grpc.binding"
    options = ["--master", "local[2]", "--conf", f"{binding}.address=127.0.0.1", "--conf", f"{binding}.port={port}"]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    _start(folder, started, "spark-submit", *options, "--class", server, "spark-internal")
    _wait_until(lambda: _answers(port))
    return f"sc://127.0.0.1:{port}"


def _wait_until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < deadline, "the cluster did not start"
        time.sleep(0.5)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _workers(page: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/", timeout=5) as answer:
            return answer.read().decode().count('"state" : "ALIVE"')
    except OSError:
        return 0


def _tally(folder: SourceFolder, directory: Path, settings: Settings) -> Tallied:
    work = make_work_folder(settings) / folder.source_id
    work.mkdir(exist_ok=True)
    return tally(folder, acquire(folder, settings, directory), settings, work)


def _difference(one: Tallied, other: Tallied) -> dict[str, tuple[int, int, int]]:
    found = {}
    with duckdb.connect() as connection:
        for part in ("tally", "disposed", "mapped", "rejected"):
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
def test_labels_and_names_of_files_are_text(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, cluster: str
) -> None:
    """For Spark a backslash takes the meaning from a quote behind it."""
    labels = [
        "it's",
        'say "a"',
        "back\\slash\\",
        "\\'",
        '\\"',
        "a`b",
        "a.b",
        "{{rows}}",
        "*",
        "exclusion",
        "_corrupt_record",
    ]
    rows = [[*row, *labels] for row in [*made.rows(200), ["F", "soon", "MX-JAL", "H1", "man", "30", "Person"]]]
    given = tmp_path / "in"
    given.mkdir()
    with (given / "it's \\' OR 1 = 1 --.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([[*made.header, *labels], *rows])
    pq.write_table(
        pa.table([list(column) for column in zip(*rows[::2], strict=True)], [*made.header, *labels]),
        given / "\\' a.parquet",
    )

    found = _same(folder, given, settings, cluster)

    assert [(more, less) for _, more, less in found.values()] == [(0, 0)] * 4
    assert all(rows > 0 for rows, _, _ in found.values())


@needs_spark
def test_points_lie_in_the_same_areas(tmp_path: Path, settings: Settings, cluster: str) -> None:
    """Points everywhere, on every half degree (so on borders and corners too), and coordinates that are none."""
    random = Random(9)
    spots = [(f"{random.uniform(-104.5, -97):.6f}", f"{random.uniform(18.8, 24.2):.6f}") for _ in range(3000)]
    spots += [(f"{x / 2}", f"{y / 2}") for x in range(-209, -194) for y in range(37, 49)]
    spots += [("", ""), ("20", "-103"), ("-103,5", "20,5"), ("nan", "inf"), ("", "20"), ("1e300", "-1e300")]
    given = tmp_path / "in"
    given.mkdir()
    lines = [f"2021-0{1 + number % 9}-11,{x!r},{y!r},H1".replace("'", '"') for number, (x, y) in enumerate(spots)]
    (given / "a.csv").write_text("\n".join(["day,lon,lat,offence", *lines]) + "\n", encoding="utf-8")
    folder = list_sources(Path(__file__).parent / "sources")["xx_test_points"]
    folder.__dict__["source"] = folder.source.model_copy(update={"rejected_share_limit": 1.0})

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
    assert found["tally"][0] > 0


@needs_spark
def test_a_truncated_file_is_refused_in_one_line_without_the_stack_of_java(
    made: SimpleNamespace, tmp_path: Path, folder: SourceFolder, settings: Settings, cluster: str
) -> None:
    whole = gzip.compress(made.write(tmp_path / "a.csv", made.rows(2000)).read_bytes())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DataRefused) as refused:
        _tally(folder, tmp_path / "in", replace(settings, engine=cluster))

    (problem,) = refused.value.problems
    assert problem.rule == "file_truncated"
    assert "\n" not in problem.found


@needs_spark
def test_a_list_without_words_is_a_list_on_a_cluster_too(tmp_path: Path, settings: Settings, cluster: str) -> None:
    """A source whose ages are all numbers has no words of ages: its list is empty, and has its columns."""
    from pipelines.harmonise.spark import SparkEngine

    engine = SparkEngine(replace(settings, engine=cluster))
    try:
        empty = {"word": pa.array([], pa.string()), "id": pa.array([], pa.int32()), "day": pa.array([], pa.date32())}
        engine.add_list("list_age", pa.table(empty))
        engine.run("SELECT word, id, day FROM list_age", tmp_path / "empty.parquet")
    finally:
        engine.close()

    with duckdb.connect() as connection:
        table = connection.sql(f"FROM read_parquet('{tmp_path / 'empty.parquet'}/*.parquet')")
        assert [str(one) for one in table.types] == ["VARCHAR", "INTEGER", "DATE"]
        assert table.fetchall() == []


@pytest.mark.parametrize("statement", ["""SELECT 'a\\' FROM raw""", 'SELECT r."a\\" FROM raw AS r'])
def test_a_quoted_text_that_spark_would_end_elsewhere_is_refused(statement: str, tmp_path: Path) -> None:
    """Before anything is asked of a cluster, so none is needed here."""
    from pipelines.harmonise.spark import SparkEngine

    with pytest.raises(UsageError, match="backslash"):
        object.__new__(SparkEngine).run(statement, tmp_path / "a.parquet")


def test_without_the_extra_the_message_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from pipelines.harmonise.spark import SparkEngine

    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"pip install 'iccs-pipelines\[spark\]'"):
        SparkEngine(replace(settings, engine="local[1]"))
