"""How a sample of persons or households was drawn: what estimates from its records, and their errors, follow from."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.definition.layouts import Names
from schemas.definition.messages import known_area

UNIT_COUNTS = ("victim", "person", "household")
"""Counting units of which a sampled unit is one: it counts once, however often it experienced the offence."""
PER = {"percent": 100, "per_100": 100, "per_1000": 1_000, "per_10k": 10_000, "per_100k": 100_000}
"""Units of measure that are a share or a rate of the sampled population -> what it is multiplied by."""


class Survey(BaseModel):
    """Columns, after the reshape, that say how the sample was drawn and what each record stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Names = Field(min_length=1, description="columns that identify a sampled unit in every layout")
    weight: str = Field(description="column of the number of units that a sampled one stands for")
    event_weight: str | None = Field(default=None, description="column of the weight of an event, where it has its own")
    stratum: str = Field(description="column of the stratum")
    psu: str = Field(description="column of the primary sampling unit in the stratum")
    smallest_sample: int = Field(default=10, ge=3, description="estimates from fewer records are withheld")
    whole: Annotated[str, AfterValidator(known_area)] | None = Field(
        default=None, description="area of all sampled units together, where columns.ref_area gives that of each"
    )
