"""Checks on the distribution of ages of incidents: numbers that may represent an unknown age."""

from __future__ import annotations

import duckdb

from pipelines.system.connection import fetch_row
from pipelines.system.outcomes import Outcome
from pipelines.system.sql import fill_sql

# Of 55,237 homicides of the FBI's Supplementary Homicide Reports, 1,147 victims were in their first year, 4.6 times as
# many as in one of the nine years after it; 118 were 90 to 97, and 2 were 98 or 99.
_LEAST_INCIDENTS = 20
_LEAST_SHARE = 0.02
_MOST_OF_AGE_0 = 6
_YEARS_AFTER = 9


def check_ages(connection: duckdb.DuckDBPyConnection, gives_years: bool) -> Outcome:
    """Warn if far more incidents have the age 0, or 98 and 99, than the neighbouring ages make plausible.

    Files write an unknown age as 0 or 99; taken as an age, it falls into the youngest or the oldest band.

    Args:
        connection: has ``tally_part``, the combinations of incidents.
        gives_years: whether the tallies have the number of incidents with these ages.
    """
    if not gives_years:
        return Outcome("ages_piled", "not applicable", 0, 0)
    newborn, young, old, oldest, known = (
        number or 0 for number in fetch_row(connection, fill_sql("harmonise/ages_piled"))
    )
    least = max(_LEAST_INCIDENTS, _LEAST_SHARE * known)
    found = []
    if newborn >= least and newborn * _YEARS_AFTER > _MOST_OF_AGE_0 * young:
        found.append(f"{newborn:,} of {known:,} have the age 0, and {young:,} an age from 1 to 9")
    if oldest >= least and oldest > old:
        found.append(f"{oldest:,} of {known:,} have the age 98 or 99, and {old:,} an age from 90 to 97")
    return Outcome("ages_piled", "warned" if found else "passed", known, len(found), "; ".join(found))
