# ruff: noqa: C901, E501 (one fault a line reads best as a table)
"""Faults of whole files, and changes that are none: each changes one thing in a ``Given``, at a random place."""

from __future__ import annotations

import bz2
import io
import random
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
from files import Given, Row
from openpyxl.styles import Font
from quiet_faults import QUIET

FileFault = Callable[[Given, random.Random], None]
HARMLESS = "harmless: "


def put(column: str, change: Callable[[str], object]) -> FileFault:
    """Change one cell."""

    def fault(given: Given, rng: random.Random) -> None:
        at = given.at(column)
        rows = given.rows(rng)
        row = rng.choice([one for one in rows if len(one) == len(given.header) and one[at] not in ("", None, "Total")])
        row[at] = change(str(row[at]))

    return fault


def every(column: str, change: Callable[[str], object]) -> FileFault:
    """Change a column in every row."""

    def fault(given: Given, rng: random.Random) -> None:
        at = given.at(column)
        for sheets in given.files.values():
            for rows in sheets.values():
                for row in rows:
                    if len(row) == len(given.header) and row[at] is not None:
                        row[at] = change(str(row[at]))

    return fault


def where(column: str, drawn: int, change: Callable[[Row, Given, random.Random], None]) -> FileFault:
    """Change every row that agrees with a row drawn at random in the first ``drawn`` characters of a column."""

    def fault(given: Given, rng: random.Random) -> None:
        at = given.at(column)
        chosen = str(rng.choice([row for row in given.rows(rng) if len(row) == len(given.header)])[at])[:drawn]
        for sheets in given.files.values():
            for rows in sheets.values():
                for row in rows:
                    if len(row) == len(given.header) and str(row[at])[:drawn] == chosen:
                        change(row, given, rng)

    return fault


def times(factor: float) -> Callable[[Row, Given, random.Random], None]:
    def change(row: Row, given: Given, rng: random.Random) -> None:
        if row[given.at("n")] is not None:
            row[given.at("n")] = round(float(row[given.at("n")]) * factor)

    return change


def edition(share: float, changed: float) -> FileFault:
    """A second file with a share of the rows of one, some of them corrected."""

    def fault(given: Given, rng: random.Random) -> None:
        name, sheets = rng.choice(sorted(given.files.items()))
        kept = [list(row) for row in sheets[""] if rng.random() < share]
        for row in kept:
            if "n" in given.header and rng.random() < changed:
                row[-1] = int(row[-1]) + 1
        given.files[f"corrected_{name}"] = {"": kept}

    return fault


def period_again(column: str, length: int) -> FileFault:
    """A second file that holds one period of the first again, and the rest of it under later years."""

    def fault(given: Given, rng: random.Random) -> None:
        at = given.at(column)
        name, sheets = rng.choice(sorted(given.files.items()))
        last = max(str(row[at])[:length] for row in sheets[""])
        again = [list(row) for row in sheets[""] if str(row[at])[:length] == last]
        later = [list(row) for row in sheets[""]]
        for row in later:
            row[at] = str(int(str(row[at])[:4]) + 5) + str(row[at])[4:]
            if "n" in given.header:
                row[-1] = int(row[-1]) + rng.randint(0, 3)
        given.files[f"next_{name}"] = {"": [*again, *later]}

    return fault


def repeated(share: float) -> FileFault:
    def fault(given: Given, rng: random.Random) -> None:
        rows = given.rows(rng)
        rows.extend([list(row) for row in rows if rng.random() < share])

    return fault


def insert(make: Callable[[Given, list[Row], random.Random], Row]) -> FileFault:
    """A row more, in the middle."""

    def fault(given: Given, rng: random.Random) -> None:
        rows = given.rows(rng)
        rows.insert(rng.randrange(1, len(rows) - 2), make(given, rows, rng))

    return fault


def packed(change: Callable[[bytes], bytes]) -> FileFault:
    def fault(given: Given, rng: random.Random) -> None:
        given.after[rng.choice(sorted(given.files))] = change

    return fault


def zipped(content: bytes) -> bytes:
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("cases.csv", content)
    return text.getvalue()


def spare_column(header: str, values: Callable[[random.Random], object]) -> FileFault:
    """A column more at the end, with values in some rows."""

    def fault(given: Given, rng: random.Random) -> None:
        given.header.append(header)
        for sheets in given.files.values():
            for rows in sheets.values():
                for row in rows:
                    row.append(values(rng))

    return fault


def area_total(code: str) -> FileFault:
    """The total of each year among the rows, under a code of an area."""

    def fault(given: Given, rng: random.Random) -> None:
        rows = given.rows(rng)
        n, keys = given.at("n"), [name for name in given.header if name not in ("area", "n")]
        sums: dict[tuple[object, ...], int] = {}
        for row in rows:
            if len(row) == len(given.header) and row[given.at("code")]:
                key = tuple(row[given.at(name)] for name in keys)
                sums[key] = sums.get(key, 0) + int(row[n])
        where_, at = rng.randrange(1, len(rows) - 2), dict(zip(keys, range(len(keys)), strict=True))
        rows[where_:where_] = [
            [code if name == "area" else total if name == "n" else key[at[name]] for name in given.header]
            for key, total in sums.items()
        ]

    return fault


def text_table_faults() -> dict[str, FileFault]:
    """Faults that any text file may have."""
    return {
        "1 a figure with a second one behind a comma": put("n", lambda text: f"{text},3"),
        "1 an empty header over figures": spare_column("", lambda rng: rng.randint(1, 9)),
        "1 header repeated in the middle": insert(lambda given, rows, rng: list(given.header)),
        "1 a column renamed": lambda given, rng: given.header.__setitem__(rng.randrange(len(given.header)), "new name"),
        "1 two columns with one name": lambda given, rng: given.header.__setitem__(0, given.header[1]),
        "2 superscript behind a figure": put("n", lambda text: text + "²"),
        "2 undeclared flag behind a figure": put("n", lambda text: text + " p"),
        "2 letter O for a zero": put("n", lambda text: text[:-1] + "O"),
        "2 figure in brackets": put("n", lambda text: f"({text})"),
        "2 figure with an exponent": put("n", lambda text: f"{float(text):.1e}" if float(text) > 200 else "1.23e+02"),
        "2 decimal comma": put("n", lambda text: text + ",5"),
        "2 per cent": put("n", lambda text: text + "%"),
        "2 Arabic digits": put("n", lambda text: text.translate({48 + i: 0x660 + i for i in range(10)})),
        "2 range for a figure": put("n", lambda text: f"{text}-{int(text) + 4}"),
        "2 suppressed by a sign": put("n", lambda _: "<5"),
        "2 nan for a figure": put("n", lambda _: "nan"),
        "2 a file in UTF-16": packed(lambda content: content.decode().encode("utf-16")),
        HARMLESS + "a zip archive under a text name": packed(zipped),
        HARMLESS + "a row of the country": area_total("MX"),
        "4 the total of each year as region not stated": area_total("MX-_U"),
        "4 empty area": put("area", lambda _: ""),
        "4 an area of another country": put("area", lambda _: "US-TX"),
        "4 a name for a code": put("area", lambda _: "Jalisco"),
        "5 corrected edition beside the old one": edition(0.97, 0.05),
        "5 the whole file again": edition(1, 0),
        "7 a year in thousands": where("year", 4, times(0.001)),
        "8 a state threefold from a year on": lambda given, rng: state_from(given, rng, 3.2),
        "8 a state at a third from a year on": lambda given, rng: state_from(given, rng, 0.3),
        HARMLESS + "rows in another order": lambda given, rng: rng.shuffle(given.rows(rng)),
        HARMLESS + "byte order mark": packed(lambda content: b"\xef\xbb\xbf" + content),
        HARMLESS + "line ends of another system": packed(lambda content: content.replace(b"\n", b"\r\n")),
        HARMLESS + "packed by bzip2": packed(bz2.compress),
        HARMLESS + "blanks around words": every("area", lambda text: f" {text} "),
        HARMLESS + "blank rows": insert(lambda given, rows, rng: [""] * len(given.header)),
        HARMLESS + "a column of remarks": spare_column("remark", lambda rng: rng.choice(["", "checked"])),
    }  # fmt: skip


def state_from(given: Given, rng: random.Random, factor: float) -> None:
    """The counts of a large state change their level in an inner year and keep it."""
    n, area, year = given.at("n"), given.at("area"), given.at("year" if "year" in given.header else "month")
    rows = given.rows(rng)
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[area]] = sums.get(row[area], 0) + int(row[n])
    state = rng.choice(sorted(sums, key=lambda one: -sums[one])[:10])
    years = sorted({str(row[year])[:4] for row in rows})
    first = rng.choice(years[1:-1])
    for row in rows:
        if row[area] == state and str(row[year])[:4] >= first:
            row[n] = round(int(row[n]) * factor)


def cells_faults() -> dict[str, FileFault]:
    return text_table_faults() | {
        "3 year with a mark": put("year", lambda text: text + "*"),
        "3 year with a decimal": put("year", lambda text: text + ".0"),
        "3 financial years": every("year", lambda text: f"{text}-{(int(text) + 1) % 100:02d}"),
        "3 one financial year": put("year", lambda text: f"{text}/{(int(text) + 1) % 100:02d}"),
        "3 span of years": put("year", lambda text: f"{text}-{int(text) + 2}"),
        "3 a month among years": put("year", lambda text: text + "-06"),
        "6 sex of a category under an unknown word": where("year", 4, lambda row, given, rng: row.__setitem__(3, "m?")),
        "9 a total over sex among the parts": insert(lambda given, rows, rng: [*rows[0][:3], "", 99_999]),
        "10 third sex without a code": put("sex", lambda _: "X"),
    }  # fmt: skip


def parts_faults() -> dict[str, FileFault]:
    faults = text_table_faults()
    del faults["7 a year in thousands"]
    return faults | {
        "3 running sums within the year": running_sums,
        "3 months after June nearly stop": lambda given, rng: fade(given, max(str(row[1])[:4] for row in given.rows(rng)), "07", 0.01),
        "3 December nearly stops": lambda given, rng: fade(given, rng.choice(["2020", "2021", "2022", "2023"]), "12", 0.02),
        "3 a year row among months": insert(lambda given, rows, rng: [rows[0][0], "2021", "HOM", "state", 500]),
        "3 week for a month": put("month", lambda text: text[:4] + "-W23"),
        "3 month 13": put("month", lambda text: text[:4] + "-13"),
        "5 one year again in next year's file": period_again("month", 4),
        "5 a tenth of the rows twice": repeated(0.1),
    }  # fmt: skip


def running_sums(given: Given, rng: random.Random) -> None:
    sums: dict[tuple[object, ...], int] = {}
    for row in sorted(given.rows(rng), key=lambda one: str(one[1])):
        key = (row[0], str(row[1])[:4], row[3])
        sums[key] = sums.get(key, 0) + int(row[4])
        row[4] = sums[key]


def fade(given: Given, year: str, first: str, factor: float) -> None:
    """From a month on, nearly nothing is reported in a year."""
    for sheets in given.files.values():
        for row in sheets[""]:
            if str(row[1])[:4] == year and str(row[1])[5:7] >= first:
                row[4] = round(int(row[4]) * factor)


def foot_lost(given: Given, rng: random.Random) -> None:
    for rows in given.files["cases.xlsx"].values():
        del rows[-2:]


def row_lost(given: Given, rng: random.Random) -> None:
    del given.rows(rng)[rng.randint(1, 200)]


def block_twice(given: Given, rng: random.Random) -> None:
    rows = given.rows(rng)
    rows[40:40] = [list(row) for row in rows[10:40]]


def row_twice(given: Given, rng: random.Random) -> None:
    rows = given.rows(rng)
    rows.append(list(rng.choice(rows)))


def row_40_times(given: Given, rng: random.Random) -> None:
    rows = given.rows(rng)
    rows.extend([list(rows[5]) for _ in range(40)])


def threefold_events(given: Given, rng: random.Random) -> None:
    """Two events more for each of a year, on other days, of other ages."""

    def another(row: Row) -> Row:
        hour = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
        return [f"{row[0][:8]}{rng.randint(1, 28):02d}", hour, *row[2:5], str(rng.randint(15, 70))]

    rows = given.rows(rng)
    rows.extend([another(row) for row in rows for _ in range(2)])


def lose(given: Given, rng: random.Random, column: int) -> None:
    """Every row with one value of a column is lost; of years, an inner one."""
    rows = given.rows(rng)
    chosen = rng.choice(sorted({row[column] for row in rows})[1:-1])
    rows[:] = [row for row in rows if row[column] != chosen]


def workbook_faults() -> dict[str, FileFault]:
    def cell(change: Callable[[openpyxl.cell.Cell], None], column: str = "n") -> FileFault:
        def fault(given: Given, rng: random.Random) -> None:
            sheet, row = rng.choice(["Men", "Women"]), rng.randint(3, 200)
            given.finish.append(lambda book: change(book[sheet].cell(row, given.at(column) + 1)))

        return fault

    def value(content: object) -> Callable[[openpyxl.cell.Cell], None]:
        return lambda one: setattr(one, "value", content)

    def sheet(name: str, state: str, first: bool) -> FileFault:
        def fault(given: Given, rng: random.Random) -> None:
            def add(book: openpyxl.Workbook) -> None:
                made = book.create_sheet(name, 0 if first else None)
                made.sheet_state = state
                for row in [given.header, ["MX-JAL", 2023, "HOM", 5]]:
                    made.append(row)

            given.finish.append(add)

        return fault

    def renamed(given: Given, rng: random.Random) -> None:
        given.finish.append(lambda book: setattr(book["Women"], "title", "Females"))

    def note(one: openpyxl.cell.Cell) -> None:
        one.value = f"{one.value}2"  # what a raised 2 in a text cell is without its font
        one.font = Font(vertAlign="superscript")

    def below(given: Given, rng: random.Random) -> None:
        given.rows(rng).append(["MX-JAL", 2023, "HOM", 12])

    def subtotal(given: Given, rng: random.Random) -> None:
        rows = given.rows(rng)
        rows.insert(rng.randrange(5, 200), ["Total", None, None, 1234])

    return {
        "1 a third sheet with data": sheet("Unknown sex", "visible", False),
        "1 a sheet renamed": renamed,
        "1 rows below the foot": below,
        "1 a sub-total with the word of the foot": subtotal,
        "1 the foot lost": foot_lost,
        "1 a row lost above the foot": row_lost,
        "1 a column without a name": spare_column("", lambda rng: 7),
        "2 error cell": cell(value("#REF!")),
        "2 formula without a result": cell(value("=SUM(D4:D9)")),
        "2 figure with a raised note": cell(note),
        "2 figure as text with a mark": cell(value("1.234")),
        "2 a date for a figure": cell(value(date(2020, 5, 1))),
        "2 true for a figure": cell(value(True)),
        "2 empty figure": cell(value(None)),
        "2 a figure with decimals": cell(value(12.5)),
        "3 year as text with a mark": cell(value("2019 (p)"), "year"),
        "4 the total under the country": area_total("MX"),
        "5 a block of rows twice": block_twice,
        "8 a year threefold": where("year", 4, times(3)),
        "1 a hidden sheet with other figures": sheet("old", "hidden", True),
        HARMLESS + "bold figures": cell(lambda one: setattr(one, "font", Font(bold=True))),
        HARMLESS + "a figure as text": cell(lambda one: setattr(one, "value", str(one.value))),
        HARMLESS + "a year as text": cell(lambda one: setattr(one, "value", str(one.value)), "year"),
    }  # fmt: skip


def incidents_faults() -> dict[str, FileFault]:
    def of_year(change: Callable[[Row, Given, random.Random], None], share: float) -> FileFault:
        """Change a share of one year's rows."""

        def fault(given: Given, rng: random.Random) -> None:
            for row in given.rows(rng):
                if rng.random() < share:
                    change(row, given, rng)

        return fault

    def set_to(column: str, text: str) -> Callable[[Row, Given, random.Random], None]:
        return lambda row, given, rng: row.__setitem__(given.at(column), text)

    def drop(given: Given, rng: random.Random, keep: Callable[[Row], bool]) -> None:
        rows = given.rows(rng)
        rows[:] = [row for row in rows if keep(row)]

    def area_rejected(given: Given, rng: random.Random) -> None:
        rows = given.rows(rng)
        state = rng.choice(rows)[2]
        for row in rows:
            if row[2] == state and rng.random() < 0.5:
                row[0] = "??"

    faults = text_table_faults()
    for name in [
        name for name in faults if name[0] in "278" or any(word in name for word in ("figure", "total", "country"))
    ]:
        del faults[name]
    return faults | {
        "1 an empty header over figures": spare_column("", lambda rng: rng.randint(1, 9)),
        "2 a file in UTF-16": packed(lambda content: content.decode().encode("utf-16")),
        "3 day and month exchanged": every("date", lambda text: f"{text[:4]}-{text[8:]}-{text[5:7]}"),
        "3 one date as 31/12/2020": put("date", lambda _: "31/12/2020"),
        "3 one date known to the month": put("date", lambda text: text[:7]),
        "3 a zone behind a time": every("date", lambda text: text + "T03:30:00Z"),
        "3 date as a number of days": put("date", lambda _: "44197"),
        "3 a date to come": put("date", lambda _: "2031-05-01"),
        "3 a month lost": lambda given, rng: drop(given, rng, lambda row: row[0][5:7] != "08"),
        "3 the second half nearly lost": lambda given, rng: drop(given, rng, lambda row: row[0][5:7] < "07" or rng.random() < 0.02),
        "3 a century off": put("date", lambda text: "19" + text[2:]),
        "4 a part of the events under the country": of_year(set_to("area", "MX"), 0.1),
        "5 rows exported twice": repeated(0.1),
        "5 one row 40 times": row_40_times,
        "5 one year again in next year's file": period_again("date", 4),
        "6 a sixth of a year rejected": of_year(set_to("sex", "?"), 0.17),
        "6 half of a state rejected in a year": area_rejected,
        "10 third sex without a code": put("sex", lambda _: "X"),
        "10 sex of nobody in a year": of_year(set_to("sex", ""), 1),
        "8 a year threefold": threefold_events,
    }  # fmt: skip


def population_faults() -> dict[str, FileFault]:
    faults = text_table_faults()
    for name in [name for name in faults if "total" in name or "row of the country" in name or name[0] == "8"]:
        del faults[name]
    return faults | {
        "7 a state in thousands": where("area", 6, times(0.001)),
        "7 a state in a year tenfold": lambda given, rng: one_state_year(given, rng, 10),
        "7 a state in a year doubled": lambda given, rng: one_state_year(given, rng, 2),
        "7 men and women exchanged": every("sex", lambda text: {"M": "F", "F": "M"}.get(text, text)),
        "7 a state lost": lambda given, rng: lose(given, rng, 0),
        "7 a year lost": lambda given, rng: lose(given, rng, 1),
        "5 a row twice": row_twice,
    }  # fmt: skip


def one_state_year(given: Given, rng: random.Random, factor: float) -> None:
    rows = given.rows(rng)
    state, year = rng.choice(rows)[:2]
    for row in rows:
        if row[:2] == [state, year]:
            row[3] = round(int(row[3]) * factor)


PLAUSIBLE = "plausible "
FILE_FAULTS: dict[str, Callable[[], dict[str, FileFault]]] = {
    "cells": cells_faults,
    "parts": parts_faults,
    "workbook": workbook_faults,
    "incidents": incidents_faults,
    "population": population_faults,
} | {f"{PLAUSIBLE}{kind}": lambda kind=kind: QUIET[kind] for kind in QUIET}
