"""What a run may delete: the content of its own work folder, and files with names that only a run gives.

The work folder has a marker file. A folder without it that is not empty belongs to the user: it is refused, never
emptied. Everything else is deleted item by item, by the module that named it. No link is followed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.system.settings import Settings
from schemas.errors import UsageError

MARK = ".iccs-folder"
_MARK_TEXT = "iccs created this folder for temporary files of a run; the next run deletes everything in it.\n"


def make_work_folder(settings: Settings) -> Path:
    """Return the work folder, made and marked if it is not there yet.

    Several threads and processes may do so at once: only the existence of the marker file matters.

    Raises:
        UsageError: a link, a file or a folder of the user's is in its place.
    """
    check_work_folder(settings)
    mark = settings.work / MARK
    if not mark.is_file():
        settings.data.mkdir(parents=True, exist_ok=True)
        settings.work.mkdir(mode=0o700, exist_ok=True)  # rows of files lie in it during a run
        mark.write_text(_MARK_TEXT, encoding="utf-8")
    return settings.work


def check_work_folder(settings: Settings) -> None:
    """Refuse a work folder that was not made by a run; writes nothing.

    Raises:
        UsageError: it is a link, a file, or a folder with content but without our marker file.
    """
    work = settings.work
    if work.is_symlink():
        raise UsageError(f"{work} is a link; a run would delete what it points to: remove the link")
    if not work.exists():
        return
    if not work.is_dir():
        raise UsageError(f"{work} is a file; a run needs a folder of this name: move the file away")
    # The marker file is checked again last: another thread may have made it since.
    if not (work / MARK).is_file() and any(work.iterdir()) and not (work / MARK).is_file():
        raise UsageError(
            f"{work} was not made by iccs (it contains no {MARK}), and a run deletes everything in this folder: move "
            "it away, or give another data folder with --data"
        )


def check_folders(settings: Settings) -> None:
    """Refuse a data folder in which a run cannot delete what it made; writes nothing.

    Raises:
        UsageError: the work folder is not ours, or a folder from which old files are deleted is a link.
    """
    check_work_folder(settings)
    for folder in (settings.partitions, settings.core, settings.quarantine, settings.published.parent):
        for path in (folder, *folder.glob("*")):  # glob: those of the sources, and of the releases
            if path.is_symlink() and not path.is_file():
                raise UsageError(_link_text(path))


def empty_work_folder(settings: Settings) -> None:
    """Delete what a killed run left in the work folder. The marker file stays, so the folder remains ours.

    Raises:
        UsageError: a link, a file or a folder of the user's is in its place.
    """
    for path in make_work_folder(settings).iterdir():
        if path.name != MARK:
            delete(path, settings)


def delete(path: Path, settings: Settings) -> None:
    """Delete a file, or a folder with its content, in the data folder; of a link, the link and not its target.

    Raises:
        UsageError: a folder on the way from the data folder to it is a link.
        ValueError: it is not in the data folder.
    """
    way = path.relative_to(settings.data)
    if not way.parts or ".." in way.parts:
        raise ValueError(f"{path} is not in the data folder {settings.data}")
    for folder in list(path.parents)[: len(way.parts) - 1]:
        if folder.is_symlink():
            raise UsageError(_link_text(folder))
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _link_text(folder: Path) -> str:
    return (
        f"{folder} is a link, and nothing is deleted outside the data folder: replace the link with a folder, or use "
        "another data folder with --data"
    )
