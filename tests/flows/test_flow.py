"""The Prefect flow: same result as the plain run, steps as tasks, retries on acquiring only, an artifact."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from publisher import gives, publishing
from tiny_source import Tiny

from schemas.source import list_sources

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    prefect_testing = pytest.importorskip("prefect.testing.utilities")
    with prefect_testing.prefect_test_harness(server_startup_timeout=240):
        yield


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for source in ("eu_crim_off_cat", "wb_population"):
        shutil.copytree(ROOT / "data" / "input" / source, tmp_path / "input" / source)
    return tmp_path


def test_the_flow_publishes_and_leaves_the_reconciliation_as_an_artifact(server: None, data: Path) -> None:
    from prefect.client.orchestration import get_client

    from pipelines.flows import publish_crime_statistics

    result = publish_crime_statistics(data=str(data))
    assert result["loaded"] == ["eu_crim_off_cat", "wb_population"]
    with duckdb.connect(str(data / "published" / "crime.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT release FROM out.release").fetchall() == [(result["release"],)]
        closing = connection.execute("SELECT count(*) FROM out.reconciliation WHERE closes").fetchall()[0][0]
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts()
        runs = client.read_task_runs()
    assert {"changes", "reconciliation"} <= {artifact.key for artifact in artifacts}
    table = next(artifact for artifact in artifacts if artifact.key == "reconciliation")
    assert table.type == "table"
    assert str(table.data).count('"closes": true') == closing == 3
    steps = {run.name.split()[0] for run in runs if run.name.split()[0] != "iccs"}  # a source's own flow is a run too
    assert steps == {"acquire", "read", "conform", "account", "aggregate", "check", "store", "publish"}


def _logged(awaited: str, since: datetime) -> str:
    """What the server has of the logs of runs since then, once it has a message: they are sent every two seconds."""
    from prefect.client.orchestration import get_client

    text = ""
    deadline = time.monotonic() + 30
    with get_client(sync_client=True) as client:
        while awaited not in text and time.monotonic() < deadline:
            time.sleep(0.5)
            text = "\n".join(log.message for log in client.read_logs() if log.timestamp >= since)
    assert awaited in text
    return text


@dataclass(frozen=True)
class _Result:
    rows: int = 1
    summary: str = "one file"


def test_only_acquiring_is_tried_again(server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect import flow

    from pipelines import flows

    monkeypatch.setattr(flows, "ACQUIRE_RETRY_SECONDS", 0)
    calls: dict[str, int] = {}

    def fails_twice(name: str) -> Any:
        calls[name] = calls.get(name, 0) + 1
        if calls[name] < 3:
            raise OSError("the server did not answer")
        return _Result()

    @flow(name="acquire again")
    def acquiring() -> str:
        return str(flows.run_as_task("acquire", "xx_test", 0, fails_twice, "acquire").summary)

    @flow(name="read once")
    def reading() -> str:
        return str(flows.run_as_task("read", "xx_test", 0, fails_twice, "read").summary)

    assert acquiring() == "one file"
    assert calls["acquire"] == 3
    with pytest.raises(OSError, match="did not answer"):
        reading()
    assert calls["read"] == 1


def test_refused_data_are_not_tried_again_and_fail_the_flow(server: None, data: Path) -> None:
    from pipelines.flows import publish_crime_statistics

    path = next((data / "input" / "eu_crim_off_cat").iterdir())
    path.write_bytes(b"<!DOCTYPE html><html><body>moved</body></html>")
    with pytest.raises(RuntimeError, match="web page"):
        publish_crime_statistics(data=str(data))
    with duckdb.connect(str(data / "published" / "crime.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT source FROM out.source").fetchall() == [("wb_population",)]


def test_a_run_that_finds_no_file_fails_and_one_that_refuses_leaves_its_problems(server: None, data: Path) -> None:
    """The artifacts are those of this run: not the reconciliation of a release that an earlier one published."""
    from prefect.client.orchestration import get_client

    from pipelines.flows import publish_crime_statistics

    publish_crime_statistics(data=str(data))
    with pytest.raises(RuntimeError, match=r"no file of any source was found in .*input; the last release stays"):
        shutil.rmtree(data / "input")
        (data / "input").mkdir()
        publish_crime_statistics(data=str(data))
    (data / "input" / "eu_crim_off_cat").mkdir()
    (data / "input" / "eu_crim_off_cat" / "estat_crim_off_cat.tsv").write_bytes(b"<!DOCTYPE html><html></html>")
    began = datetime.now(UTC)
    with get_client(sync_client=True) as client:
        before = {artifact.id for artifact in client.read_artifacts()}
        with pytest.raises(RuntimeError, match="web page"):
            publish_crime_statistics(data=str(data))
        new = [artifact for artifact in client.read_artifacts() if artifact.id not in before]
    new = [artifact for artifact in new if artifact.key]  # the others are results of tasks
    assert [artifact.key for artifact in new] == ["problems"]
    assert _logged("web page", began).count("Traceback") == 0, "refused data are no fault of the program"
    assert "web page" in str(new[0].data)
    assert "eu_crim_off_cat" in str(new[0].data)


NAME = "Zzsecret"


def test_no_name_of_a_person_reaches_the_database_of_the_server(
    server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by refused rows, nor by a wrong header, nor by an error of the program that quotes a row."""
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    from pipelines import flows, run, source_steps

    sources = list_sources(ROOT / "tests" / "harmonise" / "incidents" / "sources")
    monkeypatch.setattr(flows, "find_sources", lambda *_, **__: [sources["xx_test_incidents"]])
    monkeypatch.setattr(run, "list_sources", lambda *_: sources)
    header = "folio,day,place,offence,sex,age,name\n"
    row = f"F1,2021-01-02,MX-JAL,H1,man,30,{NAME} Own\n"

    def refused(folder: Path, text: str) -> str:
        (folder / "input").mkdir(parents=True)
        (folder / "input" / "a.csv").write_text(text, encoding="utf-8")
        with pytest.raises(RuntimeError) as told:
            flows.publish_crime_statistics(data=str(folder))
        return str(told.value)

    said = refused(tmp_path / "rows", header + row * 3 + row.replace("man", f"see {NAME}") + f"{NAME} alone\n")
    said += refused(tmp_path / "label", header.replace("sex", NAME) + row)
    monkeypatch.setattr(source_steps, "account", lambda *_: (_ for _ in ()).throw(ValueError(f"cannot convert {NAME}")))
    said += refused(tmp_path / "fault", header + row)
    assert "ValueError" in said
    with get_client(sync_client=True) as client:
        failed = [task.state.message for task in client.read_task_runs() if task.state and task.state.is_failed()]
    assert any("ValueError; its text is not recorded" in str(message) for message in failed)
    url = str(get_current_settings().server.database.connection_url.get_secret_value())
    database = Path(url.split("///", 1)[1])
    content = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"xx_test_incidents" in content
    assert NAME.encode() not in content and NAME not in said


def test_sources_are_taken_side_by_side_as_parts_of_one_run_and_a_secret_is_in_nothing_it_leaves(
    server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two publishers that each wait until the other is asked: one after the other would never end."""
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    from pipelines import flows, run

    both = threading.Barrier(2, timeout=30)
    with publishing() as publisher:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv(f"ICCS_SECRET_127_0_0_1_{publisher.port}", f"X-Api-Key: {NAME}")
        tiny = Tiny(tmp_path)
        for name in ("xx_one", "xx_two"):
            rows = f"area,year,code,n\nMX-JAL,2024,HOM,{len(name)}\nMX-COL,2024,HOM,{1 if name == 'xx_one' else 2}\n"
            given = gives(rows.encode())

            def waits(handler: Any, given: Any = given) -> None:
                both.wait()
                given(handler)

            publisher.pages[f"{name}.csv"] = waits
            tiny.name = name
            address = publisher.address(f"{name}.csv")
            tiny.declare_plain(f"acquire: [{{address: '{address}'}}]\n", scheme="code")
        publisher.pages["xx_three.csv"] = gives(b"<!DOCTYPE html><html></html>")
        tiny.name = "xx_three"
        tiny.declare_plain(f"acquire: [{{address: '{publisher.address('xx_three.csv')}'}}]\n", scheme="code")
        known = list_sources(tiny.sources)
        settings = replace(tiny.settings, threads=2, acquire_from=(publisher.origin,))
        monkeypatch.setattr(flows, "find_sources", lambda *_, **__: [known[name] for name in sorted(known)][::-1])
        monkeypatch.setattr(run, "list_sources", lambda *_: known)
        monkeypatch.setattr(flows, "load_settings", lambda *_, **__: settings)
        with pytest.raises(RuntimeError, match="xx_three: The address returned a web page"):
            flows.publish_crime_statistics()
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        assert connection.execute("SELECT source FROM out.source ORDER BY ALL").fetchall() == [("xx_one",), ("xx_two",)]
    with get_client(sync_client=True) as client:
        runs = {one.name.split()[0]: one for one in client.read_flow_runs() if one.name.split()[0] in known}
        parents = {one.parent_task_run_id for one in runs.values()}
        assert set(runs) == set(known) and None not in parents, "parts of the run, and not runs of their own"
        assert runs["xx_three"].state_name == "Failed" and runs["xx_one"].state_name == "Completed"
    events = [json.loads(line) for line in (settings.logs / "iccs.jsonl").read_text().splitlines()]
    assert {event["source"] for event in events if event["step"] == "fetch"} == {"xx_one", "xx_two"}
    assert [event["level"] for event in events if event["step"] == "end"].count("error") == 1
    url = str(get_current_settings().server.database.connection_url.get_secret_value())
    database = Path(url.split("///", 1)[1])
    left = [*database.parent.glob(f"{database.name}*"), *(path for path in tmp_path.rglob("*") if path.is_file())]
    assert publisher.headers("x-api-key").count(NAME) == 3
    assert NAME.encode() not in b"".join(path.read_bytes() for path in left)
