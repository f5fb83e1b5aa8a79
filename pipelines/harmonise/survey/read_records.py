"""The files of a survey, read in place, reshaped and checked as tables of records in an engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.collect.acquire import Acquired, RawFile, is_unchanged
from pipelines.collect.decode import refuse
from pipelines.collect.failed_sql import refused_if_sql_fails
from pipelines.collect.text_table import TextTable, find_lines, open_partition
from pipelines.harmonise.engine import text_query
from pipelines.harmonise.survey.estimates_folder import group_columns, survey_of
from pipelines.harmonise.survey.replicates import replicate_columns, replicate_problems
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.layouts import Layout
from schemas.definition.messages import hint
from schemas.definition.survey import Survey
from schemas.source import Source, SourceFolder


def record_tables(source: Source) -> tuple[str, str]:
    """The tables of records of sampled units and of what they experienced: one where one layout has both."""
    return ("unit_record", "event_record") if len(source.layouts) > 1 else ("unit_record", "unit_record")


class Records:
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
        self.bound: set[str] = set()  # the rules whose columns some layout has

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
        survey = survey_of(folder)
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
            texts |= {name: source.columns[name] for name in group_columns(source)}
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
        for column in [*texts.values(), *survey_of(self.folder).key]:
            if column not in columns:
                shown = [one for one in columns if not one.startswith("_")]
                found = f"Layout {number + 1} has no column {column!r}{hint(column, shown)}."
                raise DataRefused([Problem("missing_column", source.source_id, found, column=column)])
        own = {role: quote_identifier(column) for role, column in texts.items()}
        if name == "event_record" or len(source.layouts) == 1:
            own.setdefault("times", quote_literal(source.constants.get("value", "1")))
            own.setdefault("national_code", quote_literal(source.constants.get("national_code", "")))
        replicates = survey_of(self.folder).replicates if "weight" in own else None
        if replicates is not None:
            file = next(file.name for file in self.files if file.layout == number)
            self.replicates = replicate_columns(replicates, columns, source.source_id, file)
        if "weight" in own:
            own |= {name: quote_literal("all") for name in ("stratum", "psu") if name not in own}
            own.setdefault("time_period", quote_literal(source.constants.get("time_period", "")))
        key = ", ".join(
            f"trim(coalesce(CAST({quote_identifier(one)} AS VARCHAR), ''))" for one in survey_of(self.folder).key
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


def open_tables(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, survey: Survey) -> None:
    """Create the tables of sampled units and of the events they experienced."""
    source = folder.source
    units, events = record_tables(source)
    own_weight = survey.event_weight is not None
    run_sql(connection, "harmonise/survey_units", records=units, groups=group_columns(source), **_replicated(survey))
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


def record_problems(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, read: Records) -> Iterator[Problem]:
    """Return the problems that prevent estimates from the records, each with its first place; keys are never shown."""
    survey, source = survey_of(folder), folder.source
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
