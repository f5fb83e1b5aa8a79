"""What all sources of a run have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.harmonise.tally import TallyPartitions, tally_here
from pipelines.system.running.steps import RunStep, plain_step
from pipelines.system.settings import Settings
from pipelines.tabulate.rules import Suite


def take_plainly(source: str, attempt: Callable[[], str | None]) -> None:
    """Process one source; an orchestrator does more around it."""
    attempt()


@dataclass(frozen=True)
class Session:
    """What all sources of a run have in common.

    Attributes:
        settings: where data live, and limits.
        directory: where the files are; default ``data/input``.
        run_step: how a step is run (see ``steps``).
        take_source: how a source is processed, given its name and a function that processes it and returns any refusal.
        suite: checks the structure of cells; None skips those rules.
        tally_partitions: how the partitions of a source of incidents are tallied.
        source_folders: where all sources are declared; default: those of the package.
        wait_seconds: how long to wait if another run holds the lock.
        workers: how many small sources to process at a time, each in its own thread if more than one.
        accepted_loss: why it is intended that the load lost most of what the previous vintage had.
        given: the files of the directory to take, each with the number of its layout; default: all.
    """

    settings: Settings
    directory: Path | None = None
    run_step: RunStep = field(default_factory=plain_step)
    take_source: Callable[[str, Callable[[], str | None]], None] = take_plainly
    suite: Suite | None = None
    tally_partitions: TallyPartitions = tally_here
    source_folders: Path | None = None
    wait_seconds: float = 0
    workers: int = 1
    accepted_loss: str | None = None
    given: tuple[tuple[Path, int], ...] | None = None
