"""The files of a release in SDMX 2.1 and 3.0: structures in XML and JSON, data in XML and CSV."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import duckdb
import pandas as pd
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.io.writer import write_sdmx
from pysdmx.model import Organisation
from pysdmx.model.dataset import ActionType
from pysdmx.model.message import Header

from pipelines.share.sdmx.structures import ICCS, TIME, VALUE, Structures, attributes, component_id, dimensions
from pipelines.share.sdmx.translate import complete_json, complete_xml
from pipelines.system.connection import fetch_row

STRUCTURES = {
    "structures_2.1.xml": Format.STRUCTURE_SDMX_ML_2_1,
    "structures_3.0.xml": Format.STRUCTURE_SDMX_ML_3_0,
    "structures_2.0.json": Format.STRUCTURE_SDMX_JSON_2_0_0,
}
DATA = {
    "data_2.1.xml": Format.DATA_SDMX_ML_2_1_STR,
    "data_3.0.xml": Format.DATA_SDMX_ML_3_0,
    "data_1.0.csv": Format.DATA_SDMX_CSV_1_0_0,
    "data_2.0.csv": Format.DATA_SDMX_CSV_2_0_0,
}


def write_sdmx_files(connection: duckdb.DuckDBPyConnection, folder: Path, agency: str) -> None:
    """Write the structures and the observations of a release.

    Args:
        connection: to the release that leaves.
        folder: where to write.
        agency: identifier of the agency that publishes.

    Raises:
        UsageError: a code has characters that SDMX does not allow.
    """
    structures = Structures(connection, agency)
    release, published_at = fetch_row(connection, "SELECT release, published_at FROM out.release")
    header = Header(
        id=f"ICCS-{release}", prepared=published_at.replace(tzinfo=UTC), sender=Organisation(id=agency), source="ICCS"
    )
    labels = {one.id: structures.labels.get(name, []) for name, one in structures.codelists.items()}
    labels["CL_UNIT_MULT"] = structures.unit_multipliers
    for name, form in STRUCTURES.items():
        text = write_sdmx(structures.artefacts(), form, header=header)
        if name.endswith(".json"):
            text = complete_json(text or "", labels)
        else:
            text = complete_xml(text or "", labels, plain_parent=form == Format.STRUCTURE_SDMX_ML_3_0)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    frame = read_frame(connection)
    for name, form in DATA.items():
        dataset = PandasDataset(structure=structures.schema, data=frame.copy(), action=ActionType.Replace)
        text = write_sdmx(dataset, form) if name.endswith(".csv") else write_sdmx(dataset, form, header=header)
        (folder / name).write_text(text or "", encoding="utf-8", newline="\n")


def read_frame(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the observations of a release, one a row, its columns the components of the data structure."""
    columns = [
        f"concat('{ICCS}', iccs) AS ICCS" if name == "iccs" else f"{name} AS {component_id(name)}"
        for name in dimensions()
    ]
    columns += [f"time_period AS {TIME}", f"value AS {VALUE}"]
    columns += [f"{name} AS {component_id(name)}" for name in attributes()]
    return connection.execute(
        f"SELECT {', '.join(columns)}, '0' AS UNIT_MULT FROM out.observation WHERE iccs IS NOT NULL ORDER BY ALL"
    ).df()
