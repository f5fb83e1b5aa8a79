"""The engine that runs the statements over incidents: embedded DuckDB here, an existing Spark cluster in ``spark``.

An engine gets small lists, one partition of text at a time, and statements in the subset of SQL that both share; every
result is a Parquet file. Rows never pass through Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from pipelines.collect.failed_sql import is_of_the_statement
from pipelines.collect.parquet import text_of_column
from pipelines.collect.text_table import TextTable
from pipelines.system.connection import TIME_ZONE, connection_config, quote_path
from pipelines.system.errors import is_of_the_machine
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError


class FileUnreadable(Exception):
    """The engine cannot read a partition to its end."""


class StatementFailed(Exception):
    """A partition can be read, but the SQL of the definition fails on its rows."""

    def __init__(self, cause: duckdb.Error) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class Engine(Protocol):
    """Runs statements over incidents."""

    name: str

    @property
    def own_connection(self) -> duckdb.DuckDBPyConnection | None:
        """The connection that runs its statements in this process; None for a cluster, which has its own limits."""

    def add_list(self, name: str, table: pa.Table) -> None:
        """Register a small table under a name, replacing an earlier one."""

    def open_text(self, name: str, table: TextTable, computed: Mapping[str, str]) -> None:
        """Register one partition under a name; its columns are text, except those computed from them.

        Raises:
            FileUnreadable: see ``run``.
        """

    def open_parquet(self, name: str, path: Path) -> None:
        """Register an earlier result under a name."""

    def run(self, statement: str, target: Path) -> None:
        """Run a statement and write its result as Parquet.

        Raises:
            FileUnreadable: the content of the partition cannot be read to its end.
            StatementFailed: it can, but the definition's SQL within this statement fails on it.
        """

    def count_malformed(self) -> int:
        """Return how many lines of the partition opened last could not be split into its columns."""

    def find_open_quote(self) -> int | None:
        """Return the first line of that partition with a quote that may have absorbed the lines after it."""

    def progress(self) -> float:
        """Return the share done of the statement that is running, 0 if unknown."""

    def close(self) -> None:
        """Release the resources of the engine."""


class DuckDBEngine:
    """The default: DuckDB in this process, within the memory limit, spilling into the folder for work."""

    name = "duckdb"

    def __init__(self, settings: Settings) -> None:
        make_work_folder(settings)
        self.connection = duckdb.connect(":memory:", config=connection_config(settings))
        # Lists are small and files are large, but DuckDB does not know the size of a text file: by default it
        # swaps the join sides and holds the file in memory.
        self.connection.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
        self.connection.execute("SET preserve_insertion_order = false")
        self.connection.execute(f"SET TimeZone = {quote_literal(TIME_ZONE)}")

    @property
    def own_connection(self) -> duckdb.DuckDBPyConnection | None:
        """See ``Engine``."""
        return self.connection

    def add_list(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        self.connection.register("incoming", table)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM incoming")
        self.connection.unregister("incoming")

    def open_text(self, name: str, table: TextTable, computed: Mapping[str, str]) -> None:
        """See ``Engine``."""
        self.connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        self._read(f"CREATE OR REPLACE TEMP VIEW {name} AS {text_query(table, computed)}")

    def open_parquet(self, name: str, path: Path) -> None:
        """See ``Engine``."""
        source = f"read_parquet({quote_literal(str(path))})"
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {source}")

    def run(self, statement: str, target: Path) -> None:
        """See ``Engine``."""
        copy = f"COPY (\n{statement}\n) TO {quote_literal(str(target))} (FORMAT parquet, COMPRESSION snappy)"
        self._read(copy)

    def _read(self, statement: str) -> None:
        try:
            self.connection.execute(statement)
        except duckdb.Error as error:
            if is_of_the_machine(error):
                raise
            if is_of_the_statement(error) and self._is_readable():
                raise StatementFailed(error) from error
            raise FileUnreadable(str(error).strip().splitlines()[0]) from error

    def _is_readable(self) -> bool:
        """Whether the partition opened last can be read to its end, so that a statement failed on its content."""
        try:
            self.connection.execute("SELECT bit_xor(hash(raw)) FROM raw").fetchall()
        except duckdb.Error:
            return False
        return True

    def count_malformed(self) -> int:
        """See ``Engine``."""
        return int(self._ask_rejects("count(DISTINCT line)") or 0)

    def find_open_quote(self) -> int | None:
        """See ``Engine``."""
        return self._ask_rejects("min(line) FILTER (error_type = 'UNQUOTED VALUE')")

    def _ask_rejects(self, what: str) -> int | None:
        known = self.connection.execute("FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()
        if not known:
            return None
        ((answer,),) = self.connection.execute(f"SELECT {what} FROM reject_errors").fetchall()
        return None if answer is None else int(answer)

    def progress(self) -> float:
        """See ``Engine``."""
        return max(float(self.connection.query_progress()), 0.0) / 100

    def close(self) -> None:
        """See ``Engine``."""
        self.connection.close()


def text_query(table: TextTable, computed: Mapping[str, str], numbered: bool = False) -> str:
    """Return the DuckDB query that reads a partition as text.

    Args:
        table: the partition.
        computed: further columns, each with its expression over those of the file.
        numbered: add ``_number``, the row in the file if the table has it, else the position of the row among those
            that could be read, from 1; slower, as the file is then read in order.
    """
    kept = ", ".join(f"{text} AS {quote_identifier(name)}" for name, text in texts_of(table).items())
    constants = "".join(
        f", {quote_literal(value)} AS {quote_identifier(name)}" for name, value in table.constants.items()
    )
    position = '"_row"::BIGINT' if "_row" in table.names else "row_number() OVER ()"
    number = f", {position} AS _number" if numbered else ""
    constants += "".join(f", {text} AS {quote_identifier(name)}" for name, text in computed.items())
    path = quote_path(table.path)
    if table.format == "parquet":
        return f"SELECT {kept}{constants}{number} FROM read_parquet({path}, hive_partitioning = false)"
    columns = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in table.names)
    return (
        f"SELECT {kept}{constants}{number} FROM read_csv({path}, auto_detect = false, header = false, "
        f"skip = {table.header_rows}, delim = {quote_literal(table.delimiter)}, quote = '\"', escape = '\"', "
        f"hive_partitioning = false, columns = {{ {columns} }}, store_rejects = true, rejects_limit = 0)"
    )


def texts_of(table: TextTable) -> dict[str, str]:
    """Return the SQL for each kept column of a partition as text; those of a text file are text already."""
    quoted = {name: quote_identifier(name) for name in table.kept}
    return {name: text_of_column(one, table.types[name]) if table.types else one for name, one in quoted.items()}


def check_engine_name(name: str) -> str:
    """Validate the name of an engine and return it: ``duckdb``, or the address of a Spark cluster.

    Raises:
        UsageError: it is neither.

    >>> check_engine_name("spark://127.0.0.1:7077")
    'spark://127.0.0.1:7077'
    """
    if name == "duckdb" or name.startswith(("spark://", "sc://", "local", "yarn", "k8s://")):
        return name
    raise UsageError(
        f"there is no engine {name!r}; write duckdb, or the address of a Spark cluster: spark://HOST:PORT, "
        "sc://HOST:PORT (Spark Connect), yarn, k8s://... or local[2]"
    )


@contextmanager
def open_engine(settings: Settings) -> Iterator[Any]:
    """Open the engine named in the settings, and close it at the end.

    Raises:
        UsageError: there is no such engine, or the cluster or its client library is not available.
    """
    engine: Engine
    if check_engine_name(settings.engine) == "duckdb":
        engine = DuckDBEngine(settings)
    else:
        from pipelines.harmonise.spark import SparkEngine  # late: the library is an extra

        engine = SparkEngine(settings)
    try:
        yield engine
    finally:
        engine.close()
