"""The account of the records of a survey, beside that of its estimates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.survey.estimates_folder import survey_of
from pipelines.harmonise.survey.read_records import record_tables
from pipelines.system.connection import connect, run_sql
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.source import Source, SourceFolder

_NEARLY_ONE = 0.01
"""How far the mean of weights that are scaled to the size of the sample may be from one."""


@dataclass(frozen=True)
class Surveyed:
    """The estimates of a survey as a table, and the account of its records: role, rule (none where used), records.

    Of the withheld estimates, ``few`` are from few records, the others so that those cannot be computed from them.
    ``mean_weight``: how many units a sampled unit represents on average.
    """

    source_id: str
    raw: RawTable
    account: tuple[tuple[str, str | None, int], ...]
    withheld: int
    few: int
    mean_weight: float

    @property
    def rows(self) -> int:
        """How many estimates there are."""
        return self.raw.rows

    @property
    def records(self) -> int:
        """How many records were read."""
        return sum(number for *_, number in self.account)

    @property
    def summary(self) -> str:
        """One line for people."""
        few = f", {self.withheld:,} withheld" if self.withheld else ""
        return f"{self.rows:,} estimates from {self.records:,} records{few}"


def add_records(folder: SourceFolder, surveyed: Surveyed, validated: Validated, settings: Settings) -> Validated:
    """Add the records of a survey to the account of its estimates: those read, used, and excluded by each rule."""
    used = sum(number for _, rule, number in surveyed.account if rule is None)
    reasons = {item.rule: item.reason for item in folder.source.exclusions}
    left_out = [(rule, number) for _, rule, number in surveyed.account if rule is not None]
    rules = pa.table(
        {
            "rule": pa.array([rule for rule, _ in left_out], pa.string()),
            "reason": pa.array([reasons[rule] for rule, _ in left_out], pa.string()),
            "records": pa.array([number for _, number in left_out], pa.int64()),
        }
    )
    with connect(settings) as connection:
        connection.register("left_out", rules)
        connection.register("measured", pa.table({"measure": list(folder.source.measures)}))
        for path, statement in (
            (validated.reconciliation, "records_accounted"),
            (validated.exclusions, "records_left_out"),
        ):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE given AS FROM read_parquet({quote_literal(str(path))})")
            rows = {"read": str(surveyed.records), "used": str(used)} if statement == "records_accounted" else {}
            run_sql(connection, f"harmonise/{statement}", target=quote_literal(str(path)), **rows)
        connection.unregister("left_out")
        connection.unregister("measured")
    few = f"{surveyed.few:,} estimates from fewer than {survey_of(folder).smallest_sample} records are withheld"
    if more := surveyed.withheld - surveyed.few:
        few += f", and {more:,} from which these could be computed"
    detail = few if surveyed.withheld else ""
    outcome = Outcome.of_counts("small_samples", surveyed.rows, surveyed.withheld, detail)
    return replace(validated, outcomes=(*validated.outcomes, outcome, _judge_weights(folder.source, surveyed)))


def _judge_weights(source: Source, surveyed: Surveyed) -> Outcome:
    """Warn of numbers of persons or offences from weights that add up to the sample, not to the population."""
    numbers = [name for name, measure in source.measures.items() if measure.unit == "number"]
    if not numbers:
        return Outcome.not_applicable("weights_of_sample")
    is_sample = abs(surveyed.mean_weight - 1) <= _NEARLY_ONE
    detail = (
        f"the weights are {surveyed.mean_weight:.4g} on average, so {', '.join(numbers)} are numbers in the sample"
        if is_sample
        else ""
    )
    return Outcome.of_counts("weights_of_sample", len(numbers), len(numbers) * is_sample, detail)


def account_records(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder
) -> tuple[tuple[str, str | None, int], ...]:
    """Return the disposition of all records: their table, the rule that excludes them, and how many."""
    source = folder.source
    found = []
    for name in dict.fromkeys(record_tables(source)):
        rows = connection.execute(
            "SELECT exclusion, count(*) FROM (SELECT _file, _number, min(exclusion) AS exclusion "
            f"FROM {name} GROUP BY _file, _number) GROUP BY exclusion ORDER BY exclusion"
        ).fetchall()
        found += [(name, source.exclusions[rule - 1].rule if rule else None, number) for rule, number in rows]
    return tuple(found)
