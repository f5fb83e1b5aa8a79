"""How the population of a part of a country is carried back to years for which only the country's is known."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from schemas.definition.model import Declared

Year = Annotated[int, Field(ge=1900, le=2100)]


class Backcast(Declared):
    """Shares of the parts in one year, or on the line through two, applied to the country's population."""

    first_year: Year = Field(description="the earliest year to compute")
    country_population: str = Field(min_length=1, description="source of the country's population of those years")
    shares_of: tuple[Year, ...] = Field(
        min_length=1,
        max_length=2,
        description="one year, whose shares are constant; or two, for the line through their shares",
    )

    @model_validator(mode="after")
    def _check_years(self) -> Backcast:
        if len(self.shares_of) == 2 and self.shares_of[0] >= self.shares_of[1]:
            raise ValueError(f"shares_of: {list(self.shares_of)}: write the earlier year first")
        if self.first_year >= self.shares_of[0]:
            raise ValueError(
                f"first_year: {self.first_year} is not before {self.shares_of[0]}, the year of the shares: nothing "
                "would be carried back; write an earlier year, or delete backcast"
            )
        return self

    @property
    def last_share_year(self) -> int:
        """The year up to which years without a population are filled: that of the last shares.

        >>> Backcast(first_year=2000, country_population="wb_population", shares_of=(2001, 2010)).last_share_year
        2010
        """
        return self.shares_of[-1]
