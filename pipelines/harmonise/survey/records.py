"""Records of a survey -> a table of estimates with their errors, made in the engine, which no record leaves.

The records are read in place, reshaped and checked in a separate engine. Each sampled unit represents as many units as
its weight; its events are assigned to its stratum by the key of the unit. The estimates then take the same steps as a
table of published estimates: words to codes, links, account, rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, combinations
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.acquire import Acquired, RawFile, is_unchanged
from pipelines.collect.decode import refuse
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.failed_sql import refused_if_sql_fails
from pipelines.collect.read import RawTable
from pipelines.collect.text_table import TextTable, find_lines, open_partition
from pipelines.harmonise.engine import DuckDBEngine, text_query
from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.survey.hiding import hide_more
from pipelines.harmonise.survey.replicates import replicate_columns, replicate_problems, sum_replicates
from pipelines.system.connection import column_names, connect, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from pipelines.system.sql import fill_sql
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.definition.layouts import Layout, ReadOptions
from schemas.definition.measures import PER_UNIT, Measure
from schemas.definition.messages import hint
from schemas.definition.publication import Breakdown
from schemas.definition.survey import UNIT_COUNTS, Survey
from schemas.source import Source, SourceFolder

ALL = "(all)"
"""The word for all groups of a dimension in the table of estimates."""
WITHHELD = "(withheld)"
"""The word for an estimate from too few records."""
_NEARLY_ONE = 0.01
"""How far the mean of weights that are scaled to the size of the sample may be from one."""
_CONFIDENCE_PERCENT = 95.0
_BESIDE = ("value", "standard_error", "ci_low", "ci_high", "sample_size")


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


class EstimatesFolder(SourceFolder):
    """The source of a survey, seen as the source of the table of estimates made from it.

    Args:
        folder: the source as declared, of records.
    """

    def __init__(self, folder: SourceFolder) -> None:
        super().__init__(folder.folder, folder.concordance, with_drafts=folder.with_drafts, origin=folder.origin)
        self.declared = folder

    @cached_property
    def source(self) -> Source:
        """The declaration of the estimates, whose columns have our names."""
        declared = self.declared.source
        own = {name: name for name in (*_groups(declared), "measure", "national_code", *_BESIDE)}
        own |= {"time_period": "time_period"}
        constants = {name: code for name, code in declared.constants.items() if name not in own}
        level = {"confidence_percent": _CONFIDENCE_PERCENT}
        measures = {
            name: measure if measure.confidence_percent else measure.model_copy(update=level)
            for name, measure in declared.measures.items()
        }
        table = Layout(files=("*",), read=ReadOptions(columns=tuple(own)))
        return declared.model_copy(
            update={
                "layouts": (table,),
                "columns": own,
                "constants": constants,
                "measures": measures,
                "exclusions": (),
                "breakdowns": (Breakdown(),),
                "decimal": ".",
            }
        )

    @cached_property
    def words(self) -> list[tuple[str, str, str]]:
        """The words of the source, and those for all groups of a dimension and for withheld estimates."""
        declared = self.declared.source
        whole = declared.survey.whole if declared.survey else None
        totals = {name: declared.totals.get(name, "_T") for name in _groups(declared)} | {"ref_area": whole or ""}
        own = [(name, ALL, totals[name]) for name in _groups(declared)]
        return [*self.declared.words, *own, ("value", WITHHELD, "Q")]

    def reshape_name(self, layout: Layout) -> str | None:
        """None, as the estimates are tidy already."""
        return None


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
    survey = _survey(folder)
    engine = DuckDBEngine(settings)
    engine.connection.execute("SET preserve_insertion_order = true")  # the number of a record is its place
    try:
        with sql_limits(folder, engine.connection, settings):
            read = _Records(folder, acquired, settings, work, engine.connection)
            read.open()
            _open_tables(engine.connection, folder, survey)
            if problems := list(_problems(engine.connection, folder, read)):
                raise DataRefused(problems)
            target = work / "estimates.parquet"
            few = _write_estimates(engine.connection, folder, survey, target)
            account = _account(engine.connection, folder)
            (mean_weight,) = fetch_row(engine.connection, "SELECT avg(weight) FROM sampled_unit")
    finally:
        engine.close()
    with connect(settings) as connection:
        counted = f"count(*), count(*) FILTER (value = {quote_literal(WITHHELD)})"
        rows, withheld = fetch_row(connection, f"SELECT {counted} FROM read_parquet($path)", {"path": str(target)})
    files = tuple(replace(file, layout=0) for file in acquired.files)
    raw = RawTable(folder.source_id, ((target,),), rows, {}, files)
    return Surveyed(folder.source_id, raw, account, withheld, few, float(mean_weight or 0))


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
    few = f"{surveyed.few:,} estimates from fewer than {_survey(folder).smallest_sample} records are withheld"
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


def _survey(folder: SourceFolder) -> Survey:
    if folder.source.survey is None:
        raise ValueError(f"source {folder.source_id} is not a survey")
    return folder.source.survey


def _groups(source: Source) -> list[str]:
    """The columns by which sampled units are grouped, the area first."""
    return [name for name in ("ref_area", *breakdown_columns()) if name in source.columns]


def _tables(source: Source) -> tuple[str, str]:
    """The tables of records of sampled units and of what they experienced: one where one layout has both."""
    return ("unit_record", "event_record") if len(source.layouts) > 1 else ("unit_record", "unit_record")


class _Records:
    """Opens the files of a survey in an engine, layout by layout, as tables of records."""

    def __init__(
        self,
        folder: SourceFolder,
        acquired: Acquired,
        settings: Settings,
        work: Path,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self.folder, self.settings, self.work, self.connection = folder, settings, work, connection
        self.files = acquired.files
        self.opened: dict[str, tuple[RawFile, TextTable]] = {}
        self.replicates: list[str] = []  # columns of the replicate weights
        self.bound: set[str] = set()  # the rules of which some layout has the columns

    def open(self) -> None:
        """Create the tables of records.

        Raises:
            DataRefused: a layout has no file, a file cannot be read, or a reshape loses or doubles records.
        """
        source, names = self.folder.source, set[str]()
        for number, layout in enumerate(source.layouts):
            files = [file for file in self.files if file.layout == number]
            if not files:
                found = (
                    f"No file has the layout {number + 1} ({', '.join(layout.files)}); a survey needs all of its files."
                )
                raise DataRefused([Problem("file_not_found", source.source_id, found)])
            parts = [self._open_file(file, f"raw_{number}_{place}") for place, file in enumerate(files)]
            raw = "\nUNION ALL BY NAME\n".join(f"FROM raw_{number}_{place}" for place in range(len(files)))
            self._take_layout(layout, number, raw)
            names |= {name for table in parts for name in table.names}
        if unbound := [item for item in source.exclusions if item.rule not in self.bound]:
            found = f"exclusions: {unbound[0].rule}: no layout has the columns of {unbound[0].where!r}."
            raise DataRefused([Problem("declaration_invalid", source.source_id, found)])
        if lost := [name for name in source.personal if name not in names]:
            found = (
                f"personal: no file has a column {lost[0]!r}; under another name it would be "
                f"read{hint(lost[0], names)}."
            )
            raise DataRefused([Problem("missing_column", source.source_id, found, column=lost[0])])

    def _open_file(self, file: RawFile, name: str) -> TextTable:
        """Load a file into the engine as text, without the columns that identify a person."""
        work = self.work / name
        work.mkdir()
        table, _ = open_partition(self.folder, file, self.settings, work)
        try:
            self.connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
            self.connection.execute(f"CREATE TEMP TABLE {name} AS {text_query(table, {}, numbered=True)}")
        except duckdb.Error as error:
            if is_of_the_machine(error):
                raise
            found = f"The file cannot be read to its end ({str(error).strip().splitlines()[0]})."
            raise refuse(self.folder.source_id, file, "file_not_readable", found) from error
        self._refuse_malformed(file)
        if not is_unchanged(file, self.folder.source_id, self.settings):
            raise refuse(self.folder.source_id, file, "file_changed", "The file changed while it was read.")
        (rows,) = fetch_row(self.connection, f"SELECT count(*) FROM {name}")
        if not rows:
            raise refuse(self.folder.source_id, file, "no_data_rows", "There is a header but no row below it.")
        self.opened[file.name] = (file, table)
        return table

    def _refuse_malformed(self, file: RawFile) -> None:
        if not self.connection.execute("FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall():
            return
        first, lines = fetch_row(self.connection, "SELECT min(line), count(DISTINCT line) FROM reject_errors")
        if lines:
            found = f"{lines:,} lines could not be split into the columns of the header; an estimate would miss them."
            raise refuse(self.folder.source_id, file, "malformed_line", found, row=first)

    def _take_layout(self, layout: Layout, number: int, raw: str) -> None:
        """Reshape the records of a layout, and give their columns our names."""
        folder, source = self.folder, self.folder.source
        survey = _survey(folder)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW raw_{number} AS {raw}")
        tidy = f"WITH raw AS (FROM raw_{number}) FROM (\n{folder.reshape(layout) or 'FROM raw'}\n)"
        files = [file.name for file in self.files if file.layout == number]
        with refused_if_sql_fails(folder, folder.reshape_name(layout), files=files):
            self.connection.execute(f"CREATE TEMP TABLE tidy_{number} AS {tidy}")
        single = len(source.layouts) == 1
        self._check_kept(layout, number, several=single)
        parts = {"unit_record"} if single or layout.sample else {"event_record"}
        texts: dict[str, str] = {}
        if "unit_record" in parts:
            texts |= {"weight": survey.weight}
            texts |= {"stratum": survey.stratum} if survey.stratum else {}
            texts |= {"psu": survey.psu} if survey.psu else {}
            texts |= {name: source.columns[name] for name in _groups(source)}
            texts |= {"time_period": source.columns["time_period"]} if "time_period" in source.columns else {}
        if single or "event_record" in parts:
            texts |= {"times": source.columns["value"]} if "value" in source.columns else {}
            texts |= {"event_weight": survey.event_weight} if survey.event_weight else {}
            texts |= {"national_code": source.columns["national_code"]} if "national_code" in source.columns else {}
        self._write(number, next(iter(parts)), texts)

    def _check_kept(self, layout: Layout, number: int, *, several: bool) -> None:
        columns = self._columns(number)
        name = self.folder.reshape_name(layout)
        if lost := [one for one in ("_file", "_number") if one not in columns]:
            found = f"{name}: begin with SELECT *, because {', '.join(lost)} must be kept."
            raise DataRefused([Problem("reshape_failed", self.folder.source_id, found)])
        records, tidy, distinct = fetch_row(
            self.connection,
            f"SELECT (SELECT count(*) FROM raw_{number}), (SELECT count(*) FROM tidy_{number}), "
            f"(SELECT count(*) FROM (SELECT DISTINCT _file, _number FROM tidy_{number}))",
        )
        if records != distinct or (tidy != records and not several):
            found = f"{records:,} records went in, and {name} returned {tidy:,} rows of {distinct:,} of them."
            raise DataRefused([Problem("reshape_lost_rows", self.folder.source_id, found)])

    def _columns(self, number: int) -> list[str]:
        return column_names(self.connection, f"tidy_{number}")

    def _write(self, number: int, name: str, texts: dict[str, str]) -> None:
        source, columns = self.folder.source, self._columns(number)
        for column in [*texts.values(), *_survey(self.folder).key]:
            if column not in columns:
                shown = [one for one in columns if not one.startswith("_")]
                found = f"Layout {number + 1} has no column {column!r}{hint(column, shown)}."
                raise DataRefused([Problem("missing_column", source.source_id, found, column=column)])
        own = {role: quote_identifier(column) for role, column in texts.items()}
        if name == "event_record" or len(source.layouts) == 1:
            own.setdefault("times", quote_literal(source.constants.get("value", "1")))
            own.setdefault("national_code", quote_literal(source.constants.get("national_code", "")))
        replicates = _survey(self.folder).replicates if "weight" in own else None
        if replicates is not None:
            file = next(file.name for file in self.files if file.layout == number)
            self.replicates = replicate_columns(replicates, columns, source.source_id, file)
        if "weight" in own:
            own |= {name: quote_literal("all") for name in ("stratum", "psu") if name not in own}
            own.setdefault("time_period", quote_literal(source.constants.get("time_period", "")))
        key = ", ".join(
            f"trim(coalesce(CAST({quote_identifier(one)} AS VARCHAR), ''))" for one in _survey(self.folder).key
        )
        files = [file.name for file in self.files if file.layout == number]
        with refused_if_sql_fails(self.folder, files=files):
            run_sql(
                self.connection,
                "harmonise/survey_records",
                name=name,
                exclusion=self._exclusion(number),
                key=key,
                texts=own,
                replicates=[quote_identifier(one) for one in self.replicates] if replicates else [],
                tidy=f"FROM tidy_{number}",
            )

    def _exclusion(self, number: int) -> str:
        """The number of the rule that excludes a record, of the rules whose columns the layout has."""
        cases = []
        for place, item in enumerate(self.folder.source.exclusions, start=1):
            try:
                self.connection.execute(f"SELECT {item.where} FROM tidy_{number} LIMIT 0")
            except duckdb.BinderException:
                continue
            cases.append(f"WHEN ({item.where}) THEN {place}")
            self.bound.add(item.rule)
        return f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"

    def place(self, file: str, number: int) -> int:
        """Return the row of a record in its file, as shown by an editor."""
        _, table = self.opened[file]
        if table.format == "parquet":
            return number
        return find_lines(table, [number + table.header_rows]).get(
            number + table.header_rows, number + table.header_rows
        )


def _open_tables(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, survey: Survey) -> None:
    """Create the tables of sampled units and of the events they experienced."""
    source = folder.source
    units, events = _tables(source)
    own_weight = survey.event_weight is not None
    run_sql(connection, "harmonise/survey_units", records=units, groups=_groups(source), **_replicated(survey))
    run_sql(
        connection,
        "harmonise/survey_events",
        records=events,
        weight_word="event.event_weight" if own_weight else "unit.weight_word",
    )


def _replicated(survey: Survey) -> dict[str, bool]:
    """Whether the units have replicate weights, and whether these are multiples of the weight."""
    return {
        "replicates": survey.replicates is not None,
        "factors": survey.replicates is not None and survey.replicates.factors,
    }


def _problems(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, read: _Records) -> Iterator[Problem]:
    """Return the problems that prevent estimates from the records, each with its first place; keys are never shown."""
    survey, source = _survey(folder), folder.source
    names = {"key": ", ".join(survey.key), "value": source.columns.get("value", "value")}
    several = len(source.layouts) == 1
    parts = {
        "repeated": "forms > 1" if several else "records > 1",
        "own_weight": "true" if survey.event_weight else "false",
        "design": survey.replicates is None,
    }
    rows = run_sql(connection, "harmonise/survey_faults", **parts).fetchall()
    for rule, role, file, number, word, cells in rows:
        column = names.get(role) or getattr(survey, role, None) or role
        what = {
            "survey_weight": "records whose weight is missing, zero, negative or not a number",
            "survey_design_missing": "sampled units without a stratum or a primary sampling unit",
            "survey_unit_repeated": "sampled units that occur more than once",
            "survey_event_without_unit": "records that belong to no sampled unit used",
            "survey_number": "records whose number of times is missing, negative or not a number",
            "survey_one_psu": "strata with a single primary sampling unit",
        }[rule]
        found = f"Number of {what}: {cells:,}. The location is that of the first."
        yield Problem(
            rule, source.source_id, found, file, row=read.place(file, number), column=column, value=word, cells=cells
        )
    if survey.replicates is not None and not rows:
        yield from replicate_problems(connection, survey.replicates, read.replicates, source.source_id, read.place)


def _write_estimates(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, survey: Survey, target: Path) -> int:
    """Write the table of estimates, as text, to a Parquet file; return how many are from too few records."""
    source, groups = folder.source, _groups(folder.source)
    parts = {"groups": groups, "all": quote_literal(ALL), "sets": _grouping_sets(source)}
    run_sql(connection, "harmonise/survey_psu_units", **parts)
    run_sql(connection, "harmonise/survey_psu_events", **parts)
    _check_sum(connection, folder)
    connection.register("survey_measure", _measure_table(source.measures))
    connection.register("survey_quantile", _quantile_table(connection, source.measures, survey))
    smallest = str(survey.smallest_sample)
    if survey.replicates is None:
        run_sql(connection, "harmonise/survey_estimates", groups=groups, smallest=smallest)
    else:
        sum_replicates(connection, **parts)
        made = {"number": str(survey.replicates.number), "factor": repr(survey.replicates.factor)}
        run_sql(connection, "harmonise/replicate_estimates", groups=groups, smallest=smallest, **made)
    connection.register("survey_hidden", _hidden_table(connection, groups))
    query = fill_sql(
        "harmonise/survey_estimates_as_text",
        groups=groups,
        hidden=quote_literal(WITHHELD),
        file=quote_literal("estimates from the records"),
    )
    connection.execute(f"COPY (\n{query}\n) TO {quote_literal(str(target))} (FORMAT parquet)")
    (few,) = fetch_row(connection, "SELECT count(*) FROM survey_estimate WHERE withheld")
    return int(few)


def _hidden_table(connection: duckdb.DuckDBPyConnection, groups: list[str]) -> pa.Table:
    """Return the groups of each period and national code whose estimates are withheld, for all measures."""
    keys = ", ".join(("time_period", "national_code", *groups))
    rows = connection.execute(
        f"SELECT {keys}, min(records), bool_or(withheld) FROM survey_estimate GROUP BY {keys} ORDER BY {keys}"
    ).fetchall()
    tables: dict[tuple[str, str], tuple[dict[tuple[str, ...], int], set[tuple[str, ...]]]] = {}
    for period, code, *group, records, is_few in rows:
        known, few = tables.setdefault((period, code), ({}, set()))
        known[tuple(group)] = records
        few.update([tuple(group)] if is_few else [])
    hidden = [(*key, *cell) for key, (known, few) in tables.items() for cell in sorted(hide_more(known, few, ALL))]
    names = ["time_period", "national_code", *groups]
    return pa.table({name: pa.array([row[at] for row in hidden], pa.string()) for at, name in enumerate(names)})


def _grouping_sets(source: Source) -> list[str]:
    """Return the groups to estimate, with all margins of each breakdown: lists of columns that begin with a comma."""
    places = [("ref_area",), ()] if "ref_area" in source.columns else [()]
    sets = {
        (*place, *margin)
        for place in places
        for breakdown in source.breakdowns
        for margin in chain.from_iterable(combinations(breakdown.by, size) for size in range(len(breakdown.by) + 1))
    }
    return sorted("".join(f", {name}" for name in one) for one in sets)


def _measure_table(measures: Mapping[str, Measure]) -> pa.Table:
    return pa.table(
        {
            "measure": list(measures),
            "of_units": [one.counting_unit in UNIT_COUNTS for one in measures.values()],
            "most": pa.array([100.0 if one.unit == "percent" else None for one in measures.values()], pa.float64()),
            "per": pa.array([PER_UNIT.get(one.unit) for one in measures.values()], pa.float64()),
        }
    )


def _quantile_table(connection: duckdb.DuckDBPyConnection, measures: Mapping[str, Measure], survey: Survey) -> pa.Table:
    """Return, for each measure and period, the distance of a limit in standard errors by Student's t.

    The degrees of freedom are primary sampling units less strata, or replicates less one.
    """
    from scipy.special import stdtrit  # late: it takes as long to load as a small survey

    periods = connection.execute(
        "SELECT time_period, count(DISTINCT (stratum, psu)) - count(DISTINCT stratum) FROM psu_units GROUP BY ALL"
    ).fetchall()
    if survey.replicates is not None:
        known = survey.replicates.degrees_of_freedom or survey.replicates.number - 1
        periods = [(period, known) for period, _ in periods]
    rows = [
        (name, period, float(stdtrit(freedom, 0.5 + (one.confidence_percent or _CONFIDENCE_PERCENT) / 200)))
        for name, one in measures.items()
        for period, freedom in periods
    ]
    names = ("measure", "time_period", "quantile")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _check_sum(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Check that the weighted events of all primary sampling units equal those of the records, added up separately."""
    groups = _groups(folder.source)
    everything = " AND ".join(f"{name} = {quote_literal(ALL)}" for name in groups) or "true"
    records, units, events, weights = fetch_row(
        connection,
        "SELECT (SELECT coalesce(sum(times * weight), 0) FROM survey_event), "
        "(SELECT coalesce(sum(weight), 0) FROM sampled_unit), "
        f"(SELECT coalesce(sum(events), 0) FROM psu_events WHERE {everything}), "
        f"(SELECT coalesce(sum(units), 0) FROM psu_units WHERE {everything})",
    )
    for what, before, after in (("events", records, events), ("units", units, weights)):
        if abs(before - after) > 1e-9 * max(abs(before), 1):
            found = f"The weighted {what} add up to {before:,.6g} in the records and to {after:,.6g} in the estimates."
            raise DataRefused([Problem("reconciliation_closes", folder.source_id, found)])


def _account(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> tuple[tuple[str, str | None, int], ...]:
    """Return the disposition of all records: their table, the rule that excludes them, and how many."""
    source = folder.source
    found = []
    for name in dict.fromkeys(_tables(source)):
        rows = connection.execute(
            "SELECT exclusion, count(*) FROM (SELECT _file, _number, min(exclusion) AS exclusion "
            f"FROM {name} GROUP BY _file, _number) GROUP BY exclusion ORDER BY exclusion"
        ).fetchall()
        found += [(name, source.exclusions[rule - 1].rule if rule else None, number) for rule, number in rows]
    return tuple(found)
