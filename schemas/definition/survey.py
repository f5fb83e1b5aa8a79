"""How a sample of persons or households was drawn, from which its estimates and their errors follow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from schemas.definition.layouts import Names
from schemas.definition.messages import known_area
from schemas.definition.model import Declared

UNIT_COUNTS = ("victim", "person", "household")
"""Counting units that count each sampled unit once, however often it experienced the offence."""


ReplicateMethod = Literal["brr", "fay", "jk1", "jk2", "jkn", "sdr"]


class Replicates(Declared):
    """Replicate weights: the same sample reweighted many times; the spread of the estimates is their error."""

    weights: str = Field(
        min_length=1, description="columns of the replicate weights: a name with * for the part that varies"
    )
    number: int = Field(ge=2, description="number of these columns")
    method: ReplicateMethod = Field(description="how the replicates were made")
    fay: float | None = Field(default=None, gt=0, lt=1, description="Fay's coefficient, for method fay")
    scale: float | None = Field(default=None, gt=0, description="factor of the sum of squares, for method jkn")
    factors: bool = Field(
        default=False, description="whether the columns are multiples of the weight rather than weights"
    )
    degrees_of_freedom: int | None = Field(
        default=None,
        ge=1,
        description="degrees of freedom for the limits; by default the number of replicates minus one",
    )

    @model_validator(mode="after")
    def _check_method(self) -> Replicates:
        for name, method in (("fay", "fay"), ("scale", "jkn")):
            if (getattr(self, name) is not None) != (self.method == method):
                raise ValueError(f"{name}: is for method {method}, which needs it")
        return self

    @property
    def factor(self) -> float:
        """The factor for the sum of squared differences between the replicate estimates and the estimate.

        Wolter 2007, chapters 3 and 4; Judkins 1990 (Fay); Fay and Train 1995 (successive differences).

        >>> Replicates(weights="r*", number=80, method="sdr").factor
        0.05
        """
        if self.scale is not None:
            return self.scale
        kept = 1 - (self.fay or 0)
        return {
            "brr": 1 / self.number,
            "fay": 1 / (self.number * kept * kept),
            "jk1": (self.number - 1) / self.number,
            "jk2": 1.0,
            "sdr": 4 / self.number,
        }[self.method]


class Survey(Declared):
    """The columns, after the reshape, with the design of the sample and the weight of each record."""

    key: Names = Field(min_length=1, description="columns that identify a sampled unit in every layout")
    weight: str = Field(description="column with the number of units that a sampled unit represents")
    event_weight: str | None = Field(default=None, description="column with the weight of an event, if it has its own")
    stratum: str | None = Field(default=None, description="column with the stratum")
    psu: str | None = Field(default=None, description="column with the primary sampling unit in the stratum")
    replicates: Replicates | None = Field(default=None, description="replicate weights, instead of stratum and psu")
    smallest_sample: int = Field(default=10, ge=3, description="estimates from fewer records are withheld")
    whole: Annotated[str, AfterValidator(known_area)] | None = Field(
        default=None, description="area of all sampled units together, if columns.ref_area gives the area of each"
    )

    @model_validator(mode="after")
    def _check_design(self) -> Survey:
        given = [name for name in ("stratum", "psu") if getattr(self, name) is not None]
        if self.replicates is not None and given:
            raise ValueError(
                f"{given[0]}: the standard errors are computed from the replicate weights; delete it, or replicates"
            )
        if self.replicates is None and len(given) < 2:
            raise ValueError("stratum and psu: name both, or the replicate weights under replicates")
        return self
