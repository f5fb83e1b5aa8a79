"""The same run as a Prefect flow: each source a subflow, each step a task, accounts and refusals as artifacts.

Only this module and ``deployments.py`` import Prefect. No data pass through it: tasks pass on small results with paths.
The partitions of a source of incidents are separate tasks, on threads of this process or on a cluster of Dask or Ray.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from pipelines.harmonise.partition import Partition
from pipelines.harmonise.tally import TallyPartitions, tally_alone, tally_here
from pipelines.notices import notify_of_failure, notify_of_run
from pipelines.reader.release import query
from pipelines.reader.release_changes import read_release_changes
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.running.children import end_with_server
from pipelines.system.running.limits import describe_limit
from pipelines.system.running.steps import Arguments, Result
from pipelines.system.running.workers import Runner, Stopped, divide_limits, parse_runner
from pipelines.system.settings import Settings, load_settings
from schemas.errors import UsageError
from schemas.source import find_sources

logger = logging.getLogger("prefect.iccs")
ACQUIRE_RETRIES = 3
ACQUIRE_RETRY_SECONDS = 10
WAIT_SECONDS = 6 * 3600
"""How long a planned run waits for another that is writing, as several sources may be due in the same minute."""
CATCHING_UP = "catching up"
"""Tag of runs for what was due while nothing was serving."""
FROM_INBOX = "inbox"
"""Tag of runs for files that were put into the inbox."""
_MOST_NAMED = 3
_RECONCILIATION = "SELECT * FROM out.reconciliation ORDER BY source, measure"


def _may_come_later(task: Any, task_run: Any, state: Any) -> bool:
    """Whether to retry: refused data and wrong settings will not change in a second, an unreachable file may."""
    return not isinstance(state.result(raise_on_failure=False), (DataRefused, UsageError))


def run_as_task(
    name: str,
    source: str,
    rows_in: int,
    function: Callable[Arguments, Result],
    /,
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    """Run one step as a task named after step and source: the ``run_step`` of a session in the flow."""
    as_task = task(
        name=name,
        task_run_name=f"{name} {source}",
        retries=ACQUIRE_RETRIES if name == "acquire" else 0,
        retry_delay_seconds=ACQUIRE_RETRY_SECONDS,
        retry_condition_fn=_may_come_later,
        cache_policy=NO_CACHE,
        persist_result=False,
    )

    refused: list[Exception] = []

    def refusing() -> Any:
        """Turn refused data into an outcome with a message, so that the log shows no traceback."""
        try:
            return function(*args, **kwargs)
        except (DataRefused, UsageError) as error:
            refused.append(error)
            return Failed(message=str(error), data=error)

    start = time.perf_counter()
    result = cast("Result", as_task(refusing)())
    if refused:
        raise refused[0]
    seconds = time.perf_counter() - start
    logger.info("%s %s: %s in, %s out, %.1f s, %s", source, name, rows_in, result.rows, seconds, result.summary)
    return result


def _failed(message: str, error: type[Exception]) -> State[Any]:
    """Return the state of a flow that did its work and reports what was refused, without a traceback in its log."""
    get_run_logger().error(message)
    return Failed(message=message, data=error(message))


class _SourceRefused(Exception):
    """A source was refused: its flow fails, and the run continues with the others."""


def take_as_flows(run: Context) -> Callable[[str, Callable[[], str | None]], None]:
    """Return the ``take_source`` of a session: each source is a subflow, which fails if the source is refused.

    Args:
        run: the context of the run's flow, to which these subflows belong in whatever thread they run, as several
            sources are processed at a time.
    """

    def take_source(source: str, attempt: Callable[[], str | None]) -> None:
        run.copy().run(_take_as_flow, source, attempt)

    return take_source


def _take_as_flow(source: str, attempt: Callable[[], str | None]) -> None:
    stopped: list[Stopped] = []

    @flow(name="iccs source", flow_run_name=f"{source} {datetime.now(UTC):%Y-%m-%d}", persist_result=False)
    def take() -> State[Any] | None:
        try:
            message = attempt()
        except Stopped as end:  # an outcome, so that the log shows no traceback
            stopped.append(end)
            message = "stopped with the run"
        return _failed(message, _SourceRefused) if message else None

    with suppress(_SourceRefused):  # the run reports it again at its end
        take()
    if stopped:
        raise stopped[0]


def name_run() -> str:
    """Return the name of a run: its sources, its planned day, and the reason if it was not planned."""
    sources = flow_run.parameters.get("sources") or ["all sources"]
    shown = ", ".join(sources) if len(sources) <= _MOST_NAMED else f"{len(sources)} sources"
    why = "".join(f", {tag}" for tag in (CATCHING_UP, FROM_INBOX) if tag in (flow_run.tags or ()))
    return f"{shown} {flow_run.scheduled_start_time or datetime.now(UTC):%Y-%m-%d}{why}"


def tally_on(runner: Runner) -> TallyPartitions:
    """Return a function that tallies partitions of incidents as tasks on a runner, several at a time.

    On one machine they share its memory limit and threads; on a cluster each task has those of the settings. A single
    partition, and those of a Spark cluster, which distributes its own work, are tallied in this process.

    Raises:
        UsageError: the library of the runner is not installed.
    """
    make_runner = _load_runner(runner)

    def tally_partitions(partitions: Sequence[Partition]) -> Sequence[tuple[Problem, ...]]:
        settings = partitions[0].settings
        own, at_once = divide_limits(settings, len(partitions)) if runner.is_local else (settings, len(partitions))
        if at_once == 1 or settings.engine != "duckdb":
            return tally_here(partitions)
        alone = task(name="tally partition", cache_policy=NO_CACHE, persist_result=False)(tally_alone)

        @flow(
            name="iccs partitions",
            flow_run_name=f"partitions {partitions[0].folder.source_id}",
            task_runner=make_runner(at_once),
            persist_result=False,
        )
        def tally_all() -> list[tuple[Problem, ...]]:
            futures = [
                alone.with_options(task_run_name=f"tally {one.file.name}").submit(replace(one, settings=own))
                for one in partitions
            ]
            return [future.result() for future in futures]

        return tally_all()

    return tally_partitions


def _load_runner(runner: Runner) -> Callable[[int], TaskRunner[Any]]:
    """Return a factory of task runners for a number of concurrent tasks."""
    if runner.kind == "threads":
        return lambda at_once: ThreadPoolTaskRunner(max_workers=at_once)
    try:
        if runner.kind == "dask":
            from prefect_dask import DaskTaskRunner

            if runner.address:
                return lambda _: DaskTaskRunner(address=runner.address)
            own = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
            return lambda at_once: DaskTaskRunner(cluster_kwargs={"n_workers": at_once, **own})
        from prefect_ray import RayTaskRunner
    except ImportError as error:
        raise UsageError(
            f"the runner {runner.kind} needs a library: pip install 'iccs-pipelines[{runner.kind}]'"
        ) from error
    if runner.address:
        return lambda _: RayTaskRunner(address=runner.address)
    return lambda at_once: RayTaskRunner(init_kwargs={"num_cpus": at_once, "include_dashboard": False})


@flow(name="iccs", flow_run_name=name_run, validate_parameters=False)
def publish_crime_statistics(
    sources: list[str] | None = None,
    directory: str | None = None,
    data: str | None = None,
    runner: str | None = None,
) -> dict[str, Any] | State[Any]:
    """Load sources and publish the DuckDB file; fails where a source was refused, after publishing the others.

    For callers in Python. The server offers ``run_on_schedule``, which takes no paths.

    Args:
        sources: which sources; default all that have files.
        directory: folder with the files as published; default ``input`` in the data folder.
        data: data folder; default ICCS_DATA, else ``data`` in the current folder.
        runner: what takes the partitions of incidents; default ICCS_RUNNER, else ``threads``.

    Raises:
        RuntimeError: a source was refused, or no file of any source was found; says which and why.
        UsageError: there is no such directory or runner, or the library of the runner is not there.
    """
    return _publish(load_settings(data, runner=runner), sources, Path(directory).resolve() if directory else None)


@flow(name="iccs", flow_run_name=name_run)
def run_on_schedule(sources: list[str] | None = None) -> dict[str, Any] | State[Any]:
    """Load sources and publish the DuckDB file: the flow of ``iccs serve``.

    Data folder and runner are those that ``iccs serve`` was started with (ICCS_DATA, ICCS_RUNNER), so that nobody who
    can start a run in the web UI can have other folders read or written.

    Args:
        sources: which sources; default all that have files.

    Raises:
        RuntimeError: a source was refused, or no file of any source was found; says which and why.
        UsageError: there is no such source.
    """
    end_with_server()
    return _publish(load_settings(), sources, None)


def _publish(settings: Settings, sources: list[str] | None, directory: Path | None) -> dict[str, Any] | State[Any]:
    """Run, store the accounts of this run as artifacts, and fail if it did not do what a schedule expects."""
    runner = parse_runner(settings.runner)
    session = Session(
        settings,
        directory,
        run_step=run_as_task,
        take_source=take_as_flows(copy_context()),
        tally_partitions=tally_on(runner),
        wait_seconds=WAIT_SECONDS,
        workers=settings.threads,
    )
    try:
        with notify_of_failure(settings, logger.error):
            result = run_all(find_sources(sources or []), session, named=bool(sources))
    except Exception as error:  # of any library that ran out of memory or disk; all others are raised again
        limit = describe_limit(error, settings)
        if limit is None:
            raise
        notes = getattr(error, "__notes__", [])
        return _failed(
            "\n".join([*notes, limit.summary, f"the last release is unchanged; {limit.to_do}"]), RuntimeError
        )
    _write_artifacts(result, settings)
    if result.freed.summary:
        logger.info("%s", result.freed.summary)
    for line in (*result.left, *notify_of_run(result, settings)):
        logger.error(line)
    wrong = [f"{refusal.source}: {refusal.message}" for refusal in result.refused]
    if not (result.loaded or result.unchanged or wrong):  # an unmounted folder must not look like a quiet week
        wrong = [f"no file of any source was found in {result.searched}; the last release stays"]
    wrong += _build_site(settings)
    if wrong:
        return _failed("\n\n".join(wrong), RuntimeError)
    return {
        "loaded": list(result.loaded),
        "unchanged": list(result.unchanged),
        "absent": list(result.absent),
        "release": result.publication.release if result.publication else None,
    }


def _build_site(settings: Settings) -> list[str]:
    """Build the site of the current release, if one is wanted; return why it could not be built."""
    if settings.site is None or not settings.published.is_file():
        return []
    from pipelines.reader.site.build import try_to_build_site

    built = try_to_build_site(settings, settings.site)
    return [built] if isinstance(built, str) else []


def _write_artifacts(result: RunResult, settings: Settings) -> None:
    """Store the reconciliation of the sources loaded in this run, and the problems of those refused."""
    taken = [*result.loaded, *result.unchanged]
    if taken and settings.published.is_file():
        table = [row for row in query(_RECONCILIATION, settings).records() if row["source"] in taken]
        note = "Rows and counts of the sources loaded by this run: read = used + excluded + rejected."
        create_table_artifact(key="reconciliation", table=table, description=note)
    if result.publication is not None:
        _write_changes(settings)
    if result.refused:
        problems = [f"## {_plain(one.source)}\n\n{_plain(one.message)}" for one in result.refused]
        note = "Sources refused by this run. Their last good vintages, if any, stay published."
        create_markdown_artifact(key="problems", markdown="\n\n".join(problems), description=note)


def _write_changes(settings: Settings) -> None:
    """Store what the release of this run changed (how many figures, why, the largest), and the quality pages."""
    found = read_release_changes(settings)
    reports = settings.published.parent / "quality"
    lines = [
        f"Changed since release {found.against}." if found.against else "The first release, or one without changes.",
        f"Quality of each source: {reports}",
    ]
    for row in found.sources:
        kinds = ", ".join(f"{name} {row[name]}" for name in row if name not in ("source", "reasons") and row[name])
        lines.append(f"{row['source']}: {kinds}. {' '.join(row['reasons'].values())}")
    create_markdown_artifact(key="changes", markdown="\n\n".join(_plain(line) for line in lines))
    if found.largest:
        note = "The largest changes since the last release, at most ten."
        create_table_artifact(key="largest-changes", table=found.largest, description=note)


def _plain(text: str) -> str:
    """Return Markdown that shows a text, which may quote a file, literally; each line is a paragraph."""
    return re.sub(r"([^\w\s,;:/'\"=%-])", r"\\\1", text.strip()).replace("\n", "\n\n")
