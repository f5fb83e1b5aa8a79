"""Layouts of a source: which files have the same shape, and how these become a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch, fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from schemas.definition.messages import known_encoding
from schemas.definition.model import Declared


def as_list(given: Any) -> Any:
    """Make a list of a single name."""
    return given if isinstance(given, list | tuple) else (given,)


Names = Annotated[tuple[str, ...], BeforeValidator(as_list)]


class Footer(Declared):
    """Where the data end: the last row whose first non-empty cell begins with this word, below which are no data."""

    starts_with: str = Field(min_length=1)


OWN_COLUMNS = frozenset(
    {
        *("_file", "_sheet", "_row", "_column", "number of record"),
        *("_received", "_number", "_exclusion", "_day", "_birth", "_longitude", "_latitude", "_conserved"),
        "_corrupt_record",
    }
)
"""Columns that the readers, the incident tables and Spark add to those of a file.

A column of a file with the same label gets a number appended to its name.
"""


def _of_the_file(columns: tuple[str, ...]) -> tuple[str, ...]:
    for name in columns:
        if name.casefold() in OWN_COLUMNS:
            raise ValueError(
                f"{name} is a column added to every file; name other columns of the header here. If the file has a "
                f"column of this name, call it '{name} (2)' under columns and in reshape.sql"
            )
    return columns


class ReadOptions(Declared):
    """How one kind of file becomes a table of text. Only what differs from the default is written."""

    format: Literal["csv", "excel", "parquet"] = "csv"
    encoding: Annotated[str, AfterValidator(known_encoding)] = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    columns: Annotated[tuple[str, ...], AfterValidator(_of_the_file)] = Field(
        min_length=1, description="column names by which the header row is found"
    )
    header_rows: int = Field(default=1, ge=1, le=8)
    sheet: Names = Field(default=(), description="names of sheets, or patterns with *; the first sheet if not given")
    other_sheets: Names = Field(default=(), description="sheets that contain nothing to read, by name or pattern")
    footer: Footer | None = None
    fills: bool = Field(default=False, description="whether cell colours are read, as additional columns")

    def has_other_sheet(self, sheet: str) -> bool:
        """Tell whether a sheet is declared to hold nothing to read."""
        return any(fnmatchcase(sheet, pattern) for pattern in self.other_sheets)


class Layout(Declared):
    """Files that share one shape; a source has several when its layout changed over the years."""

    files: tuple[str, ...] = Field(min_length=1)
    read: ReadOptions
    reshape: str | None = None
    conserve: str | None = Field(default=None, description="regular expression for the raw columns that contain counts")
    sample: bool = Field(default=False, description="whether the records are the sampled units of a survey")


def reads_other_sheets(one: Layout, other: Layout) -> bool:
    """Tell whether two layouts read different sheets of a workbook, so that one file can have both."""
    if {one.read.format, other.read.format} != {"excel"} or not one.read.sheet or not other.read.sheet:
        return False
    return not any(
        fnmatchcase(first, second) or fnmatchcase(second, first)
        for first in one.read.sheet
        for second in other.read.sheet
    )


def unreachable_layout(layouts: Sequence[Layout]) -> tuple[int, int] | None:
    """Return the numbers, from 1, of a layout that no file can have and of the one that takes its files; else None.

    A file has the first layout whose patterns match its name, together with those that read other sheets.
    """
    for number, layout in enumerate(layouts):
        for before, earlier in enumerate(layouts[:number]):
            covered = all(any(_covers(wide, pattern) for wide in earlier.files) for pattern in layout.files)
            if covered and not reads_other_sheets(earlier, layout):
                return number + 1, before + 1
    return None


def _covers(wide: str, pattern: str) -> bool:
    """Tell whether one pattern matches every name that another matches.

    >>> _covers("*.csv", "b*.csv"), _covers("?.csv", "*.csv"), _covers("a.csv", "a.csv")
    (True, False, True)
    """
    any_text = "\0" * 60  # what * stands for is longer than any row of ? in the other pattern
    return wide == pattern or fnmatch(pattern.replace("*", any_text), wide)
