"""A copy of a database by a process that has never held records of persons.

DuckDB fills the gaps between the values of a file with whatever its memory held before: after records were read,
fragments of them, or of figures that must stay hidden, can be in a file that has none of them as a value. A process
that has read nothing but the file writes one without.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from pipelines.system.running.children import end_with_parent
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal

_PROGRAM = Path(__file__).parents[3]
RECORDS_READ: set[str] = set()
"""The sources whose records of persons this process has read."""


def note_records(source_id: str) -> None:
    """Note that this process reads a source's records of persons."""
    RECORDS_READ.add(source_id)


def records_were_read() -> bool:
    """Whether this process has read records of persons, so that databases it writes must be copied cleanly."""
    return bool(RECORDS_READ)


def copy_cleanly(path: Path, settings: Settings, version: str) -> None:
    """Replace a database file by a copy with the same schemas, tables, views, functions and comments.

    Args:
        path: the file; nobody has it open.
        settings: memory and threads.
        version: DuckDB storage version of the copy.

    Raises:
        OSError: the copy could not be written; the file is as it was.
    """
    copy = path.with_name(f"{path.name}.copy")
    copy.unlink(missing_ok=True)
    # -P and the path at the end: a file in the current folder must not shadow a library.
    start = (
        f"import sys; sys.path.append({str(_PROGRAM)!r}); from pipelines.system.running.clean_copy import main; main()"
    )
    given = [str(path), str(copy), settings.memory_limit, str(settings.threads), str(settings.work / "spill"), version]
    given.append(str(os.getpid()))
    done = subprocess.run([sys.executable, "-P", "-c", start, *given], capture_output=True, check=False, umask=0o077)
    if done.returncode:
        copy.unlink(missing_ok=True)
        errors = done.stderr.decode("utf-8", errors="replace").strip().splitlines() or [f"ended by {done.returncode}"]
        raise OSError(f"the database could not be copied: {errors[-1]}")
    copy.chmod(path.stat().st_mode & 0o777)
    os.replace(copy, path)


def main() -> None:
    """Copy a database; the entry point of the other process, which ends when the one that started it does."""
    path, copy, memory_limit, threads, spill, version, parent = sys.argv[1:]
    end_with_parent(int(parent))
    config = {"memory_limit": memory_limit, "threads": threads, "temp_directory": spill}
    with duckdb.connect(config={**config, "storage_compatibility_version": version}) as connection:
        connection.execute(f"ATTACH {quote_literal(path)} AS original (READ_ONLY)")
        connection.execute(f"ATTACH {quote_literal(copy)} AS copied")
        connection.execute("COPY FROM DATABASE original TO copied")
        connection.execute("CHECKPOINT copied")
