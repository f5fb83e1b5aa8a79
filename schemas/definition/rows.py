"""Which rows of the files count, and how they give ages and areas."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from schemas.area_names import LANGUAGES, known_languages
from schemas.codelists import parse_age
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.model import Declared

_VERSION = re.compile(r"(?<![a-z])(?:v|ver|version|rev|r)[ ._-]?(\d{1,3})(?!\d)", re.IGNORECASE)
"""The number of a version in the name of a file."""


class Exclusion(Declared):
    """Rows excluded on purpose: a named rule, an SQL condition on the reshaped table, and the reason."""

    rule: str
    where: str
    reason: str


class Replaced(Declared):
    """A corrected edition: its file or pattern, the file or pattern that it replaces, and the years concerned."""

    file: str = Field(min_length=1)
    replaces: str = Field(min_length=1)
    years: tuple[Annotated[str, Field(pattern=r"^[0-9]{4}$")], ...] = Field(
        default=(), description="only the rows of these years; all rows of the file if not given"
    )
    note: str

    @model_validator(mode="after")
    def _replaces_an_older_one(self) -> Replaced:
        """A first version does not replace the second; the names say which is which."""
        new, old = (_VERSION.search(name) for name in (self.file, self.replaces))
        if new and old and int(new[1]) < int(old[1]):
            raise ValueError(
                f"{self.file} is by its name an earlier version than {self.replaces}: file is the corrected edition, "
                "replaces the one whose rows are left out"
            )
        return self

    def condition(self, period: str | None) -> str:
        """Return the condition for replaced rows, in SQL that DuckDB and Spark share; years are four digits."""
        old = f"{_is_file(self.replaces)} AND NOT ({_is_file(self.file)})"
        if not self.years:
            return old
        if period is None:
            raise ValueError("replaces.years: there is no column of years or dates; delete the key")
        years = ", ".join(quote_literal(year) for year in self.years)
        return f"{old} AND substr(trim(CAST({quote_identifier(period)} AS STRING)), 1, 4) IN ({years})"


def _is_file(pattern: str) -> str:
    """The condition, in SQL, that a row comes from a file of this name or pattern, in whatever folder and case."""
    name = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return f"regexp_extract(_file, {quote_literal(f'(?i)^(.*/)?({name})$')}, 2) <> ''"


class Ages(Declared):
    """How a file of incidents gives ages: as a number in a unit, or as a date of birth; and the bands to publish."""

    unit: Literal["years", "months", "weeks", "days", "hours", "birth_date"] = "years"
    bands: tuple[str, ...] = Field(
        min_length=1, description="age codes from the youngest up, each starting where the previous one ends"
    )

    @model_validator(mode="after")
    def _check_bands(self) -> Ages:
        bounds = [parse_age(band) for band in self.bands]
        for band, one, following in zip(self.bands, bounds, [*bounds[1:], None], strict=True):
            if one is None:
                raise ValueError(f"bands: {band!r} is not an age band")
            if following is not None and (one[1] is None or following[0] != one[1] + 1):
                raise ValueError(f"bands: the band after {band!r} must begin where it ends")
        return self


class AreaNames(Declared):
    """Which areas the names of the area column are from (``area_scheme: name``), and in which languages."""

    languages: Annotated[tuple[str, ...], AfterValidator(known_languages)] = LANGUAGES
    of: str | None = Field(default=None, description="the country whose parts are named; the countries if not given")


class BoundaryFile(Declared):
    """Boundaries of the areas, for incidents with longitude and latitude: GeoJSON or TopoJSON in the folder, WGS 84."""

    file: str
    area_property: str = Field(description="property of each feature that contains its area code")
