"""An office's own project: a folder with ``iccs.toml``, whose lists and sources are used beside those of the package.

A command finds the project by ICCS_PROJECT, or else as the folder it is run in or the nearest one above that has
``iccs.toml``. In the project, ``sources``, ``areas``, ``indicators`` and ``boundaries`` hold what the folders of the
package hold. One rule applies to all: an entry with a new name is added; one with the name of a packaged entry replaces
it as a whole, and is shown as doing so. Without a project there is only what is packaged.

``iccs.toml`` is trusted like the command line, as it says where data are written and which machines take part; so one
that another account of this machine put above the current folder is not used. The rest of a project is read as data
from a stranger: nothing outside the project is read through it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from schemas.errors import UsageError, nearest_values

FILE = "iccs.toml"
VARIABLE = "ICCS_PROJECT"
SOURCES, AREAS, INDICATORS, BOUNDARIES = "sources", "areas", "indicators", "boundaries"
WHOLE_LISTS = "whole_lists.csv"
"""In ``areas``: no list of areas, but the levels of areas that are listed in full."""
EVALUATIONS = "evaluations.csv"
"""Evidence on programmes, in the folder of the project; published as ``out.evaluation``."""
_LARGEST_BYTES = 2**20
_SOURCE_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
SETTINGS: Mapping[str, type] = MappingProxyType(
    {
        "data": str,
        "memory_limit": str,
        "threads": int,
        "max_file_mib": int,
        "engine": str,
        "runner": str,
        "keep_releases": int,
        "keep_vintages": int,
        "expected": list,
        "spill_limit": str,
        "max_sql_seconds": int,
        "acquire_from": list,
        "max_acquire_seconds": int,
        "site": str,
        "notify_revision_percent": int,
        "notify_silent_days": int,
        "notify_free_space": str,
        "notify_success": bool,
    }
)
"""The keys of ``iccs.toml``, which are fields of ``pipelines.system.settings.Settings``, explained there."""
_KIND_NAMES = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: 'a list of texts, ["one", "two"]',
}


@dataclass(frozen=True)
class Project:
    """The folder of a project."""

    root: Path

    @property
    def file(self) -> Path:
        """The file of settings."""
        return self.root / FILE

    def entries(self, kind: str) -> dict[str, Path]:
        """Return the files and folders of one kind by name, hidden ones left out.

        Args:
            kind: ``SOURCES``, ``AREAS``, ``INDICATORS`` or ``BOUNDARIES``.

        Raises:
            UsageError: one is a link to something outside the project.
        """
        folder = self.root / kind
        if not folder.is_dir():
            return {}
        self._check_inside(folder)
        found = {path.name: path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
        for path in found.values():
            self._check_inside(path)
        return found

    def source_folders(self) -> dict[str, Path]:
        """Return the folder of each source of the project by its identifier.

        Raises:
            UsageError: a folder with a source.yml has a name that is not an identifier, or a file that is a link to
                something outside the project.
        """
        folders = {name: path for name, path in self.entries(SOURCES).items() if (path / "source.yml").is_file()}
        for name, path in folders.items():
            if not _SOURCE_ID.fullmatch(name):
                raise UsageError(f"{path}: {source_id_problem(name)}; rename the folder")
            for file in path.iterdir():
                self._check_inside(file)
        return folders

    def evaluations(self) -> Path | None:
        """Return the file of evidence on programmes, None where the project has none.

        Raises:
            UsageError: it is a link to something outside the project.
        """
        file = self.root / EVALUATIONS
        self._check_inside(file)
        return file if file.is_file() else None

    def settings(self) -> dict[str, Any]:
        """Return the settings that ``iccs.toml`` gives.

        Raises:
            UsageError: it is not TOML in UTF-8, or has a key that there is not or that must be something else; names
                each.
        """
        if self.file.stat().st_size > _LARGEST_BYTES:
            raise UsageError(f"{self.file}: has more than 1 MiB; it should contain a few lines of settings")
        try:
            given = tomllib.loads(self.file.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.file}: is not UTF-8; save it as UTF-8") from error
        except (ValueError, RecursionError) as error:  # also of a number that Python does not take
            raise UsageError(f"{self.file}: is not valid TOML: {error or 'nested too deep'}") from error
        lines = [line for key, value in given.items() if (line := _setting_problem(key, value)) is not None]
        if lines:
            raise UsageError("\n".join([f"{self.file} is not valid:", *(f"  {line}" for line in lines)]))
        return given

    def data_folder(self) -> Path:
        """Return the data folder that ``iccs.toml`` names, else ``data``; raises as ``settings`` does."""
        return (self.root / (self.settings().get("data") or "data")).resolve()

    def _check_inside(self, path: Path) -> None:
        if path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve()):
            raise UsageError(f"{path}: is a link to something outside the project; replace it with a copy")


def source_id_problem(name: str) -> str | None:
    """Return why a text cannot be the identifier of a source, None if it can.

    >>> source_id_problem("co_policia_homicides"), source_id_problem("Delitos 2024")
    (None, "'Delitos 2024' cannot name a source: write <country>_<producer>_<what>, such as co_policia_homicides (a-z, 0-9, _; at most 64)")
    """  # noqa: E501
    if _SOURCE_ID.fullmatch(name):
        return None
    return (
        f"{name!r} cannot name a source: write <country>_<producer>_<what>, such as co_policia_homicides "
        "(a-z, 0-9, _; at most 64)"
    )


def _setting_problem(key: str, value: object) -> str | None:
    kind = SETTINGS.get(key)
    if kind is None:
        near = ", ".join(nearest_values(key, SETTINGS)) or ", ".join(SETTINGS)
        return f"{key}: there is no such setting; nearest: {near}"
    is_other = isinstance(value, list) and not all(isinstance(item, str) for item in value)
    if type(value) is not kind or is_other:  # true is an int to Python, and to nobody else
        return f"{key}: must be {_KIND_NAMES[kind]}, not {value!r}"
    if any("\0" in text for text in ([value] if isinstance(value, str) else value if isinstance(value, list) else [])):
        return f"{key}: {value!r} contains the character 0, which is not allowed in a path or name"
    return None


def find_project() -> Project | None:
    """Return the project that commands use, None where there is none.

    Raises:
        UsageError: ICCS_PROJECT names a folder without ``iccs.toml``, or the one found belongs to another account.
    """
    named = os.environ.get(VARIABLE)
    if named:
        root = Path(named).expanduser().resolve()
        if not (root / FILE).is_file():
            raise UsageError(f"{VARIABLE}={named}: there is no {FILE} in this folder; create a project with iccs init")
        return Project(root)
    for file in _places_of_file(os.getcwd()):  # noqa: PTH109 (a run asks thousands of times: Path takes ten times as long)
        if os.path.isfile(file):  # noqa: PTH113
            folder = Path(file).parent
            check_owner(folder / FILE, f"export {VARIABLE}={folder}")
            return Project(folder)
    return None


@cache
def _places_of_file(here: str) -> tuple[str, ...]:
    """Return where the file of a project may be: in a folder, or in one above it."""
    return tuple(str(folder / FILE) for folder in (Path(here), *Path(here).parents))


def check_owner(file: Path, remedy: str) -> None:
    """Check that a file found above the current folder is one's own, or of the system's administrator.

    Above a folder in /tmp or on a share, anybody may have put a file that would decide where data are read and written.

    Args:
        file: found by searching, not named by the user.
        remedy: what to type to use it all the same.

    Raises:
        UsageError: it belongs to another account.
    """
    if not hasattr(os, "getuid"):
        return
    others = {file.lstat().st_uid, file.stat().st_uid} - {0, os.getuid()}  # of the file and of a link to it
    if others:
        raise UsageError(
            f"{file} belongs to another account (user {others.pop()}) and is not used without consent; to use it: "
            f"{remedy}"
        )


def merge_packaged(kind: str, packaged: Traversable) -> dict[str, Traversable]:
    """Return the entries of a packaged folder and of the project's, by name and in that order; the project's win.

    Args:
        kind: the folder of the project.
        packaged: the folder of the package.
    """
    project = find_project()
    own: Mapping[str, Traversable] = project.entries(kind) if project is not None else {}
    shipped = {entry.name: entry for entry in packaged.iterdir() if not entry.name.startswith(".")}
    together = {**shipped, **own}
    return {name: together[name] for name in sorted(together)}


def project_root() -> Path | None:
    """Return the folder of the project, the key for caching what is read from it; None if there is no project."""
    project = find_project()
    return None if project is None else project.root


def project_lists_key(*, with_indicators: bool = False) -> str:
    """Return a fingerprint of the lists of the project that all sources share; empty if it has none.

    Args:
        with_indicators: include its indicators and evaluations, which affect a release but no vintage.
    """
    project = find_project()
    if project is None:
        return ""
    files = [path for path in project.entries(AREAS).values() if path.suffix == ".csv"]
    files += [path / "codes.csv" for path in project.source_folders().values() if (path / "codes.csv").is_file()]
    if with_indicators:
        files += [path for path in project.entries(INDICATORS).values() if path.suffix == ".yml"]
        files += [path for path in (project.evaluations(),) if path is not None]
    if not files:
        return ""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(project.root).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
