"""Settings: argument, environment (ICCS_...), ``iccs.toml`` of the project, default. Secrets are not settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from schemas.project import Project, find_project


@dataclass(frozen=True)
class Settings:
    """Where data live, how much of the machine a run may take, and what is reported.

    ``data`` holds ``input`` (files as published), ``inbox``, and what runs produce: ``acquired``, ``raw`` (bytes by
    sha256), ``core`` (observations by source and vintage), ``partitions``, ``quarantine``, ``published`` and
    ``.iccs-work``.
    """

    data: Path
    memory_limit: str = "400MB"
    threads: int = 2
    max_file_mib: int = 4096
    engine: str = "duckdb"
    runner: str = "threads"
    keep_releases: int = 5
    keep_vintages: int = 0  # of each source kept whole; 0 keeps all
    expected: tuple[str, ...] = ()
    spill_limit: str = "50GB"  # of disk, for what does not fit into memory
    max_sql_seconds: int = 3600  # for the statements of a source definition over its files
    acquire_from: tuple[str, ...] = ()  # hosts, stores and folders that sources may be fetched from
    max_acquire_seconds: int = 1800  # for one file, with all attempts
    site: Path | None = None  # folder in which planned runs build the site of the release
    notify_revision_percent: int = 10  # a larger revision of one figure is notified
    notify_silent_days: int = 0  # more days without a good run are notified; 0: never
    notify_free_space: str = "2GB"  # less room for data is notified
    notify_success: bool = False  # a run without a problem is notified too

    @property
    def input(self) -> Path:
        """Folder with the files as published."""
        return self.data / "input"

    @property
    def inbox(self) -> Path:
        """Folder where people and programs drop new files; a run moves them into the input folder."""
        return self.data / "inbox"

    @property
    def acquired(self) -> Path:
        """Folder with one document a source: which file came from which address, and when."""
        return self.data / "acquired"

    @property
    def raw(self) -> Path:
        """Folder with immutable copies of every file read, named by sha256."""
        return self.data / "raw"

    @property
    def core(self) -> Path:
        """Folder with one folder a source and vintage: observations in codes, as Parquet."""
        return self.data / "core"

    @property
    def partitions(self) -> Path:
        """Folder with the tallies of each partition of incidents, by content; may be deleted, a run tallies again."""
        return self.data / "partitions"

    @property
    def quarantine(self) -> Path:
        """Folder with one folder a source: rejected cells, one Parquet file a load (vintage, or refused)."""
        return self.data / "quarantine"

    @property
    def work(self) -> Path:
        """Folder for files that live only during a run; ``removal.make_work_folder`` makes it."""
        return self.data / ".iccs-work"

    @property
    def run_log(self) -> Path:
        """File with one line for each source of each run."""
        return self.data / "runs.jsonl"

    @property
    def logs(self) -> Path:
        """Folder with what runs did, step by step, as JSON lines."""
        return self.data / "logs"

    @property
    def faults(self) -> Path:
        """Folder with one text file for each internal error of the program."""
        return self.data / "faults"

    @property
    def shared(self) -> Path:
        """Folder with the log of packages that have left the office, and the true cells of each."""
        return self.data / "shared"

    @property
    def releases(self) -> Path:
        """Folder with the last ``keep_releases`` published files, each under the name of its release."""
        return self.data / "published" / "releases"

    @property
    def published(self) -> Path:
        """The file analysts open."""
        return self.data / "published" / "crime.duckdb"


def load_settings(data: str | Path | None = None, engine: str | None = None, runner: str | None = None) -> Settings:
    """Return the settings in force: the first of argument, environment, project and default that gives each.

    Args:
        data: data folder; else ICCS_DATA; else that of the project, ``data`` in its folder if ``iccs.toml`` names no
            other; else ``data`` in the current folder.
        engine: engine for files of incidents; else ICCS_ENGINE; else DuckDB.
        runner: what takes the partitions of incidents in the scheduled flow; else ICCS_RUNNER; else threads.

    Raises:
        UsageError: the environment or ``iccs.toml`` has an invalid number or amount, the project cannot be used, or
            the data folder is a file or looks like a pattern.
    """
    project = find_project()
    given = _Given(project.settings() if project is not None else {}, project)
    own = project.data_folder() if project is not None else "data"
    folder = Path(data or os.environ.get("ICCS_DATA") or own).resolve()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; --data, ICCS_DATA and data in iccs.toml must name a folder")
    if any(sign in str(folder) for sign in "*?[="):
        raise UsageError(f"the data folder {folder} has * ? [ or = in its path, which would be read as a pattern")
    return Settings(
        data=folder,
        memory_limit=given.amount("memory_limit", Settings.memory_limit),
        threads=given.whole_number("threads", os.cpu_count() or Settings.threads),
        max_file_mib=given.whole_number("max_file_mib", Settings.max_file_mib),
        engine=engine or given.text("engine", Settings.engine)[0],
        runner=runner or given.text("runner", Settings.runner)[0],
        keep_releases=given.whole_number("keep_releases", Settings.keep_releases),
        expected=tuple(given.settings.get("expected", Settings.expected)),
        spill_limit=given.amount("spill_limit", Settings.spill_limit),
        max_sql_seconds=given.whole_number("max_sql_seconds", Settings.max_sql_seconds),
        acquire_from=_origins(given.settings.get("acquire_from", Settings.acquire_from)),
        max_acquire_seconds=given.whole_number("max_acquire_seconds", Settings.max_acquire_seconds),
        site=given.folder("site"),
        keep_vintages=given.whole_number("keep_vintages", Settings.keep_vintages, at_least=0),
        notify_revision_percent=given.whole_number("notify_revision_percent", Settings.notify_revision_percent),
        notify_silent_days=given.whole_number("notify_silent_days", Settings.notify_silent_days, at_least=0),
        notify_free_space=given.amount("notify_free_space", Settings.notify_free_space),
        notify_success=given.flag("notify_success", Settings.notify_success),
    )


def describe_setting(key: str, value: object = None) -> str:
    """Return a phrase with the value of a setting and where it was set, for a message.

    Args:
        key: name of the setting in ``iccs.toml``.
        value: the value in force, if known; else that of the environment, the project or the default.

    >>> describe_setting("spill_limit", "1GB") if "ICCS_SPILL_LIMIT" not in os.environ else "spill_limit is 1GB"
    'spill_limit is 1GB'
    """
    text, name = setting_in_force(key)
    default = getattr(Settings, key)
    shown = text if value is None else str(value)
    return f"{name} is {shown}" + (", by default" if name == key and shown == str(default) else "")


def setting_in_force(key: str) -> tuple[str, str]:
    """Return the value of a setting by environment, project or default, and where it is set (the key: by default)."""
    try:
        project = find_project()
        given = _Given(project.settings() if project is not None else {}, project)
    except UsageError:  # problems of the project are reported where it is used
        given = _Given({}, None)
    return given.text(key, getattr(Settings, key))


def bytes_of(amount: str) -> int:
    """Return an amount of memory or disk in bytes.

    >>> bytes_of("2GB"), bytes_of("1.5 MiB"), bytes_of("10B")
    (2000000000, 1572864, 10)
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", amount)
    if found is None:
        raise ValueError(f"not an amount of memory or disk: {amount!r}")
    number, unit = found.groups()
    base = 1024 if "i" in unit.lower() else 1000
    return int(float(number) * base ** ("BKMGT".index(unit[0].upper())))


def _origins(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts, stores and folders from which files may be fetched."""
    entries = tuple(entries)
    for entry in entries:
        if not re.fullmatch(r"https?://[^/@?#\s]+|s3://[^/@?#\s]+|/.*", entry):
            raise UsageError(
                f"iccs.toml: acquire_from: {entry!r} is not valid: write a host with its scheme "
                "(https://data.example.org), a store (s3://bucket) or an absolute folder path (/srv/exchange)"
            )
    return entries


@dataclass(frozen=True)
class _Given:
    """The settings of the environment and the project, each with where it is set."""

    settings: Mapping[str, Any]
    project: Project | None

    def text(self, key: str, default: object) -> tuple[str, str]:
        """Return a setting as text, and its name in messages."""
        name = f"ICCS_{key.upper()}"
        if name in os.environ:
            return os.environ[name], name
        if self.project is not None and key in self.settings:
            return str(self.settings[key]), f"{self.project.file}: {key}"
        return str(default), key

    def folder(self, key: str) -> Path | None:
        """Return a folder, None if there is to be none; a relative path in ``iccs.toml`` starts at the project."""
        text, name = self.text(key, "")
        if not text:
            return None
        begins = self.project.root if self.project is not None and name.startswith(str(self.project.file)) else Path()
        return (begins / text).absolute()

    def amount(self, key: str, default: str) -> str:
        """Return an amount of memory."""
        text, name = self.text(key, default)
        if not re.fullmatch(
            r"\s*[0-9]{1,15}(\.[0-9]+)?\s*([KMG]i?)?B\s*|\s*[0-9]{1,6}(\.[0-9]+)?\s*Ti?B\s*", text, re.I
        ):
            raise UsageError(f"{name} must be an amount such as 400MB or 2GiB, not {text!r}")
        return text

    def flag(self, key: str, default: bool) -> bool:
        """Return a setting that is true or false."""
        text, name = self.text(key, default)
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{name} must be true or false, not {text!r}")
        return text.lower() == "true"

    def whole_number(self, key: str, default: int, *, at_least: int = 1) -> int:
        """Return a whole number."""
        text, name = self.text(key, default)
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) < at_least:
            most = " and at most 999999999" if re.fullmatch("[0-9]{10,}", text) else ""
            raise UsageError(f"{name} must be a whole number of at least {at_least}{most}, not {text[:40]!r}")
        return int(text)
