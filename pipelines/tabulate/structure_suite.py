"""The Great Expectations suite on the structure of cells, made from the rule catalogue and run in a separate process.

The library takes six seconds and 150 MiB to import. It is started only when a run has cells to check, while the first
source is still being read, and separately, so that the run's own memory stays within its limit. It gets only small
tables of the codes that occur, never the cells themselves.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import TYPE_CHECKING, Any

from iccs.ages import AGE_PATTERN, AGES_WITHOUT_YEARS
from pipelines.system.scratch import process_folder
from schemas.declarations import Rule, load_rules

if TYPE_CHECKING:
    import duckdb

    from pipelines.system.outcomes import Outcome

_NUMBERS = count()
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
    {'column': 'sex', 'value_set': ['M', 'F', '_O', '_U', '_T', '_Z']}
    """
    arguments = {
        name: value for name, value in rule.parameters.items() if name not in ("frame", "expectation", "where")
    }
    if "codelist" in arguments:
        arguments["value_set"] = _codes(arguments.pop("codelist"))
    if arguments.pop("pattern", None) == "age":
        arguments["regex"] = f"^(?:{AGE_PATTERN}|{'|'.join(AGES_WITHOUT_YEARS)})$"
    if rule.parameters["expectation"] == "ExpectTableColumnsToMatchSet":
        arguments["column_set"] = [*_cell_columns(), "is_missing", "is_given"]
    return arguments


def _cell_columns() -> list[str]:
    """The columns of the combination table: those of a cell that hold codes."""
    from schemas.declarations import load_tables

    places = ("source", "vintage", "ref_area", "area_level", "time_period", "iccs_made_from")
    figures = ("value", "at_least", "at_most", "completeness", "caveats")
    names = [column.name for column in load_tables()["observation"].columns]
    return [name for name in names if name not in (*places, *figures)]


def _codes(name: str) -> list[str]:
    from iccs.classification import load_classification
    from schemas.codelists import load_areas, load_codelist

    if name == "area":
        return [area.code for area in load_areas()]
    if name == "iccs":
        classification = load_classification()
        return [*(category.code for category in classification), *classification.combined]
    return [code.code for code in load_codelist(name)]


class SuiteDied(RuntimeError):
    """The process of the suite ended without an answer."""


_LEFT_OUT: list[bool] = []


@contextmanager
def without_suite() -> Iterator[None]:
    """Skip the structure checks of cells inside, in this process: their rules then have no outcome.

    For many runs of tiny sources, such as tests: the library takes seconds to load.
    """
    _LEFT_OUT.append(True)
    try:
        yield
    finally:
        _LEFT_OUT.pop()


def open_suite() -> AbstractContextManager[SuiteProcess | None]:
    """Return the suite that checks the structure of cells in a run; None under ``without_suite``."""
    return nullcontext() if _LEFT_OUT else SuiteProcess()


class SuiteProcess:
    """The suite in a separate process; a context manager. It starts when first needed, and ends with the run.

    Used as the ``suite`` of ``pipelines.tabulate.rules.check``.
    """

    def __init__(self) -> None:
        self._starting = threading.Lock()  # sources may be judged at the same time
        self._pool: ProcessPoolExecutor | None = None
        self._alive: Connection | None = None  # closed by us, or by our death: the process then ends
        self._output = NamedTemporaryFile(dir=process_folder())  # noqa: SIM115 (closed with the process)

    def __enter__(self) -> SuiteProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._output.close()

    def start(self) -> None:
        """Start loading the library, without waiting for it."""
        self._started()

    def _started(self) -> ProcessPoolExecutor:
        with self._starting:
            if self._pool is None:
                context = get_context("spawn")
                watched, self._alive = context.Pipe(duplex=False)
                arguments = (watched, self._output.name)
                with _safe_path():  # also for the helper process of the standard library, which the pool begins
                    self._pool = ProcessPoolExecutor(1, context, initializer=_begin_process, initargs=arguments)
                    self._pool.submit(_load)
                watched.close()
            return self._pool

    def _end(self) -> None:
        with self._starting:
            if self._alive is not None:
                self._alive.close()
            if self._pool is not None:
                self._pool.shutdown()
            self._pool = self._alive = None

    def begin(self, connection: duckdb.DuckDBPyConnection, kind: str, work: Path) -> Callable[[], list[Outcome]]:
        """Start checking the table ``cells`` of the connection; the returned function waits and returns the outcomes.

        Raises:
            SuiteDied: (the function returned) the process ended; the next source gets another one.
        """
        rules = expectation_rules(kind)
        folder = TemporaryDirectory(dir=work)
        write_frames(connection, Path(folder.name))
        requests = [expectation_request(rule) for rule in rules]
        try:
            answers = self._started().submit(judge_in_process, folder.name, requests)
        except BrokenProcessPool:  # it ended since the last source
            self._end()
            answers = self._started().submit(judge_in_process, folder.name, requests)

        def outcomes() -> list[Outcome]:
            try:
                found = answers.result()
            except (BrokenProcessPool, SuiteDied) as error:
                self._end()
                what = str(error) if isinstance(error, SuiteDied) else "the process of the structure suite ended"
                raise SuiteDied(f"{what}; its last line: {self._last_line()}") from error
            finally:
                folder.cleanup()
            return [_outcome(rule, found[rule.name]) for rule in rules]

        return outcomes

    def _last_line(self) -> str:
        """Return the last line that the process wrote, if any."""
        lines = Path(self._output.name).read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "none")


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep a process started inside from importing modules of the current folder, which may contain anybody's files."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _begin_process(watched: Connection, output: str) -> None:
    """Prepare the suite's process: it ends with the run, is quiet, and loads no module of the current folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which then ends this process
    with Path(output).open("ab") as file:  # whatever the library prints is not for the terminal
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    threading.Thread(target=_end_with_run, args=(watched,), daemon=True).start()
    own = {str(Path(__file__).parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    sys.path[:] = [place for place in sys.path if place in own or Path(place or ".").resolve() != Path.cwd()]
    # The library imports pyspark if installed, which costs time and ends the process if grpc is missing.
    # It also imports altair, whose checks of international web addresses take a fifth of the whole time to make.
    for unneeded in ("pyspark", "rfc3987_syntax"):
        sys.modules[unneeded] = None  # type: ignore[assignment]  # Python's way to say that there is none
    from tqdm import tqdm  # of the library's progress bars; their usual lock would outlive this process

    tqdm.set_lock(threading.RLock())


def _end_with_run(watched: Connection) -> None:
    try:
        watched.recv()
    except EOFError:
        os._exit(0)


def expectation_request(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain values, for the process of the suite."""
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
    """Write the codes that occur in the table ``cells`` as small Parquet files, one for each frame of the suite."""
    from pipelines.system.connection import run_sql
    from schemas.declarations import attribute_columns, no_attributes_sql, quote_literal

    run_sql(
        connection,
        "tabulate/suite_frames",
        attributes="".join(f", {name}" for name in attribute_columns()),
        no_attributes=no_attributes_sql(),
        **{name: quote_literal(str(folder / f"{name}.parquet")) for name in FRAMES},
    )


def _outcome(rule: Rule, answer: dict[str, Any]) -> Outcome:
    from pipelines.system.outcomes import Outcome

    if answer["errored"]:
        return Outcome(rule.name, "errored", 0, 0, f"the rule could not be evaluated: {answer['errored']}")
    checked, failing = answer["checked"], answer["failing"]
    outcome = "passed" if answer["success"] else "failed" if rule.severity == "error" else "warned"
    if not checked:
        outcome = "not applicable"
    return Outcome(rule.name, outcome, checked, failing, answer["detail"])


@cache
def load_context() -> Any:
    """Load the library, and return its context.

    Raises:
        SuiteDied: the library ended the process while it was loaded.
    """
    gc.disable()  # loading makes very many objects, and keeps them
    try:
        import great_expectations
        from great_expectations.data_context.types.base import ProgressBarsConfig
    except SystemExit as error:
        raise SuiteDied(f"loading Great Expectations ended with exit code {error.code}") from error
    finally:
        gc.freeze()
        gc.enable()
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _load() -> None:
    load_context()


def judge_in_process(folder: str, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Check every rule on the frames in a folder: the work of the suite's process."""
    return judge_frames(load_context(), Path(folder), items)


def judge_frames(context: Any, folder: Path, items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Check every rule, those on one table together, so that shared metrics are computed once."""
    found: dict[str, dict[str, Any]] = {}
    for frame, where in dict.fromkeys((item["frame"], item["where"]) for item in items):
        mine = [item for item in items if (item["frame"], item["where"]) == (frame, where)]
        try:
            found |= _judge_frame(context, folder / f"{frame}.parquet", where, mine)
        except Exception as error:  # whatever breaks in the library is an error of the rules
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
                expectation(
                    **_with_codes_that_occur(item["arguments"], table),
                    severity=item["severity"],
                    meta={"rule": item["rule"]},
                )
            )
        except Exception as error:
            found[item["rule"]] = _crash(error)
    for result in definition.get_batch({"dataframe": table}).validate(suite).results:
        found[result.expectation_config.meta["rule"]] = read_result(result, len(table))
    return found


def _with_codes_that_occur(arguments: dict[str, Any], table: Any) -> dict[str, Any]:
    """Return the arguments with those codes of a list that the column has: the library copies the list many times.

    Whether a value is in the list is the same with the rest of it.
    """
    column, codes = arguments.get("column"), arguments.get("value_set")
    if codes is None or column not in table:
        return arguments
    occurring = set(table[column].dropna())
    return {**arguments, "value_set": [code for code in codes if code in occurring]}


def _crash(error: Exception) -> dict[str, Any]:
    return {"success": False, "errored": f"{type(error).__name__}: {error}"[:300]}


def expectation_class(name: str) -> Any:
    """Return the class of an expectation, from the library or our own."""
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
    """Return a result as plain values; the library reports a crash only in exception_info."""
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
