"""What is published of a source, the totals it is compared with, and what readers must know about its figures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.definition.messages import code_of
from schemas.definition.model import Declared


class Breakdown(Declared):
    """One published table: its frequency and the dimensions it is broken down by (with all their margins)."""

    freq: Literal["A", "Q", "M"] = "A"
    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    area_levels: tuple[Annotated[str, code_of("area_level")], ...] = ()


class Control(Declared):
    """A total to compare with: printed at the foot of each file, in a column beside its parts, or published."""

    control: str
    footer_column: str | None = None
    total_column: str | None = None
    part_columns: tuple[str, ...] = ()
    rows: str | None = Field(default=None, description="a SELECT in the folder that puts totals next to their parts")
    tolerance: float = 0
    refuse_from: float | None = Field(default=None, gt=0, description="share of the total, in both directions")
    where: str | None = None
    expected: float | None = None
    origin: str = ""

    @model_validator(mode="after")
    def _check_form(self) -> Control:
        forms = [
            self.footer_column is not None,
            self.total_column is not None or bool(self.part_columns) or self.rows is not None,
            self.where is not None or self.expected is not None,
        ]
        if forms == [False, True, False] and (self.total_column is None or not self.part_columns):
            raise ValueError("total_column and part_columns: a total and its parts need both")
        if forms == [False, False, True] and (self.where is None or self.expected is None):
            raise ValueError("where and expected: a published total needs both")
        if sum(forms) != 1:
            raise ValueError(
                "a control has one form: footer_column, total_column with part_columns, or where with expected"
            )
        return self


class Caveat(Declared):
    """A caveat code attached to the cells it concerns."""

    caveat: Annotated[str, code_of("caveat")]
    first_period: str | None = None
    last_period: str | None = None
    iccs: tuple[str, ...] = ()
    note: str


class Bridge(Declared):
    """The conversion of counts from before a break to the definition after it: by an overlap, or a known factor."""

    basis: str
    overlap: str | None = Field(default=None, description="source that continues the definition used before the break")
    factor: float | None = Field(default=None, gt=0, description="new count / old count, if known from elsewhere")
    low: float | None = Field(default=None, gt=0, description="lower 95 % limit of the factor")
    high: float | None = None
    reference: str = ""

    @model_validator(mode="after")
    def _check_factor(self) -> Bridge:
        if (self.overlap is None) == (self.factor is None):
            raise ValueError("a bridge needs either overlap (a source) or factor (a number)")
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high: give both limits of the factor, or neither if it is exact")
        if self.low is not None and not (self.factor and self.high and self.low <= self.factor <= self.high):
            raise ValueError("low and high are limits of factor: low <= factor <= high")
        return self


class Break(Declared):
    """A declared break in the series: nothing is compared across the start of this period, unless it is bridged."""

    period: str
    iccs: tuple[str, ...] = ()
    note: str
    bridge: Bridge | None = None

    @model_validator(mode="after")
    def _check_bridge(self) -> Break:
        if self.bridge is not None and not self.iccs:
            raise ValueError("iccs: a bridge needs categories; no single factor is valid for all")
        if self.bridge is not None and self.period[4:] not in ("", "-01"):
            raise ValueError(f"period: {self.period} is within a year, whose count would mix both definitions")
        return self


MOST_QUOTED = 120
"""How many characters of a heading a warning quotes."""


class CheckedWords(Declared):
    """Words of the files that seem to contradict the declaration, but were looked at and mean something else."""

    words: Annotated[str, Field(min_length=1)]
    note: Annotated[str, Field(min_length=1)]


class Exceptional(Declared):
    """A period that rules or fits would misinterpret: a jump that is real (no_break), or a mass event."""

    period: str
    iccs: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    note: str
