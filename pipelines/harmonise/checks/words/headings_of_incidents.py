"""The headings of files of incidents: the names of their columns of counts, years and months.

As in tables, a column whose name says average, rate or suspects does not hold a number of victims. Titles above the
header are not compared, because every row has its own date and place.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.collect.acquire import RawFile
from pipelines.collect.header import Needed
from pipelines.collect.headings.captions import Caption
from pipelines.harmonise.checks.incident_file import FileFacts
from schemas.source import Source, SourceFolder


def headings_of_counts(folder: SourceFolder, facts: FileFacts) -> list[Caption]:
    """Return the headings of the columns of counts, of the first file with each set of them.

    Args:
        folder: the source.
        facts: each file, with its columns and the rows of its header.
    """
    found: dict[tuple[str, ...], list[Caption]] = {}
    for file, fact in facts:
        needed = Needed(folder, folder.source.layouts[file.layout])
        names = tuple(name for name in fact["columns"] if needed.counts(name, name))
        row = fact["header_rows"] if fact["lines_expected"] else None  # of a file with a banner it is not known
        found.setdefault(names, [Caption(file.name, None, row, name, is_count=True) for name in names])
    return [caption for captions in found.values() for caption in captions]


def headings_of_years(source: Source, files: Iterable[RawFile]) -> list[Caption]:
    """Return the names of the columns of years, or of dates, of the first file: they may mention a financial year."""
    names = [source.columns[role] for role in ("year", "time_period") if role in source.columns]
    return [Caption(file.name, None, None, name.replace("_", " ")) for file in list(files)[:1] for name in names]
