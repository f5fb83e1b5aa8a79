"""Settings: argument, then environment (ICCS_...), then default. Nothing secret is kept here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """Where data live and how much of the machine a run may take.

    ``data`` holds ``input`` (files as published), and what runs produce: ``raw`` (bytes by sha256), ``core``
    (observations by source and vintage), ``partitions``, ``quarantine``, ``published`` and ``.iccs-work``.
    """

    data: Path
    memory_limit: str = "400MB"
    threads: int = 2
    max_file_mib: int = 4096
    engine: str = "duckdb"
    runner: str = "threads"
    keep_releases: int = 5
    spill_limit: str = "50GB"  # of disk, for what does not fit into memory
    max_sql_seconds: int = 3600  # for the statements of a source definition over its files

    @property
    def input(self) -> Path:
        """Folder with the files as published."""
        return self.data / "input"

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
    def faults(self) -> Path:
        """Folder with one text file for each internal error of the program."""
        return self.data / "faults"

    @property
    def releases(self) -> Path:
        """Folder with the last ``keep_releases`` published files, each under the name of its release."""
        return self.data / "published" / "releases"

    @property
    def published(self) -> Path:
        """The file analysts open."""
        return self.data / "published" / "crime.duckdb"


def load_settings(data: str | Path | None = None, engine: str | None = None, runner: str | None = None) -> Settings:
    """Return the settings in force.

    Args:
        data: data folder; else ICCS_DATA; else ``data`` in the current folder.
        engine: engine for files of incidents; else ICCS_ENGINE; else DuckDB.
        runner: what takes the partitions of incidents in the scheduled flow; else ICCS_RUNNER; else threads.

    Raises:
        UsageError: a number or amount in the environment is none, or the data folder is a file or reads as a pattern.
    """
    folder = Path(data or os.environ.get("ICCS_DATA") or "data").resolve()
    if folder.is_file():
        raise UsageError(f"{folder} is a file; --data and ICCS_DATA name a folder")
    if any(sign in str(folder) for sign in "*?[="):
        raise UsageError(f"the data folder {folder} has * ? [ or = in its path, which is read as a pattern")
    return Settings(
        data=folder,
        memory_limit=_amount("ICCS_MEMORY_LIMIT", Settings.memory_limit),
        threads=_whole_number("ICCS_THREADS", os.cpu_count() or Settings.threads),
        max_file_mib=_whole_number("ICCS_MAX_FILE_MIB", Settings.max_file_mib),
        engine=engine or os.environ.get("ICCS_ENGINE", Settings.engine),
        runner=runner or os.environ.get("ICCS_RUNNER", Settings.runner),
        keep_releases=_whole_number("ICCS_KEEP_RELEASES", Settings.keep_releases),
        spill_limit=_amount("ICCS_SPILL_LIMIT", Settings.spill_limit),
        max_sql_seconds=_whole_number("ICCS_MAX_SQL_SECONDS", Settings.max_sql_seconds),
    )


def _amount(name: str, default: str) -> str:
    text = os.environ.get(name, default)
    if not re.fullmatch(r"\s*\d+(\.\d+)?\s*([KMGT]i?)?B\s*", text, re.IGNORECASE):
        raise UsageError(f"{name} must be an amount such as 400MB or 2GiB, not {text!r}")
    return text


def _whole_number(name: str, default: int) -> int:
    text = os.environ.get(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"{name} must be a whole number of at least 1, not {text!r}")
    return int(text)
