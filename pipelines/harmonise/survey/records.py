"""Records of a survey -> a table of estimates with their errors, made in the engine, which no record leaves.

The records are read in place, reshaped and checked in a separate engine. Each sampled unit represents as many units as
its weight; its events are assigned to its stratum by the key of the unit. The estimates then take the same steps as a
table of published estimates: words to codes, links, account, rules.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.collect.acquire import Acquired
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.read import RawTable
from pipelines.harmonise.engine import DuckDBEngine
from pipelines.harmonise.survey.account import Surveyed, account_records
from pipelines.harmonise.survey.estimates import write_estimates
from pipelines.harmonise.survey.estimates_folder import WITHHELD, survey_of
from pipelines.harmonise.survey.read_records import Records, open_tables, record_problems
from pipelines.system.connection import connect, fetch_row
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.source import SourceFolder


def estimate_survey(folder: SourceFolder, acquired: Acquired, settings: Settings, work: Path) -> Surveyed:
    """Make the estimates of a survey from its records.

    Args:
        folder: the source.
        acquired: its files, read where they are.
        settings: limits and folders.
        work: folder that gets the table of estimates.

    Raises:
        DataRefused: a record without a usable weight or design, an event of no sampled unit, a stratum with one primary
            sampling unit, a reshape that loses records, or sums that do not close.
    """
    survey = survey_of(folder)
    engine = DuckDBEngine(settings)
    engine.connection.execute("SET preserve_insertion_order = true")  # the number of a record is its place
    try:
        with sql_limits(folder, engine.connection, settings):
            read = Records(folder, acquired, settings, work, engine.connection)
            read.open()
            open_tables(engine.connection, folder, survey)
            if problems := list(record_problems(engine.connection, folder, read)):
                raise DataRefused(problems)
            target = work / "estimates.parquet"
            few = write_estimates(engine.connection, folder, survey, target)
            account = account_records(engine.connection, folder)
            (mean_weight,) = fetch_row(engine.connection, "SELECT avg(weight) FROM sampled_unit")
    finally:
        engine.close()
    with connect(settings) as connection:
        counted = f"count(*), count(*) FILTER (value = {quote_literal(WITHHELD)})"
        rows, withheld = fetch_row(connection, f"SELECT {counted} FROM read_parquet($path)", {"path": str(target)})
    files = tuple(replace(file, layout=0) for file in acquired.files)
    raw = RawTable(folder.source_id, ((target,),), rows, {}, files)
    return Surveyed(folder.source_id, raw, account, withheld, few, float(mean_weight or 0))
