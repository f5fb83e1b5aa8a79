"""What a Prefect server plans: deployments of the flow, runs started at once, and notices of its own automations."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner as FlowRunner
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from pipelines.flows import run_on_schedule
from pipelines.system.running.children import end_children
from schemas.definition.publication_calendar import Calendar
from schemas.errors import UsageError

ALL_SOURCES = "scheduled"
"""Name of the deployment that runs every source; one for a single source has its name."""


@dataclass(frozen=True)
class Deployment:
    """What is planned: a name, the sources to run (None for all), and when."""

    name: str
    sources: tuple[str, ...] | None
    calendar: Calendar

    @property
    def schedule(self) -> Schedule:
        """The schedule in Prefect's terms."""
        return Cron(self.calendar.cron, timezone=self.calendar.time_zone)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of its runs."""
        return {} if self.sources is None else {"sources": list(self.sources)}


class _Runner(FlowRunner):
    """Starts the runs until SIGTERM or Ctrl-C, which end it and the current runs.

    The library's own runner waits, in its SIGTERM handler, for a coroutine that is no longer run; and if its coroutine
    is cancelled, it waits for the runs, however long they take.
    """

    async def serve(self) -> None:
        """Start runs when they are due, until the process is asked to end."""
        loop, serving = asyncio.get_running_loop(), asyncio.current_task()
        self._stop = lambda: loop.call_soon_threadsafe(serving.cancel) if serving else None
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.handle_sigterm)
        with suppress(asyncio.CancelledError):
            await self.start()

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        """End ``serve`` and the runs; ``start`` installs this as the signal handler."""
        end_children(multiprocessing.active_children())
        stop: Callable[[], object] = self._stop
        stop()


def register(deployments: Sequence[Deployment]) -> tuple[_Runner, dict[str, UUID]]:
    """Register the flow with the local server once for each deployment; remove those of an earlier start.

    The server then deletes runs that it planned for an earlier registration.

    Returns:
        The runner that starts the runs when they are due, and the identifier of each deployment by name.
    """
    runner = _Runner(name=ALL_SOURCES, pause_on_shutdown=False)
    found = {}
    for one in deployments:
        # A coroutine only where an event loop is running already.
        found[one.name] = cast(
            "UUID",
            runner.add_flow(run_on_schedule, name=one.name, schedule=one.schedule, parameters=one.parameters),
        )
    with get_client(sync_client=True) as client:
        for old in client.read_deployments():
            if old.id not in found.values():
                client.delete_deployment(old.id)
    return runner, found


def start_run(deployment: UUID, sources: Sequence[str] | None, why: str) -> None:
    """Have the server start one run of a deployment now.

    Args:
        deployment: its identifier.
        sources: which sources; None for all.
        why: ``CATCHING_UP`` or ``FROM_INBOX``, a tag of the run.
    """
    with get_client(sync_client=True) as client:
        client.create_flow_run_from_deployment(
            deployment,
            tags=[why],
            parameters={"sources": list(sources)} if sources else {},
        )


def deploy(deployments: Sequence[Deployment], pool: str, environment: dict[str, str], folder: Path) -> list[str]:
    """Register deployments with the server of PREFECT_API_URL, for the workers of a pool; return their names.

    Args:
        deployments: what to plan.
        pool: a work pool of type process, whose workers have this package installed.
        environment: variables for the runs.
        folder: their working folder.

    Raises:
        UsageError: the server has no such pool, or it is of another type.
    """
    with get_client(sync_client=True) as client:
        try:
            kind = client.read_work_pool(pool).type
        except ObjectNotFound as error:
            raise UsageError(
                f"the Prefect server has no work pool {pool!r}; create it: prefect work-pool create {pool} --type "
                "process"
            ) from error
    if kind != "process":
        raise UsageError(f"the work pool {pool!r} is of type {kind}; iccs deploy needs a pool of type process")
    for one in deployments:
        made = run_on_schedule.to_deployment(
            name=one.name,
            schedule=one.schedule,
            parameters=one.parameters,
            work_pool_name=pool,
            job_variables={"env": environment, "working_dir": str(folder)},
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        cast("RunnerDeployment", made).apply()
    return [one.name for one in deployments]


def add_automations(deployments: Sequence[str], block: str, silent_days: int) -> list[str]:
    """Have the server of PREFECT_API_URL send notices by its own automations; return their names.

    It also notices what a run cannot report itself: that its process was killed, or that no worker picks it up.

    Args:
        deployments: names of the deployments, on the server, whose runs are watched.
        block: a notification block on the server, ``type/name``.
        silent_days: days without a successful run after which a notice is sent; 0 for never.

    Raises:
        UsageError: the server has no such block, or the block sends no notices.
    """
    with get_client(sync_client=True) as client:
        kind, _, name = block.partition("/")
        try:
            found = client.read_block_document_by_name(name=name, block_type_slug=kind)
        except ObjectNotFound as error:
            raise UsageError(
                f"the Prefect server has no block {block!r}; create one, such as custom-webhook/office: prefect block "
                "create custom-webhook"
            ) from error
        capabilities = found.block_schema.capabilities if found.block_schema else []
        if "notify" not in capabilities:
            raise UsageError(
                f"the block {block!r} cannot send notices; blocks that can: custom-webhook, slack-webhook, ..."
            )
        watched = [f"prefect.deployment.{client.read_deployment_by_name(f'iccs/{one}').id}" for one in deployments]
        made = [
            AutomationCore(name=title, trigger=trigger, actions=[_notice(found.id, title)])
            for title, trigger in _triggers(watched, silent_days).items()
        ]
        for one in made:
            for old in client.read_automations_by_name(one.name):
                client.delete_automation(old.id)
            client.create_automation(one)
    return [one.name for one in made]


def _triggers(watched: list[str], silent_days: int) -> dict[str, EventTrigger]:
    """Return the triggers of notices on runs of these deployments, by title."""
    of_ours = ResourceSpecification({"prefect.resource.role": "deployment", "prefect.resource.id": watched})
    run = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
    ended_badly = EventTrigger(
        match=run,
        match_related=of_ours,
        expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.Late"},
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    triggers = {"iccs: a planned run failed, crashed or is late": ended_badly}
    if silent_days:
        triggers[f"iccs: no planned run ended well for {silent_days} days"] = EventTrigger(
            match=run,
            match_related=of_ours,
            expect={"prefect.flow-run.Completed"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(days=silent_days),
        )
    return triggers


def _notice(block: UUID, title: str) -> SendNotification:
    """Return the message of an automation; it has no values of files, which ``iccs status`` shows."""
    body = (
        "{{ flow_run.name }}: {{ flow_run.state.name }}. For what was refused and why, see iccs status, or "
        "the page of the run."
    )
    silent = "No scheduled run has succeeded; see iccs status."
    return SendNotification(block_document_id=block, subject=title, body=silent if "ended well" in title else body)


def next_planned_run(deployment: UUID) -> datetime | None:
    """Return the time of the next run planned by the server's own scheduler; None if it planned none."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        )
    now = datetime.now(UTC)
    planned = (run.expected_start_time for run in runs if run.auto_scheduled)
    return min((moment for moment in planned if moment is not None and moment > now), default=None)
