"""One version of a source's figures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintages.columns import read_part
from pipelines.tabulate.vintages.loads import Load
from pipelines.tabulate.vintages.parts import DamagedVintage, checked_part, find_damage, read_manifest
from schemas.source import Source

REVISIONS = "revisions"
_UNPUBLISHED = ("unmarked", "periods", "core", "judged", "words")


@dataclass(frozen=True)
class Vintage:
    """One version of a source's figures: a folder of Parquet files and its metadata.

    ``loads`` is the history of the source up to this vintage, oldest first. ``note`` says whether the figures of a load
    were known. ``left_out`` is the previous vintage if it was damaged, so that these figures could be compared with
    nothing.
    """

    source_id: str
    vintage: str
    folder: Path
    run_key: str
    rows: int
    loads: tuple[Load, ...] = ()
    note: str = ""
    left_out: str = ""

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"vintage {self.vintage}{self.note}"

    @property
    def changed_at(self) -> datetime:
        """When its figures became current, by the clock.

        The time of a load is later than that of the load before, even if the clock was ahead then and is right now.
        """
        return min(self.loads[-1].moment.replace(tzinfo=UTC), datetime.fromisoformat(self.manifest["loaded_at"]))

    def part(self, name: str) -> Path:
        """Return the Parquet file of one part: cells, core, links, mapped, reconciliation ... (``PARTS``)."""
        return self.folder / f"{name}.parquet"

    def has(self, name: str) -> bool:
        """Whether the vintage has a part, as one of an older version may lack some.

        Raises:
            DamagedVintage: it was stored with the part, which is now missing.
        """
        if self.part(name).is_file():
            return True
        if name in self.manifest.get("parts", ()):
            raise DamagedVintage(self.part(name), "is missing")
        return False

    def query(self, name: str, kind: str = "") -> str:
        """Return a query, in parentheses, over one part with the current columns.

        Args:
            name: the part.
            kind: the kind of its rows, if other than the name of the part: ``estimates`` for such cells.

        Raises:
            DamagedVintage: the part is missing, or its bytes have changed.
        """
        return read_part(kind or name, self.checked_part(name))

    def checked_part(self, name: str) -> Path:
        """Return the Parquet file of one part.

        Raises:
            DamagedVintage: it is missing, or its bytes have changed.
        """
        return checked_part(self.folder, name, self.manifest)

    def figures_of(self, source: Source) -> str:
        """Return the kind of its cells: count, population or estimate.

        A source may now declare as estimates what it declared as counts when the vintage was stored; a vintage of a
        version without estimates does not record its kind.
        """
        usual = "count" if source.figures == "estimate" else source.figures
        return str(self.manifest.get("figures", usual))

    def as_previous(self) -> PreviousVintage:
        """Return what the next load compares with and reuses unchanged years from; check ``is_damaged`` first."""
        keys = self.manifest.get("year_keys", {})  # a vintage of an older version has none
        digests = frozenset(file["sha256"] for file in self.manifest["files"])
        words = self.part("words") if "words" in self.manifest.get("parts", ()) else None  # an older vintage has none
        left_out = (self.part("exclusions"), self.part("reconciliation"))
        parts = (self.part("cells"), self.part("unmarked"), self.part("judged"))
        return PreviousVintage(*parts, keys, digests, words, left_out)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The metadata of the vintage: files, outcomes of the rules, time of loading, checksums of its parts.

        Raises:
            DamagedVintage: it is missing or cannot be read.
        """
        return read_manifest(self.folder)

    @property
    def is_damaged(self) -> bool:
        """Whether a part is missing or has changed bytes, so that the figures cannot be published again."""
        return find_damage(self.folder) is not None

    @property
    def content_key(self) -> str:
        """Fingerprint of what a release shows of the vintage: its parts and the rules' findings, whatever the code."""
        parts = self.manifest.get("parts")
        if parts is None:  # a vintage from before 0.2: the key of what determined its content
            return self.run_key
        shown = {name: digest for name, digest in parts.items() if name not in _UNPUBLISHED}
        return hashlib.sha256(json.dumps([shown, self.manifest["quality"]]).encode()).hexdigest()
