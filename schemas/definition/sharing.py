"""Who may receive the figures of a source, and which counts are hidden from them."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from iccs.classification import UnknownCode, load_classification
from schemas.definition.model import Declared

Level = Literal["public", "partners", "internal"]
"""Who may receive figures, from the most open level; recipients at one level may also have those of earlier ones."""


class Sharing(Declared):
    """Who may receive the figures, and which counts are hidden from them."""

    level: Level
    threshold: int | None = Field(default=None, ge=2, description="counts from 1 up to below this number are hidden")
    never_suppress: tuple[str, ...] = Field(
        default=(), description="ICCS categories whose counts are shown, however small"
    )
    zeros: Literal["shown", "hidden"] = Field(default="shown", description="hidden if zeros are confidential")
    embargo: date | None = Field(default=None, description="the first day on which the figures may leave the office")
    rounding: Literal[3, 5] | None = Field(
        default=None,
        description="all counts are rounded to multiples of this number, with totals that add up; none is hidden",
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_dominance(cls, given: Any) -> Any:
        for name in ("dominance", "p_percent", "nk") if isinstance(given, dict) else ():
            if name in given:
                raise ValueError(
                    f"{name} protects sums of amounts dominated by a few contributors (turnover, money). In counts of "
                    "events or persons each contributes one: declare threshold or rounding"
                )
        return given

    @model_validator(mode="after")
    def _check_rounding(self) -> Sharing:
        if self.rounding and self.never_suppress:
            raise ValueError(
                "never_suppress: with rounding, no count is hidden and all are rounded; delete one of the two"
            )
        return self

    @model_validator(mode="after")
    def _check_categories(self) -> Sharing:
        for code in self.never_suppress:
            try:
                known = load_classification().normalise(code)
            except UnknownCode as error:
                raise ValueError(f"never_suppress: {error}") from error
            if known != code:
                raise ValueError(f"never_suppress: {code!r} is written {known!r}")
        return self

    @property
    def is_protected(self) -> bool:
        """Whether counts are shared hidden or rounded only, never as they are."""
        return self.threshold is not None or self.rounding is not None

    def why_it_stays(self, level: Level, today: date) -> str | None:
        """Return why the figures may not be shared with recipients of a level on a day; None if they may.

        >>> Sharing(level="partners").why_it_stays("public", date(2026, 1, 1))
        'its level is partners, above public'
        """
        levels = get_args(Level)
        if levels.index(self.level) > levels.index(level):
            return f"its level is {self.level}, above {level}"
        if self.embargo is not None and today < self.embargo:
            return f"it is under embargo until {self.embargo}"
        return None
