"""The engine on an existing Spark cluster: the same statements, run where the cluster is; needs the extra ``[spark]``.

The files must lie where the cluster's workers read them under the same path. What comes back is small: Parquet folders
of base cells and accounts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.engine import TextTable
from pipelines.errors import UsageError
from pipelines.settings import Settings
from schemas.declarations import quote_identifier, quote_literal

_INSTALL = "the engine {engine} needs the Spark client: pip install 'iccs-pipelines[spark]' (and Java 17 or later)"
_CORRUPT = "_corrupt_record"
_NOT_UTF8 = "\ufffd"  # what Spark's reader puts in the place of bytes that are no UTF-8
_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
    # Else a line with too few fields is not seen to be one when its last columns are not asked for.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}


class SparkEngine:
    """Runs statements on Spark: by master URL (``spark://``, ``local[2]``, ``yarn``) or Spark Connect (``sc://``)."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.engine
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError(_INSTALL.format(engine=settings.engine)) from error
        builder: Any = SparkSession.builder
        builder = (
            builder.remote(settings.engine) if settings.engine.startswith("sc://") else builder.master(settings.engine)
        )
        builder = builder.appName("iccs").config("spark.ui.enabled", "false")
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
        try:
            self.session = builder.getOrCreate()
        except Exception as error:  # the client raises whatever the gateway, Java or the network raised
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise UsageError(f"the Spark cluster {settings.engine} cannot be reached: {first}") from error
        for name, value in _SETTINGS.items():
            self.session.conf.set(name, value)
        self._malformed = ""

    def add_list(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        frame = self.session.createDataFrame(table)
        frame.createOrReplaceTempView(name)

    def open_text(self, name: str, table: TextTable) -> None:
        """See ``Engine``."""
        if table.format == "parquet":
            frame = self.session.read.parquet(str(table.path))
            kept = [
                f"CAST({quote_identifier(column)} AS STRING) AS {quote_identifier(column)}" for column in table.kept
            ]
            self._malformed = ""
        else:
            schema = ", ".join(f"`{column.replace('`', '``')}` STRING" for column in (*table.names, _CORRUPT))
            frame = self.session.read.csv(
                str(table.path),
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
        self.session.sql(statement).write.mode("overwrite").parquet(str(target))

    def count_malformed(self) -> int:
        """See ``Engine``."""
        if not self._malformed:
            return 0
        return int(self.session.sql(self._malformed).collect()[0][0])

    def progress(self) -> float:
        """See ``Engine``; the cluster's own page tells more."""
        return 0.0

    def close(self) -> None:
        """See ``Engine``."""
        self.session.stop()
