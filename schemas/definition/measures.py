"""What the numbers of a source are: counts, stocks, estimates or ratios; and how an estimate gives its error.

Counts of events add up: over areas, months and categories. They become rates, and chance gives them Poisson limits. A
stock (persons held on a day) adds up over areas, but does not count events: it has rates without limits. An estimate
has a sampling error, and a ratio is a share or a rate computed elsewhere; neither is ever added, divided or tested as a
count. They are published as given, in ``out.estimate``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.definition.layouts import as_list
from schemas.definition.messages import code_of
from schemas.definition.model import Declared

Figures = Literal["count", "stock", "estimate", "ratio"]
AS_PUBLISHED = ("estimate", "ratio")
"""Kinds of figures that are published as given."""
HELD_STAGES = ("held", "held_unsentenced")
"""Stages at which persons are counted on a day."""
PER_UNIT = {
    "percent": 100,
    "per_100": 100,
    "per_1000": 1000,
    "per_10k": 10_000,
    "per_100k": 100_000,
    "per_million": 1_000_000,
}
"""Units of a share or rate -> how many times a share (0.31) each is."""
SURVEY_STAGE = "experienced"
"""The stage that only a sample of the population tells of."""

ERRORS = ("standard_error", "half_width", "ci_low", "ci_high", "cv_percent", "cv_share")
"""Columns of the error of an estimate, in whichever of these forms the source gives it."""
Adds = Literal["areas", "sexes", "codes", "none"]
"""The dimensions over which the parts of an estimate or ratio add up; national codes that do are shares of 100 %."""
BESIDE_ESTIMATES = (*ERRORS, "sample_size", "precision")
"""Every column that only estimates and ratios have."""


class Measure(Declared):
    """What a number measures: stage of the process, counting unit, kind of figure, unit and population."""

    stage: Annotated[str, code_of("stage")] = "recorded"
    counting_unit: Annotated[str, code_of("counting_unit")]
    figures: Figures = Field(default="count", description="a stock at the stages at which persons are held")
    unit: Annotated[str, code_of("unit_of_measure")] = "number"
    universe: Annotated[str, code_of("universe")] | None = Field(
        default=None, description="population to which an estimate or ratio refers"
    )
    reference_period: Annotated[str, code_of("reference_period")] | None = Field(
        default=None, description="period covered by the survey questions"
    )
    confidence_percent: float | None = Field(
        default=None, gt=50, lt=100, description="confidence level of the limits or half-widths given by the source"
    )
    sdg: Annotated[str, Field(pattern=r"[0-9]{1,2}(\.[0-9a-z]{1,2}){1,2}")] | None = Field(
        default=None, description="number of the SDG indicator, if the figure as published is one"
    )

    adds: Annotated[tuple[Adds, ...], BeforeValidator(as_list)] = Field(
        default=("none",), description="over what the parts add up to the total; their sum is then compared with it"
    )

    @model_validator(mode="before")
    @classmethod
    def _held_are_stocks(cls, declared: Any) -> Any:
        if isinstance(declared, dict) and declared.get("stage") in HELD_STAGES:
            return {"figures": "stock", **declared}
        return declared

    @model_validator(mode="after")
    def _check_figures(self) -> Measure:
        if self.stage in HELD_STAGES and self.figures == "count":
            raise ValueError(f"figures: stage {self.stage} counts persons on one day; write figures: stock")
        if self.stage == SURVEY_STAGE and self.figures not in AS_PUBLISHED:
            raise ValueError(
                f"figures: stage {self.stage} is what people say in a survey; write figures: estimate (or ratio), "
                "which is published with its error and never added up or tested as a count"
            )
        if self.figures in AS_PUBLISHED:
            if self.universe is None:
                raise ValueError(f"universe: is missing; state the population to which the {self.figures} refers")
            if self.figures == "ratio" and self.unit == "number":
                raise ValueError("unit: a ratio is not a number of something; write percent, per_100k ...")
            return self._check_adds()
        for name in ("unit", "universe", "reference_period", "confidence_percent", "sdg", "adds"):
            if name in self.model_fields_set:
                raise ValueError(f"{name}: only for figures: estimate or ratio; delete the key")
        return self

    def _check_adds(self) -> Measure:
        if "none" in self.adds and len(self.adds) > 1:
            raise ValueError("adds: none, or areas, sexes, codes")
        if "codes" in self.adds and self.unit != "percent":
            raise ValueError("adds: codes: only shares of one total add up over national codes; write unit: percent")
        if {"areas", "sexes"}.intersection(self.adds) and self.unit != "number":
            raise ValueError(
                f"adds: a figure in {self.unit} for the total is not the sum of those for its parts; write none"
            )
        return self
