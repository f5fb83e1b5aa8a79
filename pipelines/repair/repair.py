"""What is damaged in a data folder, source by source and beside the sources; and its repair, in one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipelines.publish.releases import damaged_releases
from pipelines.publish.report import damaged_reports, write_reports
from pipelines.reader.release import open_published
from pipelines.repair.damage import Damage, Repaired, what_is_damaged
from pipelines.repair.stored_source import StoredSource
from pipelines.run import publish_if_new
from pipelines.session import Session
from pipelines.share.left import damaged_packages
from pipelines.system.errors import DataRefused
from pipelines.system.files import DamagedFile, read_json
from pipelines.system.lock import writing
from pipelines.system.removal import check_folders, delete, empty_work_folder
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import open_suite
from pipelines.tabulate.vintages.parts import DamagedVintage
from pipelines.tabulate.vintages.pointers import LostPointer
from schemas.errors import UsageError
from schemas.source import list_sources


def look_for_damage(session: Session) -> list[Damage]:
    """Return every stored file that is missing or damaged, in the order of repair.

    Args:
        session: where data live, where the received files may be found, and where sources are declared.
    """
    settings = session.settings
    found = list(_unreachable(settings))
    if found:  # what cannot be read cannot be judged
        return found
    folders = {**list_sources(session.source_folders)}
    names = {
        path.name
        for root in (settings.raw, settings.core, settings.partitions, settings.quarantine)
        for path in root.glob("*/")
    }
    for name in sorted(names):
        source = StoredSource(name, folders.get(name), session)
        found += source.damage()
    found += _damaged_receipts(settings)
    found += _damaged_releases(session)
    found += _damaged_packages(settings)
    return found


def repair(session: Session) -> Repaired:
    """Repair what can be repaired, publish the result, and check again.

    Raises:
        UsageError: a run is writing, or the data folder was not made by a run.
    """
    settings = session.settings
    check_folders(settings)
    done = []
    with writing(settings, session.wait_seconds), open_suite() as suite:
        session = replace(session, suite=suite)
        empty_work_folder(settings)
        for _ in range(2):  # a pointer made again shows a vintage that is damaged
            done += [_mended(one, one.mend) for one in look_for_damage(session) if one.mend is not None]
        done += _publish(session)
        empty_work_folder(settings)
        return Repaired(tuple(dict.fromkeys(done)), tuple(look_for_damage(session)))


def _mended(damage: Damage, mend: Callable[[], str]) -> str:
    try:
        return f"{damage.path}: {mend()}"
    except (DataRefused, UsageError, DamagedVintage, DamagedFile) as error:
        return f"{damage.path}: not repaired: {str(error).splitlines()[0]}"


def _publish(session: Session) -> Iterator[str]:
    settings = session.settings
    try:
        publication = publish_if_new(session, list_sources(session.source_folders))
    except (DamagedVintage, DamagedFile, LostPointer) as error:
        yield f"{settings.published}: not published: {str(error).splitlines()[0]}"
        return
    if publication is not None:
        yield f"{settings.published}: published from the vintages, release {publication.release}"


def _unreachable(settings: Settings) -> Iterator[Damage]:
    """Return files that this account may not read, and folders and logs to which it may not write."""
    figures = (settings.raw, settings.core, settings.partitions, settings.quarantine, settings.published.parent)
    for root in (*figures, settings.acquired, settings.shared, settings.run_log, settings.logs):
        if not root.exists():
            continue
        for path in (root, *sorted(root.rglob("*"))):
            of_file = os.W_OK if root == settings.logs else os.R_OK
            wanted = os.R_OK | os.W_OK | os.X_OK if path.is_dir() else of_file
            if not os.access(path, wanted):
                what = "cannot be written to" if os.access(path, os.R_OK) else "cannot be read"
                remedy = "make it accessible to the account that runs iccs (chown, chmod), and run iccs repair again"
                yield Damage(path, f"{what} by this account", remedy)


def _damaged_receipts(settings: Settings) -> Iterator[Damage]:
    """Yield the damage of records of fetched files."""
    for path in sorted(settings.acquired.glob("*.json")):
        if what := what_is_damaged(read_json, path):
            remedy = "delete it; the next run fetches the files of the source again, and the earlier receipts are lost"
            yield Damage(path, what, remedy, path.stem, partial(_forget_receipts, path, settings))


def _forget_receipts(path: Path, settings: Settings) -> str:
    delete(path, settings)
    return "deleted; the next run fetches the files of the source again"


def _damaged_packages(settings: Settings) -> Iterator[Damage]:
    """Yield the damage of what is known of shared packages, which nothing else in the data folder contains."""
    for path, what in damaged_packages(settings):
        yield Damage(path, what, "restore it from a copy of the data folder; nothing can be shared until it is back")


def _damaged_releases(session: Session) -> Iterator[Damage]:
    """Yield the damage of releases, and of the reports on the published one."""
    settings = session.settings
    damaged = damaged_releases(settings)
    for path, what in damaged:
        if path == settings.published:
            remedy = "publish again from the vintages"
            yield Damage(path, what, remedy, mend=lambda: "discarded, to be published again")
        else:
            yield Damage(path, what, "restore it from a copy of the data folder, or delete it: nothing else needs it")
    if settings.published.is_file() and not any(path == settings.published for path, _ in damaged):
        with open_published(settings) as connection:
            reports = damaged_reports(connection, settings)

        def write() -> str:
            with open_published(settings) as connection:
                write_reports(connection, settings)
            return "written again"

        for path, what in reports:
            yield Damage(path, what, "rewrite it from the published file", mend=write)
