"""The steps of one source, from its files to a stored vintage.

The steps share one connection, opened and closed here, and leave their tables in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from pipelines.collect.acquire import Acquired, acquire
from pipelines.collect.definition_sql import check_definition_sql, sql_limits
from pipelines.collect.fetch.fetch import fetch
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.quarantine import (
    Quarantined,
    clear_refused,
    receive_again,
    settle_quarantine,
)
from pipelines.harmonise.reconcile import Validated, account
from pipelines.harmonise.survey.account import add_records
from pipelines.harmonise.survey.estimates_folder import EstimatesFolder
from pipelines.harmonise.survey.records import estimate_survey
from pipelines.harmonise.tally import forget_partitions, tally
from pipelines.harmonise.values.hidden import hiding, hiding_steps
from pipelines.session import Session
from pipelines.system.connection import connect
from pipelines.system.removal import make_work_folder
from pipelines.system.running.clean_copy import note_records
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.estimates import take_estimates
from pipelines.tabulate.losses import Earlier
from pipelines.tabulate.rules import Checked, check
from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.store import run_key, store
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.source import SourceFolder


def run_source(folder: SourceFolder, session: Session, again: Quarantined | None = None) -> tuple[Vintage, bool]:
    """Process one source from its files to a stored vintage.

    Args:
        folder: the source.
        session: of the run.
        again: a load in quarantine whose files are tried again, instead of those in the directory.

    Returns:
        The vintage that is now current, and whether there was work to do; with the same bytes, declarations and code
        as last time there is none.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used; its last good vintage stays current.
    """
    with hiding(bool(folder.source.personal)):
        return _run_source(folder, _for_persons(folder, session), again)


def _for_persons(folder: SourceFolder, session: Session) -> Session:
    """Return the session for a source; for one on persons, an orchestrator records no texts of errors."""
    return replace(session, run_step=hiding_steps(session.run_step)) if folder.source.personal else session


def _run_source(folder: SourceFolder, session: Session, again: Quarantined | None) -> tuple[Vintage, bool]:
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    if folder.source.of_persons or folder.source.personal:
        note_records(name)
    if again is None and session.directory is None and folder.source.acquire:
        run_step("fetch", name, 0, fetch, folder, settings)
    acquired = _acquire(folder, session) if again is None else run_step("acquire", name, 0, receive_again, again)
    current = current_vintage(name, settings)
    if current is not None and current.is_damaged:
        current = None  # load it again, and compare with nothing
    if current is not None and current.run_key == run_key(folder, acquired):
        clear_refused(name, settings)  # a file that came in between may have been refused
        return current, False
    return _load(folder, acquired, session, current), True


def _load(folder: SourceFolder, acquired: Acquired, session: Session, current: Vintage | None) -> Vintage:
    """Run the steps from the acquired files to the vintage; figures are compared with ``current``."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    check_definition_sql(folder)
    if session.suite is not None:
        session.suite.start()
    previous = current.as_previous() if current else None
    with _working_folder(name, settings) as work:
        validated, checked = _check_acquired(folder, acquired, session, work, previous)
        vintage = run_step("store", name, checked.rows, store, folder, acquired, validated, checked, settings)
        settle_quarantine(acquired, vintage.vintage, settings)
        forget_partitions(folder, acquired, settings)
    return vintage


def reload_source(folder: SourceFolder, session: Session) -> Vintage:
    """Load a source from the files of the session's directory even if unchanged, as its stored data are lost.

    The caller must hold the lock of the data folder.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used.
    """
    if folder.source.of_persons or folder.source.personal:
        note_records(folder.source_id)
    with hiding(bool(folder.source.personal)):
        return _load(folder, _acquire(folder, session), _for_persons(folder, session), None)


def _acquire(folder: SourceFolder, session: Session) -> Acquired:
    return session.run_step(
        "acquire", folder.source_id, 0, acquire, folder, session.settings, session.directory, session.given
    )


@contextmanager
def _working_folder(name: str, settings: Settings) -> Iterator[Path]:
    work = make_work_folder(settings) / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_acquired(
    folder: SourceFolder, acquired: Acquired, session: Session, work: Path, previous: PreviousVintage | None
) -> tuple[Validated, Checked]:
    """Run the steps from reading the files to checking the figures, after which the figures may be stored."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    previous = previous and previous.beside(file.sha256 for file in acquired.files)
    earlier = Earlier(previous, session.accepted_loss)
    with connect(settings) as connection:
        if folder.source.kind == "incident":
            validated = _account_incidents(folder, acquired, session, connection, work)
        elif folder.source.kind == "survey":
            folder, validated = _account_survey(folder, acquired, session, connection, work)
        else:
            validated = _account_tables(folder, acquired, session, connection, work)
        if folder.source.figures == "estimate":
            checked = run_step(
                "check", name, validated.rows, take_estimates, folder, validated, connection, work, earlier
            )
            return validated, checked
        aggregated = run_step("aggregate", name, validated.rows, aggregate, folder, validated, connection, previous)
        checked = run_step(
            "check",
            name,
            aggregated.rows,
            check,
            folder,
            validated,
            aggregated,
            connection,
            work,
            session.suite,
            earlier,
        )
    return validated, checked


def _account_incidents(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> Validated:
    """Run the steps of a source of incidents up to its account; leaves ``core`` in the connection."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    tallied = run_step("tally", name, acquired.rows, tally, folder, acquired, settings, work, session.tally_partitions)
    with sql_limits(folder, connection, settings):
        return run_step("account", name, tallied.rows, account, folder, tallied, connection, settings, work)


def _account_tables(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> Validated:
    """Run the steps of a source of national tables up to its account; leaves ``core`` in the connection."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    raw = run_step("read", name, acquired.rows, read, folder, acquired, settings, work)
    conformed = run_step("conform", name, raw.rows, conform, folder, raw, settings, work)
    with sql_limits(folder, connection, settings):
        return run_step("account", name, conformed.rows, account, folder, conformed, connection, settings, work)


def _account_survey(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> tuple[SourceFolder, Validated]:
    """Run the steps of survey records: to a table of estimates, and from that to its account; leaves ``core``.

    Returns:
        The source of the table of estimates, and its account with the records in it.
    """
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    surveyed = run_step("estimate", name, acquired.rows, estimate_survey, folder, acquired, settings, work)
    table = EstimatesFolder(folder)
    conformed = run_step("conform", name, surveyed.rows, conform, table, surveyed.raw, settings, work)
    validated = run_step("account", name, conformed.rows, account, table, conformed, connection, settings, work)
    return table, add_records(folder, surveyed, validated, settings)


def check_source(folder: SourceFolder, session: Session, previous: PreviousVintage | None = None) -> Checked:
    """Take the files of a source through every step except storing; everything written is under ``settings.data``.

    Args:
        folder: the source.
        session: where the files are, limits, and a temporary data folder.
        previous: the previous vintage, for comparison and for reusing unchanged years.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used.
    """
    if session.suite is not None:
        session.suite.start()
    check_definition_sql(folder)
    with hiding(bool(folder.source.personal)), _working_folder(folder.source_id, session.settings) as work:
        session = _for_persons(folder, session)
        acquired = _acquire(folder, session)
        return _check_acquired(folder, acquired, session, work, previous)[1]
