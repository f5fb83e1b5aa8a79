"""Good files of small sources of our own, for faults of a whole file: its sheets, feet, packing, dates, editions.

Five sources, one for each way of reading: a table of cells, a table whose rows add up, a workbook of two sheets with a
foot, files of incidents, and a population. Counts vary about their mean as Poisson counts do, at least.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from good_files import ROOT

from schemas.codelists import load_areas

Row = list[Any]
ABOUT = """\
title: Made figures
publisher: nobody
url: https://example.org
licence: {name: made}
citation: made
area_scheme: code
"""
LINKS = (("HOM", "Homicide", "0101"), ("ASS", "Assault", "02011"))
STATES = tuple(sorted(area.code for area in load_areas() if area.parent == "MX" and not area.code.endswith("_U")))


@dataclass
class Given:
    """The files of one load, still as rows: sheets by file and name, a CSV file having one without a name."""

    header: Row
    files: dict[str, dict[str, list[Row]]]
    after: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    finish: list[Callable[[openpyxl.Workbook], None]] = field(default_factory=list)
    title: str = "Made figures"  # of each sheet of a workbook
    links: tuple[tuple[str, str, str], ...] = ()  # of the concordance, besides those of the source

    def rows(self, rng: random.Random) -> list[Row]:
        """The rows of one file or sheet, drawn at random; changes to them are kept."""
        return rng.choice([rows for sheets in self.files.values() for rows in sheets.values()])

    def at(self, name: str) -> int:
        return self.header.index(name)

    def write(self, folder: Path) -> None:
        for name, sheets in self.files.items():
            content = self._workbook(sheets) if name.endswith("xlsx") else self._text(sheets[""])
            folder.joinpath(name).write_bytes(self.after.get(name, bytes)(content))

    def _text(self, rows: list[Row]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.header, *rows])
        return text.getvalue().encode()

    def _workbook(self, sheets: dict[str, list[Row]]) -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in [[self.title], self.header, *rows]:
                sheet.append(row)
        for change in self.finish:
            change(book)
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()


@dataclass(frozen=True)
class FileKind:
    """One way of reading: the declaration, the files of its folder, and how good files are made."""

    declaration: str
    values: str
    make: Callable[[random.Random], Given]
    reshape: str | None = None

    def declare(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        folder.joinpath("source.yml").write_text(ABOUT + self.declaration, encoding="utf-8")
        folder.joinpath("values.csv").write_text("dimension,word,code,note\n" + self.values, encoding="utf-8")
        self.link(folder, ())
        if self.reshape:
            folder.joinpath("reshape.sql").write_text(self.reshape, encoding="utf-8")

    def link(self, folder: Path, more: tuple[tuple[str, str, str], ...]) -> None:
        """Write the concordance, with some links more."""
        if "kind: population" not in self.declaration:
            folder.joinpath("concordance.csv").write_text(_concordance(more), encoding="utf-8")


def _concordance(more: tuple[tuple[str, str, str], ...]) -> str:
    """Both links and more, with the columns of a concordance that is shipped."""
    shipped = ROOT.joinpath("iccs", "concordances", "mx_sesnsp_victims.csv").read_text(encoding="utf-8")
    names = shipped.splitlines()[0].split(",")
    flags = dict.fromkeys(("threats", "aiding", "accomplice", "conspiracy", "incitement"), "unknown")
    decided = {"basis": "definition", "status": "reviewed", "decided_by": "a test", "decided_on": "2026-11-28"}
    text = io.StringIO()
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    for code, label, iccs in (*LINKS, *more):
        link = {"national_code": code, "national_label": label, "iccs_code": iccs, "relation": "exact"}
        table.writerow({**flags, **decided, **link, "note": "Made."})
    return text.getvalue()


def _about(rng: random.Random, mean: float) -> int:
    return max(0, round(rng.gauss(mean, mean**0.5)))


def _sizes(rng: random.Random) -> dict[str, float]:
    return {state: rng.uniform(0.5, 6) for state in STATES}


def make_cells(rng: random.Random) -> Given:
    """32 states, eight years, two offences, two sexes."""
    sizes = _sizes(rng)
    rows: list[Row] = [
        [state, str(year), code, sex, _about(rng, mean * sizes[state] * share)]
        for year in range(2016, 2024)
        for state in STATES
        for code, mean in (("HOM", 90), ("ASS", 400))
        for sex, share in (("M", 0.85), ("F", 0.15))
    ]
    return Given(["area", "year", "code", "sex", "n"], {"cases.csv": {"": rows}})


def make_parts(rng: random.Random) -> Given:
    """32 states, 48 months, rows for two police forces that add up."""
    sizes = _sizes(rng)
    rows: list[Row] = [
        [state, f"{year}-{month:02d}", "HOM", force, _about(rng, mean * sizes[state])]
        for year in range(2020, 2024)
        for month in range(1, 13)
        for state in STATES
        for force, mean in (("state", 20), ("federal", 6))
    ]
    return Given(["area", "month", "code", "force", "n"], {"cases.csv": {"": rows}})


def make_workbook(rng: random.Random) -> Given:
    """Sheets for men and women, eight years, with a foot that prints the total."""
    sizes = _sizes(rng)

    def sheet(mean: float) -> list[Row]:
        rows: list[Row] = [
            [state, year, "HOM", _about(rng, mean * sizes[state])] for year in range(2016, 2024) for state in STATES
        ]
        return [*rows, ["Total", None, None, sum(row[3] for row in rows)], ["Source: the office"]]

    return Given(["area", "year", "code", "n"], {"cases.xlsx": {"Men": sheet(80), "Women": sheet(15)}})


def make_incidents(rng: random.Random) -> Given:
    """Some 6,000 incidents of five years in a file a year."""
    sizes = _sizes(rng)

    def event(year: int, state: str) -> Row:
        day = f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        sex = rng.choices(["M", "F", ""], [80, 18, 2])[0]
        hour = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
        return [day, hour, state, "HOM", sex, str(rng.randint(15, 70))]

    def year_of(year: int) -> list[Row]:
        rows = [event(year, state) for state in STATES for _ in range(_about(rng, 12 * sizes[state]))]
        rng.shuffle(rows)
        return rows

    header = ["date", "hour", "area", "code", "sex", "age"]
    return Given(header, {f"events_{year}.csv": {"": year_of(year)} for year in range(2019, 2024)})


def make_dates(rng: random.Random) -> Given:
    """The same incidents, of the last two years as 31/12/2023, as an office writes since it has another program."""
    given = make_incidents(rng)
    for name in ("events_2022.csv", "events_2023.csv"):
        for row in given.files[name][""]:
            row[0] = "/".join(reversed(row[0].split("-")))
    return given


AGES = (("0-14", 0.03), ("15-29", 0.4), ("30-59", 0.45), ("60+", 0.1), ("", 0.02))


def make_ages(rng: random.Random) -> Given:
    """32 states, eight financial years, one offence, four bands of ages and some of unknown age."""
    sizes = _sizes(rng)
    rows: list[Row] = [
        [state, f"{year}-{(year + 1) % 100:02d}", "HOM", age, _about(rng, 90 * sizes[state] * share)]
        for year in range(2016, 2024)
        for state in STATES
        for age, share in AGES
    ]
    return Given(["area", "year", "code", "age", "n"], {"cases.csv": {"": rows}})


def make_wide(rng: random.Random) -> Given:
    """32 states, two offences with their labels, eight years as columns, rows of two police forces that add up."""
    sizes = _sizes(rng)
    rows: list[Row] = [
        [state, code, label, *(_about(rng, mean * share * sizes[state]) for _ in range(8))]
        for state in STATES
        for (code, label, _), mean in zip(LINKS, (90, 400), strict=True)
        for share in (0.8, 0.2)
    ]
    return Given(["area", "code", "label", *map(str, range(2016, 2024))], {"cases.csv": {"": rows}})


def make_population(rng: random.Random) -> Given:
    """32 states, eight years, the sexes: men are 47.5 to 50.5 in a hundred, as in the states of Mexico."""
    sizes, men = _sizes(rng), {state: rng.uniform(0.475, 0.505) for state in STATES}
    rows: list[Row] = [
        [state, str(year), sex, round(sizes[state] * 1e6 * share * 1.01 ** (year - 2016) * rng.uniform(0.999, 1.001))]
        for year in range(2016, 2024)
        for state in STATES
        for sex, share in (("M", men[state]), ("F", 1 - men[state]))
    ]
    return Given(["area", "year", "sex", "n"], {"population.csv": {"": rows}})


_VICTIMS = "measures:\n  victims: {stage: recorded, counting_unit: victim}\n"
FILE_KINDS = {
    "cells": FileKind(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, sex, n]}\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "breakdowns: [{freq: A, by: [sex]}]\n" + _VICTIMS,
        "sex,M,M\nsex,F,F\n",
        make_cells,
    ),
    "parts": FileKind(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, month, code, force, n]}\n"
        "columns: {ref_area: area, time_period: month, national_code: code, value: n}\n"
        "rows: parts\nbreakdowns: [{freq: M}, {freq: A}]\n" + _VICTIMS,
        "",
        make_parts,
    ),
    "workbook": FileKind(
        "layouts:\n  - files: ['*.xlsx']\n"
        "    read: {format: excel, sheet: [Men, Women], columns: [area, year, code, n], footer: {starts_with: Total}}\n"
        "    conserve: '^n$'\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "breakdowns: [{freq: A, by: [sex]}]\ncontrols: [{control: foot of the sheet, footer_column: n}]\n" + _VICTIMS,
        "sex,Men,M\nsex,Women,F\n",
        make_workbook,
        "-- One sheet for each sex. Grain: one row for each raw row.\nSELECT *, _sheet AS sex FROM raw\n",
    ),
    "incidents": FileKind(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [date, hour, area, code, sex, age]}\n"
        "columns: {time_period: date, ref_area: area, national_code: code, sex: sex, age: age}\n"
        "constants: {value: '1'}\nrows: events\nages: {unit: years, bands: [Y0T14, Y15T29, Y30T59, Y_GE60]}\n"
        "breakdowns: [{freq: A, by: [sex]}, {freq: A, by: [age]}, {freq: M}]\nrejected_share_limit: 0.1\n" + _VICTIMS,
        "sex,M,M\nsex,F,F\nsex,,_U\n",
        make_incidents,
    ),
    "ages": FileKind(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, age, n]}\nyear_starts: '04'\n"
        "columns: {ref_area: area, time_period: year, national_code: code, age: age, value: n}\n"
        "breakdowns: [{freq: A, by: [age]}]\n" + _VICTIMS,
        "age,0-14,Y0T14\nage,15-29,Y15T29\nage,30-59,Y30T59\nage,60+,Y_GE60\nage,,_U\n",
        make_ages,
    ),
    "wide": FileKind(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, code, label]}\n    conserve: '^[0-9]{4}'\n"
        "columns: {ref_area: area, time_period: year, national_code: code, national_label: label, value: n}\n"
        "rows: parts\nbreakdowns: [{freq: A}]\n" + _VICTIMS,
        "",
        make_wide,
        "-- One column for each year. Grain: one row for each raw row and year.\n"
        "SELECT * EXCLUDE (name), left(name, 4) AS year\nFROM raw UNPIVOT (n FOR name IN (COLUMNS('^[0-9]{4}')))\n",
    ),
    "dates": FileKind(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [date, area, code, sex]}\n"
        "columns: {time_period: date, ref_area: area, national_code: code, sex: sex}\n"
        "dates: [YYYY-MM-DD, DD/MM/YYYY]\nrows: events\n"
        "breakdowns: [{freq: A, by: [sex]}, {freq: M}]\nrejected_share_limit: 0.1\n" + _VICTIMS,
        "sex,M,M\nsex,F,F\nsex,,_U\n",
        make_dates,
    ),
    "population": FileKind(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, sex, n]}\n"
        "columns: {ref_area: area, time_period: year, sex: sex, value: n}\n"
        "breakdowns: [{freq: A, by: [sex]}]\npriority: 5\nmeasures:\n  persons: {stage: _Z, counting_unit: person}\n",
        "sex,M,M\nsex,F,F\n",
        make_population,
    ),
}  # fmt: skip
