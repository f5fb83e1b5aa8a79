"""The suite of Great Expectations on the structure of cells, made from the catalogue and run in a process of its own.

The library takes six seconds and 150 MiB to import. It is started only when a run has cells to judge, while the first
source is still being read, and lives beside the run so that the run's own memory stays as set.
Only small tables of what occurs are given to it, never the cells themselves.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from pipelines.removal import make_work_folder
from schemas.declarations import Rule, load_rules

if TYPE_CHECKING:
    import duckdb

    from pipelines.outcome import Outcome
    from pipelines.settings import Settings

_NUMBERS = count()
_LAST_BYTES = 4096
_LAST_LINES = 10
_END_SECONDS = 5  # a process that closed its output is about to end
FRAMES = ("combination", "area", "period", "series")


def expectation_rules(kind: str) -> list[Rule]:
    """Return the rules of the suite for a source of this kind (count or population).

    >>> [rule.name for rule in expectation_rules("count")][:2]
    ['columns_complete', 'sex_codes']
    """
    return [rule for rule in load_rules().values() if rule.kind == "expectation" and kind in rule.applies_to]


def expectation_arguments(rule: Rule) -> dict[str, Any]:
    """Return the arguments of a rule's expectation, its code list written out.

    >>> expectation_arguments(load_rules()["sex_codes"])
    {'column': 'sex', 'value_set': ['M', 'F', '_U', '_T', '_Z']}
    """
    arguments = {
        name: value for name, value in rule.parameters.items() if name not in ("frame", "expectation", "where")
    }
    if "codelist" in arguments:
        arguments["value_set"] = _codes(arguments.pop("codelist"))
    if rule.parameters["expectation"] == "ExpectTableColumnsToMatchSet":
        arguments["column_set"] = [*_cell_columns(), "is_missing", "is_given"]
    return arguments


def _cell_columns() -> list[str]:
    """The columns of the combination table: those of a cell that hold codes."""
    from schemas.declarations import load_tables

    left_out = ("source", "vintage", "ref_area", "area_level", "time_period", "value", "completeness", "caveats")
    names = [column.name for column in load_tables()["observation"].columns]
    return [name for name in names if name not in (*left_out, "iccs_made_from")]


def _codes(name: str) -> list[str]:
    from iccs.classification import load_classification
    from schemas.codelists import load_areas, load_codelist

    if name == "area":
        return [area.code for area in load_areas()]
    if name == "iccs":
        classification = load_classification()
        return [*(category.code for category in classification), *classification.combined]
    return [code.code for code in load_codelist(name)]


class SuiteProcess:
    """The suite in a process of its own; a context manager. It starts when asked to, and ends with the run.

    Used as the ``suite`` of ``pipelines.rules.check``.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None  # a file, not a pipe: nobody need read it for the process to go on
        # Sources may be judged at the same time: each waits for its own answer, and answers come in order.
        self._writing, self._reading = Lock(), Lock()
        self._sent = 0
        self._came: list[dict[str, Any]] = []

    def __enter__(self) -> SuiteProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        if self._errors is not None:
            self._errors.close()

    def start(self) -> None:
        """Begin to load the library, without waiting for it."""
        with self._writing:
            if self._process is None:
                self._errors = TemporaryFile()  # noqa: SIM115 (closed with the process)
                self._process = subprocess.Popen(
                    [sys.executable, "-c", "from pipelines.expectations import serve; serve()"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    text=True,
                    encoding="utf-8",
                )

    def begin(
        self, connection: duckdb.DuckDBPyConnection, kind: str, settings: Settings
    ) -> Callable[[], list[Outcome]]:
        """Begin to judge the table ``cells`` of the connection; the function returned waits and gives each outcome.

        Where the process died, each expectation is errored.
        """
        self.start()
        rules = expectation_rules(kind)
        folder = TemporaryDirectory(dir=make_work_folder(settings))
        write_frames(connection, Path(folder.name))
        number = self._send({"folder": folder.name, "rules": [_request(rule) for rule in rules]})

        def outcomes() -> list[Outcome]:
            answers = self._answers(number)
            folder.cleanup()
            missing = "" if answers else self._why_it_ended()
            return [_outcome(rule, answers.get(rule.name), missing) for rule in rules]

        return outcomes

    def last_errors(self) -> list[str]:
        """Return the last lines that the process wrote to its standard error, oldest first, without blank ones."""
        if self._errors is None:
            return []
        # The process writes at the same place in the file as we read: pread leaves that place where it is.
        size = os.fstat(self._errors.fileno()).st_size
        said = os.pread(self._errors.fileno(), _LAST_BYTES, max(0, size - _LAST_BYTES))
        lines = said.decode("utf-8", errors="replace").splitlines()
        return [line.rstrip() for line in lines if line.strip()][-_LAST_LINES:]

    def _why_it_ended(self) -> str:
        """What is known of the end of a process that gave no answer: its exit code and the last line it said."""
        if self._process is None:
            return "it never began"
        try:
            code = f"exit code {self._process.wait(_END_SECONDS)}"
        except subprocess.TimeoutExpired:
            code = "the process is still there"
        return f"{code}; its last line: {(self.last_errors() or ['none'])[-1]}"

    def _send(self, request: dict[str, Any]) -> int | None:
        """Return the number of the request, None where the process is no longer there."""
        with self._writing:
            if self._process is None or self._process.stdin is None:
                return None
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
            except OSError:
                return None
            self._sent += 1
            return self._sent - 1

    def _answers(self, number: int | None) -> dict[str, Any]:
        """The answers to a request; empty where the process died before it gave them."""
        if number is None or self._process is None or self._process.stdout is None:
            return {}
        with self._reading:
            while len(self._came) <= number:
                try:
                    self._came.append(json.loads(self._process.stdout.readline()))
                except (OSError, ValueError):
                    return {}
            return self._came[number]


def _request(rule: Rule) -> dict[str, Any]:
    parameters = rule.parameters
    return {
        "rule": rule.name,
        "frame": parameters["frame"],
        "where": parameters.get("where"),
        "expectation": parameters["expectation"],
        "arguments": expectation_arguments(rule),
        "severity": "critical" if rule.severity == "error" else "warning",
    }


def write_frames(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write what occurs in the table ``cells`` as small Parquet files, one a frame of the suite."""
    from pipelines.database import run_sql
    from schemas.declarations import attribute_columns, quote_literal

    run_sql(
        connection,
        "suite_frames",
        attributes="".join(f", {name}" for name in attribute_columns()),
        **{name: quote_literal(str(folder / f"{name}.parquet")) for name in FRAMES},
    )


def _outcome(rule: Rule, answer: dict[str, Any] | None, why: str) -> Outcome:
    from pipelines.outcome import Outcome

    if answer is None:
        return Outcome(rule.name, "errored", 0, 0, f"the suite ended without an answer ({why})")
    if answer["errored"]:
        return Outcome(rule.name, "errored", 0, 0, f"the rule could not be judged: {answer['errored']}")
    checked, failing = answer["checked"], answer["failing"]
    outcome = "passed" if answer["success"] else "failed" if rule.severity == "error" else "warned"
    if not checked:
        outcome = "not applicable"
    return Outcome(rule.name, outcome, checked, failing, answer["detail"])


def serve(requests: IO[str] | None = None, answers: IO[str] | None = None) -> None:
    """Answer requests, one a line, until there are no more: the other process of ``SuiteProcess``."""
    source, target = requests or sys.stdin, answers or sys.stdout
    sys.stdout = sys.stderr  # whatever the library prints must not get among the answers
    # The library takes pyspark along where it is installed, which costs time and ends the process where grpc is absent.
    sys.modules["pyspark"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    gc.disable()  # loading makes very many objects, and keeps them
    context = _context()
    gc.freeze()
    gc.enable()
    for line in source:
        request = json.loads(line)
        found = judge_frames(context, Path(request["folder"]), request["rules"])
        target.write(json.dumps(found) + "\n")
        target.flush()


def _context() -> Any:
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def judge_frames(context: Any, folder: Path, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Judge every rule, the rules on one table together: metrics that they share are computed once."""
    found: dict[str, dict[str, Any]] = {}
    for frame, where in dict.fromkeys((item["frame"], item["where"]) for item in items):
        mine = [item for item in items if (item["frame"], item["where"]) == (frame, where)]
        try:
            found |= _judge_frame(context, folder / f"{frame}.parquet", where, mine)
        except Exception as error:  # whatever breaks in the library must be told as an error of the rules
            found |= {item["rule"]: _crash(error) for item in mine}
    return found


def _judge_frame(context: Any, path: Path, where: str | None, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    import pandas as pd
    from great_expectations import ExpectationSuite

    table = pd.read_parquet(path)
    table = table[table[where]] if where else table
    if table.empty:
        nothing = {"success": True, "errored": "", "checked": 0, "failing": 0, "detail": ""}
        return {item["rule"]: nothing for item in items}
    name = f"{path.stem} {next(_NUMBERS)}"
    definition = (
        context.data_sources.add_pandas(name).add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
    )
    found: dict[str, dict[str, Any]] = {}
    suite = ExpectationSuite(name)
    for item in items:
        try:
            expectation = expectation_class(item["expectation"])
            suite.add_expectation(
                expectation(**item["arguments"], severity=item["severity"], meta={"rule": item["rule"]})
            )
        except Exception as error:
            found[item["rule"]] = _crash(error)
    for result in definition.get_batch({"dataframe": table}).validate(suite).results:
        found[result.expectation_config.meta["rule"]] = read_result(result, len(table))
    return found


def _crash(error: Exception) -> dict[str, Any]:
    return {"success": False, "errored": f"{type(error).__name__}: {error}"[:300]}


def expectation_class(name: str) -> Any:
    """Return the class of an expectation of the library, or of one of ours."""
    import great_expectations.expectations as expectations

    return _totals_expectation() if name == "ExpectTotalsToCoverParts" else getattr(expectations, name)


def _totals_expectation() -> Any:
    """An expectation of our own over three columns: the total against the largest part and the smallest."""
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import BatchExpectation

    class ExpectTotalsToCoverParts(BatchExpectation):
        """The total is at least the largest part."""

        def _validate(
            self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None
        ) -> ExpectationValidationResult:
            frame = execution_engine.batch_manager.active_batch_data.dataframe
            both = frame[frame["total"].notna() & frame["largest_part"].notna()]
            low = both[both["total"] < both["largest_part"] - 0.5]
            samples = [" ".join(map(str, row)) for row in low[["ref_area", "iccs", "year"]].head(5).values]
            result = {
                "element_count": len(both),
                "unexpected_count": len(low),
                "partial_unexpected_list": samples,
            }
            return ExpectationValidationResult(success=low.empty, result=result)

    return ExpectTotalsToCoverParts


def read_result(result: Any, rows: int) -> dict[str, Any]:
    """Return a result as plain values; the library tells a crash only in exception_info."""
    raised = _raised(result.exception_info or {})
    if raised:
        return {"success": False, "errored": raised[:300]}
    found = result.result
    checked = int(found.get("element_count", rows))
    failing = int(found.get("unexpected_count", 0 if result.success else 1))
    detail = ", ".join(dict.fromkeys(str(value) for value in found.get("partial_unexpected_list") or []))
    mismatched = (found.get("details") or {}).get("mismatched")
    return {
        "success": bool(result.success),
        "errored": "",
        "checked": checked,
        "failing": failing,
        "detail": str(mismatched) if mismatched else detail,
    }


def _raised(information: dict[str, Any]) -> str:
    """The message of a crash in exception_info, which is one entry or one a metric; empty where there is none."""
    entries = [information, *(value for value in information.values() if isinstance(value, dict))]
    for entry in entries:
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "crashed")
    return ""
