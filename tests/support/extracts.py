"""The small extracts of real files in ``tests/golden`` and ``tests/extracts``, and the release that they make."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from pipelines.publish.build import publish
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.lock import writing
from pipelines.system.settings import Settings
from schemas.source import find_sources, list_sources

TESTS = Path(__file__).parents[1]
EXPECTED = "expected.csv"
# Each folder is named after its source: it has the extract, and the cells it must become.
EXTRACTS = {path.parent.name: path.parent for path in sorted(TESTS.glob(f"*/*/{EXPECTED}"))}


def read_rows(source: str) -> list[dict[str, str]]:
    """Rows of the one CSV file that the extract of a source is."""
    (path,) = (path for path in EXTRACTS[source].iterdir() if path.name != EXPECTED)
    raw = path.read_bytes()
    return list(csv.DictReader((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8").splitlines()))


def publish_extracts(settings: Settings) -> None:
    """Run every source that has an extract, and publish them together."""
    with writing(settings):
        vintages = [
            run_source(folder, Session(settings, EXTRACTS[folder.source_id]))[0] for folder in find_sources([*EXTRACTS])
        ]
        publish(vintages, list_sources(), settings)
