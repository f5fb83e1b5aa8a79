"""A new project: the folder that ``iccs init`` writes, and the inputs of the demonstration."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from schemas.errors import UsageError
from schemas.project import FILE

_HIDDEN = {"gitignore": ".gitignore", "env.example": ".env.example", "gitkeep": ".gitkeep"}
"""Template files whose names begin with a dot in a project: as hidden files they would not be packaged."""


LISTED = re.compile(r"^\| `(\w+/[\w.-]+)` \|.*`[0-9a-f]{64}` \|$", re.MULTILINE)
"""Inputs of the demonstration in ``data/README.md``: only these files are copied, whatever else is in the folder."""


def write_project(folder: Path) -> list[Path]:
    """Write a new project with an example that runs; return its files.

    Args:
        folder: created if it does not exist; must not hold any file that would be written.

    Raises:
        UsageError: it is a file, is already a project, is inside one, or holds a file that would be overwritten.
    """
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give a folder for the project")
    if (folder / FILE).exists():
        raise UsageError(f"{folder} is already a project: it has {FILE}")
    for above in folder.parents:
        if (above / FILE).is_file():
            raise UsageError(f"{folder} is inside the project {above}; create a project outside it")
    template = resources.files("pipelines").joinpath("project", "template")
    files = {folder / path: entry for path, entry in _files_of(template, Path())}
    if there := [path for path in files if path.exists()]:
        names = ", ".join(str(path.relative_to(folder)) for path in there)
        raise UsageError(f"{folder} has {names} already, and nothing is overwritten; give another folder")
    for path, entry in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.read_bytes())
    return sorted(files)


def _files_of(folder: Traversable, below: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files_of(entry, below / entry.name)
        else:
            yield below / _HIDDEN.get(entry.name, entry.name), entry


def copy_demonstration(target: Path) -> list[Path]:
    """Copy the inputs of the demonstration and the page that says where they come from; return the files.

    Args:
        target: the data folder; files it already holds must be identical to those that would be written.

    Raises:
        UsageError: a file of the same name exists with other content.
    """
    data = _demonstration()
    readme = data / "README.md"
    paths = [data / "input" / name for name in LISTED.findall(readme.read_text(encoding="utf-8"))]
    files = {target / path.relative_to(data): path for path in [readme, *paths]}
    for path, origin in files.items():
        if path.exists() and path.read_bytes() != origin.read_bytes():
            raise UsageError(f"{path} already exists with other content; nothing is overwritten")
    for path, origin in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, path)
    return list(files)


def _demonstration() -> Path:
    """Return the folder with ``input`` and ``README.md``: in the built package, or in the checkout."""
    package = Path(str(resources.files("pipelines")))
    for folder in (package / "project" / "demonstration", package.parent / "data"):
        if (folder / "input").is_dir() and (folder / "README.md").is_file():
            return folder
    raise UsageError(
        "this installation does not include the input files of the demonstration; install the wheel, or use a checkout"
    )
