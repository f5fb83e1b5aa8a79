"""What is found damaged, what a repair did, and how a stored file is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.system.files import DamagedFile


@dataclass(frozen=True)
class Damage:
    """A stored file that is missing or has been altered.

    ``remedy`` is what a repair does, or, without ``mend``, what a person can do. ``mend`` returns the result in one
    line.
    """

    path: Path
    what: str
    remedy: str
    source: str | None = None
    mend: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    @property
    def can_repair(self) -> bool:
        """Whether a repair does it."""
        return self.mend is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the damage for JSON output."""
        return {
            "path": str(self.path),
            "source": self.source,
            "what": self.what,
            "remedy": self.remedy,
            "can_repair": self.can_repair,
        }


@dataclass(frozen=True)
class Repaired:
    """What a repair did, a line for each damage, and the remaining damage."""

    done: tuple[str, ...]
    left: tuple[Damage, ...]


def what_is_damaged(check: Callable[[Path], object], path: Path) -> str | None:
    """Return what a check finds damaged in a file; None if it finds nothing."""
    try:
        check(path)
    except DamagedFile as damage:
        return damage.what
    return None
