"""The engine on an existing Spark cluster: the same statements, run where the cluster is; needs the extra ``[spark]``.

The cluster's workers must be able to read the files under the same path. The results are small: Parquet folders of base
cells and accounts.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.collect.parquet import text_of_column
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.engine import FileUnreadable
from pipelines.system.errors import is_disk_full
from pipelines.system.settings import Settings
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

# In Spark a backslash escapes a quote, so that a quoted text may end elsewhere than in DuckDB.
_OTHER_END = re.compile(r"""\\['"]""")


def _refuse_other_end(statement: str) -> None:
    if _OTHER_END.search(statement):
        raise UsageError(
            "a column name, or a text in source.yml or values.csv, has a backslash at its end or before a quote. "
            "Spark takes the quote as part of the text; change it in the file, or use the engine duckdb"
        )


def _quote_column(label: str) -> str:
    return "`" + label.replace("`", "``") + "`"


def _text_of(column: str, table: TextTable) -> str:
    """Return the SQL for a column as text; Spark casts bytes to text as UTF-8, for which DuckDB needs a function."""
    if not table.types:
        return _quote_column(column)
    kind = table.types[column]
    return text_of_column(_quote_column(column), pa.string() if pa.types.is_binary(kind) else kind)


def _plain_path(path: Path) -> str:
    """Escape a path, as Spark takes a name with brackets for a pattern."""
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
        self._malformed: Any = None  # the lines of the partition opened last that could not be split

    @property
    def own_connection(self) -> None:
        """See ``Engine``."""
        return None

    def add_list(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        # A client of Spark Connect takes no table without rows: it gets one row, which is left out again.
        some = table if table.num_rows else pa.Table.from_pylist([{}], schema=table.schema)
        frame = self.session.createDataFrame(some)
        (frame if table.num_rows else frame.limit(0)).createOrReplaceTempView(name)

    def open_text(self, name: str, table: TextTable, computed: Mapping[str, str]) -> None:
        """See ``Engine``.

        Raises:
            UsageError: a label that a computed column names ends with a backslash, or has one before a quote.
        """
        from pyspark.sql import functions

        for text in computed.values():
            _refuse_other_end(text)
        with self._in_one_line():
            frame = self._read_parquet(table.path) if table.format == "parquet" else self._read_csv(table)
        kept = [functions.col(_quote_column(column)) for column in table.kept]
        self._malformed = None
        if table.format == "csv":
            damaged = functions.col(_CORRUPT).isNotNull()
            for column in kept:
                not_utf8 = functions.contains(column, functions.lit(_NOT_UTF8))
                damaged = damaged | functions.coalesce(not_utf8, functions.lit(False))
            self._malformed = frame.filter(damaged)
            frame = frame.filter(~damaged)
        texts = [functions.expr(_text_of(column, table)).alias(column) for column in table.kept]
        constants = [functions.lit(value).alias(label) for label, value in table.constants.items()]
        constants += [functions.expr(text).alias(label) for label, text in computed.items()]
        frame.select(*texts, *constants).createOrReplaceTempView(name)

    def _read_parquet(self, path: Path) -> Any:
        return self.session.read.parquet(_plain_path(path))

    def _read_csv(self, table: TextTable) -> Any:
        return self.session.read.csv(
            _plain_path(table.path),
            schema=", ".join(f"{_quote_column(column)} STRING" for column in (*table.names, _CORRUPT)),
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

    def open_parquet(self, name: str, path: Path) -> None:
        """See ``Engine``."""
        self.session.read.parquet(str(path)).createOrReplaceTempView(name)

    def run(self, statement: str, target: Path) -> None:
        """See ``Engine``.

        Raises:
            UsageError: a name or word in the statement ends with a backslash, or has one before a quote.
        """
        _refuse_other_end(statement)
        with self._in_one_line():
            self.session.sql(statement).write.mode("overwrite").parquet(str(target))

    def count_malformed(self) -> int:
        """See ``Engine``."""
        if self._malformed is None:
            return 0
        with self._in_one_line():
            return int(self._malformed.count())

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        """Raise an error of the cluster with one line of its text, which otherwise holds the full Java stack."""
        try:
            yield
        except Exception as error:  # the client raises whatever the gateway, Java or the network raised
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
