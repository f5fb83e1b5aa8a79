"""The engine on an existing Spark cluster: the same statements, run where the cluster is; needs the extra ``[spark]``.

The files must lie where the cluster's workers read them under the same path. What comes back is small: Parquet folders
of base cells and accounts.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.collect.text_table import TextTable
from pipelines.harmonise.engine import FileUnreadable, texts_of
from pipelines.system.errors import is_disk_full
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError

_INSTALL = "the engine {engine} needs the Spark client: pip install 'iccs-pipelines[spark]' (and Java 17 or later)"
_CORRUPT = "_corrupt_record"
_NOT_UTF8 = "\ufffd"  # what Spark's reader puts in the place of bytes that are no UTF-8
_UNREAD = "FAILED_READ_FILE"  # Spark's class of error for content that its readers cannot take
_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
    # Otherwise a line with too few fields is not detected when its last columns are not selected.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}


def _plain_path(path: Path) -> str:
    """Spark takes a name with brackets for a pattern."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", str(path))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class SparkEngine:
    """Runs statements on Spark: by master URL (``spark://``, ``local[2]``, ``yarn``) or Spark Connect (``sc://``)."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.engine
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError(_INSTALL.format(engine=settings.engine)) from error
        builder: Any = SparkSession.builder
        if settings.engine.startswith("sc://"):
            builder = builder.remote(settings.engine)
        else:  # a server of Spark Connect has started already, with a page of its own
            builder = builder.master(settings.engine).config("spark.ui.enabled", "false")
        with warnings.catch_warnings():
            # The client warns of pandas 3, which is not used here, and of a setting of ours that Spark 5 may not have.
            warnings.simplefilter("ignore")
            try:
                self.session = builder.appName("iccs").getOrCreate()
                for name, value in _SETTINGS.items():
                    self.session.conf.set(name, value)
            except Exception as error:  # the client raises whatever the gateway, Java or the network raised
                found = f"the Spark cluster {settings.engine} cannot be reached: {_first_line(error)}"
                raise UsageError(found) from error
        self._malformed = ""

    def add_list(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        # A client of Spark Connect takes no table without rows: it gets one row, which is left out again.
        some = table if table.num_rows else pa.Table.from_pylist([{}], schema=table.schema)
        frame = self.session.createDataFrame(some)
        (frame if table.num_rows else frame.limit(0)).createOrReplaceTempView(name)

    def open_text(self, name: str, table: TextTable, computed: Mapping[str, str]) -> None:
        """See ``Engine``."""
        if table.format == "parquet":
            with self._telling_failures():
                frame = self.session.read.parquet(_plain_path(table.path))
            # Bytes are cast to text as UTF-8 here, where DuckDB needs a function.
            types = {name: pa.string() if pa.types.is_binary(kind) else kind for name, kind in table.types.items()}
            table = replace(table, types=types)
            kept = [f"{text} AS {quote_identifier(column)}" for column, text in texts_of(table).items()]
            self._malformed = ""
        else:
            schema = ", ".join(f"`{column.replace('`', '``')}` STRING" for column in (*table.names, _CORRUPT))
            frame = self.session.read.csv(
                _plain_path(table.path),
                schema=schema,
                sep=table.delimiter,
                quote='"',
                escape='"',
                header=True,  # its line is left out; the names are those found before
                mode="PERMISSIVE",
                columnNameOfCorruptRecord=_CORRUPT,
                encoding="UTF-8",
                ignoreLeadingWhiteSpace=False,
                ignoreTrailingWhiteSpace=False,
                comment="",
            )
            kept = [quote_identifier(column) for column in table.kept]
        frame.createOrReplaceTempView(f"{name}_file")
        constants = [
            f"{quote_literal(value)} AS {quote_identifier(column)}" for column, value in table.constants.items()
        ]
        constants += [f"{text} AS {quote_identifier(column)}" for column, text in computed.items()]
        self._malformed = self._bad_line(table)
        condition = f" WHERE NOT ({self._malformed})" if self._malformed else ""
        if self._malformed:
            self._malformed = f"SELECT count(*) FROM {name}_file WHERE {self._malformed}"
        query = f"SELECT {', '.join([*kept, *constants])} FROM {name}_file{condition}"
        self.session.sql(query).createOrReplaceTempView(name)

    def _bad_line(self, table: TextTable) -> str:
        if table.format == "parquet":
            return ""
        damaged = [f"contains({quote_identifier(name)}, '{_NOT_UTF8}')" for name in table.kept]
        return " OR ".join([f"{_CORRUPT} IS NOT NULL", *(f"coalesce({one}, false)" for one in damaged)])

    def open_parquet(self, name: str, path: Path) -> None:
        """See ``Engine``."""
        self.session.read.parquet(str(path)).createOrReplaceTempView(name)

    def run(self, statement: str, target: Path) -> None:
        """See ``Engine``."""
        with self._telling_failures():
            self.session.sql(statement).write.mode("overwrite").parquet(str(target))

    def count_malformed(self) -> int:
        """See ``Engine``."""
        if not self._malformed:
            return 0
        with self._telling_failures():
            return int(self.session.sql(self._malformed).collect()[0][0])

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        """Errors of the cluster have the full Java stack in their text: one line of it is shown."""
        try:
            yield
        except Exception as error:
            if is_disk_full(error):
                raise
            unread = next((line for line in str(error).splitlines() if _UNREAD in line), None)
            if unread is not None:
                raise FileUnreadable(unread.strip()) from error
            raise RuntimeError(f"the Spark cluster {self.name} failed: {_first_line(error)}") from error

    def find_open_quote(self) -> int | None:
        """See ``Engine``; Spark splits files by line first, so a quote cannot swallow other lines."""
        return None

    def progress(self) -> float:
        """See ``Engine``; the cluster's own web UI shows more."""
        return 0.0

    def close(self) -> None:
        """See ``Engine``."""
        self.session.stop()
