"""The same run as a Prefect flow: each step a task, retries on acquiring only, the reconciliation as an artifact.

The only module that imports Prefect. Nothing of the data goes through it: tasks hand on small results with paths.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.schedules import CronSchedule

from pipelines.errors import DataRefused, UsageError
from pipelines.run import RunResult, rows_of, run_all
from pipelines.settings import load_settings
from pipelines.source import find_sources
from pipelines.warehouse import query

logger = logging.getLogger("prefect.iccs")

ACQUIRE_RETRIES = 3
ACQUIRE_RETRY_SECONDS = 10


def check_cron(cron: str) -> None:
    """Refuse a cron line that Prefect would not take.

    Raises:
        UsageError: it is not one.
    """
    try:
        CronSchedule(cron=cron)
    except ValueError as error:
        raise UsageError(f"--cron {cron!r} is not a cron line; example: 0 6 * * 1 (Mondays at six, UTC)") from error


def _may_come_later(task: Any, task_run: Any, state: Any) -> bool:
    """Refused data are not better a second later; only faults of reaching the file are tried again."""
    return not isinstance(state.result(raise_on_failure=False), DataRefused)


def run_as_task(name: str, source: str, rows_in: int, function: Callable[..., Any], *arguments: object) -> Any:
    """Run one step as a task named after step and source; give it to ``run_all`` in place of the plain call."""
    as_task = task(
        name=name,
        task_run_name=f"{name} {source}",
        retries=ACQUIRE_RETRIES if name == "acquire" else 0,
        retry_delay_seconds=ACQUIRE_RETRY_SECONDS,
        retry_condition_fn=_may_come_later,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    step: Any = as_task(function)
    start = time.perf_counter()
    result = step(*arguments)
    seconds = time.perf_counter() - start
    logger.info("%s %s: %s in, %s out, %.1f s, %s", source, name, rows_in, rows_of(result), seconds, result.summary)
    return result


@flow(name="iccs", validate_parameters=False)
def publish_crime_statistics(
    sources: list[str] | None = None, directory: str | None = None, data: str | None = None
) -> dict[str, Any]:
    """Load sources and publish the DuckDB file; fails where a source was refused, after publishing the others.

    Args:
        sources: which sources; default all that have files.
        directory: folder with the files as published; default ``input`` in the data folder.
        data: data folder; default ICCS_DATA, else ``data`` in the current folder.

    Raises:
        DataRefused: a source was refused.
    """
    settings = load_settings(data)
    where = Path(directory).resolve() if directory else None
    result: RunResult = run_all(find_sources(sources or []), settings, where, run_as_task, named=bool(sources))
    if settings.published.is_file():
        table = query("SELECT * FROM out.reconciliation ORDER BY source, measure", settings).records()
        note = "Rows and counts: read = used + excluded + rejected."
        create_table_artifact(key="reconciliation", table=table, description=note)
    if result.refused:
        raise RuntimeError("\n\n".join(f"{refusal.source}: {refusal.message}" for refusal in result.refused))
    return {
        "loaded": list(result.loaded),
        "unchanged": list(result.unchanged),
        "absent": list(result.absent),
        "release": result.publication.release if result.publication else None,
    }
