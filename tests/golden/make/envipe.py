"""ENVIPE, read with openpyxl (python envipe.py): offences and their dark figure, with the colours of the cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from surveys import COLUMNS, EXTRACTS, figure, shown

SOURCE = "mx_inegi_envipe"
NATIONAL = "Estados Unidos Mexicanos"
STATES = [
    "AGU",
    "BCN",
    "BCS",
    "CAM",
    "COA",
    "COL",
    "CHP",
    "CHH",
    "CMX",
    "DUR",
    "GUA",
    "GRO",
    "HID",
    "JAL",
    "MEX",
    "MIC",
    "MOR",
    "NAY",
    "NLE",
    "OAX",
    "PUE",
    "QUE",
    "ROO",
    "SLP",
    "SIN",
    "SON",
    "TAB",
    "TAM",
    "TLA",
    "VER",
    "YUC",
    "ZAC",
]  # in the order of the tables, which is that of INEGI's codes
ICCS = {"Robo total de vehículo": "050211", "Robo parcial de vehículo": "050212", "Robo en casa habitación": "0501",
        "Robo o asalto en calle o transporte público": "0401", "Robo en forma distinta a las anteriores": "0502",
        "Fraude": "0701", "Extorsión": "02051", "Amenazas verbales": "02012", "Lesiones": "02011"}  # fmt: skip
GRADES = {"FFFFEA00": "use_with_caution", "FFFF5400": "use_with_caution"}


def cell(found: Any) -> tuple[float, str]:
    """The number of a cell, and its grade by the colour behind it."""
    colour = found.fill.fgColor.rgb if found.fill.fill_type == "solid" else None
    return float(found.value), GRADES.get(colour if isinstance(colour, str) else "", "good")


def rows_of(year: int, sheet: str, first: str) -> Iterator[Any]:
    """The rows from the national one to the first without a label."""
    table = load_workbook(EXTRACTS / SOURCE / f"III_denuncia_delito_{year}_est.xlsx")[sheet]
    rows = list(table.iter_rows(max_col=9))
    start = next(number for number, row in enumerate(rows) if row[0].value == first)
    for row in rows[start:]:
        if not str(row[0].value or "").strip():
            return
        yield row


def both(found: Any, year: int, **more: str) -> Iterator[dict[str, object]]:
    for place, unit, universe in ((1, "number", "persons"), (3 + 1, "percent", "offences")):
        number, grade = cell(found[place])
        own = figure(time_period=str(year - 1), age="Y_GE18", unit_of_measure=unit, universe=universe, **more)
        status = "U" if grade != "good" else "A"
        yield own | {"estimate": shown(number), "obs_status": status, "precision": grade}


def figures() -> Iterator[dict[str, object]]:
    for year, sheet, sex in ((2012, "3.2", "_T"), (2024, "3.3", "_T"), (2024, "3.4", "M"), (2024, "3.5", "F")):
        for place, row in zip(["MX", *(f"MX-{code}" for code in STATES)], rows_of(year, sheet, NATIONAL), strict=True):
            yield from both(row, year, ref_area=place, iccs="TOTAL", national_code="offences", sex=sex)
    for year, sheet in ((2012, "3.5"), (2024, "3.2")):
        for row in list(rows_of(year, sheet, NATIONAL))[1:]:
            offence = re.sub("[0-9]+$", "", row[0].value)
            if offence in ICCS:
                yield from both(row, year, ref_area="MX", iccs=ICCS[offence], national_code=offence)
    row = next(rows_of(2012, "3.11", NATIONAL))
    for column, sex in ((4, "M"), (7, "F")):
        number, grade = cell(row[column])
        place = {"ref_area": "MX", "iccs": "TOTAL", "national_code": "offences", "sex": sex}
        own = figure(time_period="2011", age="Y_GE18", unit_of_measure="number", universe="persons", **place)
        yield own | {"estimate": shown(number), "precision": grade}
    for year, sheet in ((2012, "3.11"), (2024, "3.18")):
        reported = next(rows_of(year, sheet, "Delitos denunciados"))
        for column, sex in ((2, "_T"), (5, "M"), (8, "F")):
            number, grade = cell(reported[column])
            place = {"ref_area": "MX", "iccs": "TOTAL", "national_code": "offences", "sex": sex}
            own = figure(
                time_period=str(year - 1), age="Y_GE18", unit_of_measure="percent", universe="offences", **place
            )
            yield own | {"estimate": shown(number), "precision": grade}


if __name__ == "__main__":
    columns = [*COLUMNS, "precision"]
    texts = sorted([str(row[name]) for name in columns] for row in figures())
    with (EXTRACTS / SOURCE / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([columns, *texts])
