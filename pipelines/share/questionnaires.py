"""National figures in the format of international collections: UN-CTS rows and SDG series.

The ICCS category, stage, counting unit and SDG series of each UN-CTS row are in ``tables/cts_rows.csv``. The wording is
that of UNODC's published files. Hidden and missing figures have no row.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa
import pycountry

from pipelines.system.connection import fetch_row
from pipelines.system.sql import fill_sql
from schemas.codelists import read_csv_rows
from schemas.declarations import no_attributes_sql, quote_literal

_SEXES = "CASE figure.sex WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' ELSE 'Total' END"
_ROWS = ("iccs", "stage", "counting_unit", "indicator", "dimension", "category", "sdg", "sdg_number", "sdg_rate")


def write_questionnaires(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write ``un_cts.csv``, ``sdg_series.csv`` and ``correspondence.csv`` of a release.

    Args:
        connection: to the release that leaves.
        folder: where to write.
    """
    rows = read_csv_rows(resources.files("pipelines.share").joinpath("tables", "cts_rows.csv"), _ROWS)
    columns = {name: pa.array([row[name] or None for row in rows], pa.string()) for name in _ROWS}
    connection.register("cts_row", pa.table(columns))
    countries = sorted(pycountry.countries, key=lambda country: country.alpha_2)
    columns = {
        "code": pa.array([country.alpha_2 for country in countries], pa.string()),
        "iso3": pa.array([country.alpha_3 for country in countries], pa.string()),
        "m49": pa.array([country.numeric for country in countries], pa.string()),
        "name": pa.array([country.name for country in countries], pa.string()),
    }
    connection.register("country", pa.table(columns))
    statements = {
        "un_cts": fill_sql("share/cts_rows", sexes=_SEXES, no_attributes=no_attributes_sql()),
        "sdg_series": fill_sql("share/sdg_series", no_attributes=no_attributes_sql()),
        "correspondence": "FROM cts_row ORDER BY ALL",
    }
    for name, statement in statements.items():
        target = quote_literal(str(folder / f"{name}.csv"))
        connection.execute(f"COPY ({statement.rstrip().rstrip(';')}) TO {target} (FORMAT csv, HEADER)")
    (release,) = fetch_row(connection, "SELECT release FROM out.release")
    (folder / "RELEASE").write_text(f"{release}\n", encoding="ascii", newline="\n")
