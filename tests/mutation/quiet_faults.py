# ruff: noqa: E501 (one fault a line reads best as a table)
"""Faults that leave every figure readable and plausible: another unit, another meaning, a year or an area of another."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable

from files import Given, Row

FileFault = Callable[[Given, random.Random], None]

TITLES = (
    "Tasa de víctimas por cada 100 mil habitantes",
    "Homicide rate per 100,000 population",
    "Taux pour 100 000 habitants",
    "Opfer je 100.000 Einwohner",
    "Víctimas por millón de habitantes",
)
EDITIONS = (" (rev.)", " r", " %", "*", " (provisional)", " old", " (corr.)", " prel.")
OTHERS = ("Fraud", "Burglary of dwellings", "Drug offences", "Kidnapping")
PARTS = ("of which: femicide", "Femicide (included above)", "de los cuales feminicidio", "darunter Frauen")
WEIGHTS = ("victims", "number of victims", "total de víctimas", "cases", "weight", "factor de expansión", "qty")


def all_rows(given: Given) -> list[Row]:
    return [
        row
        for sheets in given.files.values()
        for rows in sheets.values()
        for row in rows
        if len(row) == len(given.header)
    ]


def inner(values: set[str], rng: random.Random) -> str:
    """One of the values that is neither the first nor the last."""
    return rng.choice(sorted(values)[1:-1])


def years_of(given: Given) -> set[str]:
    return {str(row[given.at("year")]) for row in all_rows(given)}


def sexes_exchanged(given: Given, rng: random.Random) -> None:
    year, sex = given.at("year"), given.at("sex")
    chosen = inner(years_of(given), rng)
    for row in all_rows(given):
        if row[year] == chosen:
            row[sex] = {"M": "F", "F": "M"}.get(row[sex], row[sex])


def copied(share: float) -> FileFault:
    """Most figures of an inner year are those of the year before, the others its own."""

    def fault(given: Given, rng: random.Random) -> None:
        year, n = given.at("year"), given.at("n")
        chosen = inner(years_of(given), rng)
        known = {tuple(row[:n]): row[n] for row in all_rows(given)}
        for row in all_rows(given):
            before = tuple(str(int(value) - 1) if at == year else value for at, value in enumerate(row[:n]))
            if row[year] == chosen and rng.random() < share:
                row[n] = known[before]

    return fault


def category_stops(given: Given, rng: random.Random) -> None:
    """From a later year on, a code is not given."""
    year, code = given.at("year"), given.at("code")
    last = rng.choice(sorted(years_of(given))[4:-1])
    gone = rng.choice(sorted({row[code] for row in all_rows(given)}))
    rows = given.rows(rng)
    rows[:] = [row for row in rows if row[code] != gone or row[year] <= last]


def running_years(given: Given, rng: random.Random) -> None:
    """Each figure is the sum of all years so far, of one code or of all."""
    year, n, code = given.at("year"), given.at("n"), given.at("code")
    codes = {row[code] for row in all_rows(given)}
    chosen = rng.choice([codes, {rng.choice(sorted(codes))}])
    sums: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for row in sorted(all_rows(given), key=lambda one: one[year]):
        if row[code] in chosen:
            key = tuple(value for at, value in enumerate(row[:n]) if at != year)
            sums[key] += int(row[n])
            row[n] = sums[key]


def counted_elsewhere(given: Given, rng: random.Random) -> None:
    """Until a year, the events of a state stand with another state; then it has rows of its own."""
    area, year, n = given.at("area"), given.at("year"), given.at("n")
    states = sorted({row[area] for row in all_rows(given)})
    new, old = rng.sample(states, 2)
    first = rng.choice(sorted(years_of(given))[3:-1])
    rows = given.rows(rng)
    early = {tuple(row[:n]): int(row[n]) for row in rows if row[area] == new and row[year] < first}
    for row in rows:
        row[n] = int(row[n]) + (early.get((new, *row[1:n]), 0) if row[area] == old else 0)
    rows[:] = [row for row in rows if row[area] != new or row[year] >= first]


def share_of_women(given: Given, rng: random.Random) -> None:
    """In place of women stands their share of all, in whole per cent."""
    sex, n = given.at("sex"), given.at("n")
    key = [at for at in range(n) if at != sex]
    totals: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for row in all_rows(given):
        totals[tuple(row[at] for at in key)] += int(row[n])
    of = rng.choice(["F", "M"])
    for row in all_rows(given):
        if row[sex] == of:
            row[n] = round(100 * int(row[n]) / max(totals[tuple(row[at] for at in key)], 1))


def hidden(given: Given, rng: random.Random) -> None:
    """Counts below a limit are written as zero."""
    limit, n = rng.choice([3, 5, 6, 10]), given.at("n")
    for row in all_rows(given):
        row[n] = 0 if int(row[n]) < limit else row[n]


def step(given: Given, rng: random.Random) -> None:
    """From a year on, the population is of other persons: of 15 years and older, or with those who were left out."""
    year, n = given.at("year"), given.at("n")
    first, factor = inner(years_of(given), rng), rng.choice([0.72, 0.8, 0.85, 1.15, 1.25])
    for row in all_rows(given):
        if row[year] >= first:
            row[n] = round(int(row[n]) * factor * rng.uniform(0.98, 1.02))


def title(given: Given, rng: random.Random) -> None:
    given.title = rng.choice(TITLES)


def edition_beside(given: Given, rng: random.Random) -> None:
    """A column of the same year again, with another figure in it."""
    years = [name for name in given.header if name.isdigit()]
    at = given.at(rng.choice(years))
    given.header.append(given.header[at] + rng.choice(EDITIONS))
    for rows in given.files["cases.csv"].values():
        for row in rows:
            row.append(int(row[at]) + rng.choice([-1, 0, 0, 1]))


def another_offence(given: Given, rng: random.Random) -> None:
    """A code has another label from some row on, as after a new list of codes."""
    code, label = given.at("code"), given.at("label")
    chosen, name = rng.choice(sorted({row[code] for row in all_rows(given)})), rng.choice(OTHERS)
    for row in all_rows(given):
        row[label] = name if row[code] == chosen else row[label]


def part_linked(given: Given, rng: random.Random) -> None:
    """A code that is a part of another is linked as if it stood beside it."""
    name, share = rng.choice(PARTS), rng.uniform(0.05, 0.3)
    given.links = (("FEM", name, "0101"),)
    code, label, rows = given.at("code"), given.at("label"), given.rows(rng)
    figures = slice(label + 1, None)
    for row in [row for row in rows if row[code] == "HOM"]:
        part = [*row[: figures.start], *(round(int(value) * share) for value in row[figures])]
        part[code], part[label] = "FEM", name
        rows.append(part)


def subtotal_of_codes(given: Given, rng: random.Random) -> None:
    """In the middle of the table, the sum of two codes under a code of its own, which somebody linked."""
    given.links = (("VIO", "Violent crime", rng.choice(["0201", "0219"])),)
    label = given.at("label")
    sums: dict[str, Row] = {}
    for row in given.rows(rng):
        whole = sums.setdefault(row[0], [row[0], "VIO", "Violent crime", *[0] * (len(row) - 3)])
        whole[label + 1 :] = [
            int(one) + int(value) for one, value in zip(whole[label + 1 :], row[label + 1 :], strict=True)
        ]
    rows = given.rows(rng)
    rows[:] = [row for place in sums for row in (*[one for one in rows if one[0] == place][:2], sums[place],
                                                 *[one for one in rows if one[0] == place][2:])]  # fmt: skip


def years_as_one(given: Given, rng: random.Random) -> None:
    """The first years are written as one: they may be calendar years."""
    year = given.at("year")
    first = inner(years_of(given), rng)
    for row in all_rows(given):
        row[year] = row[year][:4] if row[year] < first else row[year]


def subtotal_without_name(given: Given, rng: random.Random) -> None:
    """Under a blank age stands the sum of some bands in a row, for all areas and years."""
    age, n = given.at("age"), given.at("n")
    bands = rng.choice([("0-14", "15-29"), ("15-29", "30-59"), ("15-29", "30-59", "60+"), ("30-59", "60+")])
    rows = given.rows(rng)
    sums: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for row in rows:
        if row[age] in bands:
            sums[tuple(row[:age])] += int(row[n])
    rows[:] = [row for row in rows if row[age] != ""]
    rows.extend([*key, "", total] for key, total in sums.items())


def spreadsheet_dates(of: str) -> FileFault:
    """A spreadsheet of another language took 05/06/2023 for 6 May and left 25/06/2023: in all files, one, or one area."""

    def fault(given: Given, rng: random.Random) -> None:
        date, area = given.at("date"), given.at("area")
        rows = given.rows(rng) if of == "file" else all_rows(given)
        state = rng.choice(sorted({row[area] for row in rows})) if of == "area" else None
        for row in rows:
            if state in (None, row[area]):
                year, month, day = iso(row[date]).split("-")
                row[date] = f"{year}-{day}-{month}" if int(day) <= 12 else f"{day}/{month}/{year}"

    return fault


def iso(text: str) -> str:
    return "-".join(reversed(text.split("/")))


def exchanged_in_one_form(given: Given, rng: random.Random) -> None:
    """The same, and all dates were written in one form afterwards."""
    date = given.at("date")
    for row in all_rows(given):
        year, month, day = iso(row[date]).split("-")
        row[date] = f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{day}"


def dates_cut(given: Given, rng: random.Random) -> None:
    """Of dates exchanged by a spreadsheet, those that it could not read are gone."""
    date = given.at("date")
    for sheets in given.files.values():
        for rows in sheets.values():
            rows[:] = [row for row in rows if int(iso(row[date])[8:]) <= 12]


def month_of_two_files(changed: float) -> FileFault:
    """The next file begins with the last month of the one before, a share of its rows corrected."""
    return lambda given, rng: _month_again(given, rng, changed)


def _month_again(given: Given, rng: random.Random, changed: float) -> None:
    date, names = given.at("date"), sorted(given.files)
    number = rng.randrange(len(names) - 1)
    december = [list(row) for row in given.files[names[number]][""] if iso(row[date])[5:7] == "12"]
    for row in december:
        if rng.random() < changed:
            row[given.at("age")] = str(int(row[given.at("age")]) + 1)
            row[given.at("hour")] = "12:00"
    given.files[names[number + 1]][""].extend(december)


def counts_beside(given: Given, rng: random.Random) -> None:
    """Each row says how many persons it stands for."""
    given.header.append(rng.choice(WEIGHTS))
    for row in [row for sheets in given.files.values() for rows in sheets.values() for row in rows]:
        row.append(rng.choice([1, 1, 1, 2, 3]))


# The faults of each kind of file, by the name of the kind; those of files.py are made as they are there.
QUIET: dict[str, dict[str, FileFault]] = {
    "cells": {
        "8 four in five figures of a year copied": copied(0.8),
        "8 half of the figures of a year copied": copied(0.5),
        "4 a state was counted with another until a year": counted_elsewhere,
        "8 a category ends": category_stops,
        "3 sums over the years": running_years,
        "10 men and women exchanged in a year": sexes_exchanged,
        "10 shares in per cent for one sex": share_of_women,
    },
    "ages": {
        "2 counts below a limit as zero": hidden,
        "3 the first financial years as calendar years": years_as_one,
        "9 a sub-total under a blank age": subtotal_without_name,
    },
    "wide": {
        "5 a year in two editions": edition_beside,
        "4 a code with the label of another offence": another_offence,
        "5 a part linked beside its whole": part_linked,
        "9 a sub-total of two codes in the middle": subtotal_of_codes,
    },
    "workbook": {"2 the title says rates": title},
    "dates": {
        "3 days up to the twelfth taken for months": spreadsheet_dates("all"),
        "3 days up to the twelfth taken for months in one file": spreadsheet_dates("file"),
        "3 days up to the twelfth taken for months in one state": spreadsheet_dates("area"),
        "3 days and months exchanged in one form": exchanged_in_one_form,
        "3 only days up to the twelfth are left": dates_cut,
        "5 one month in two files, a tenth corrected": month_of_two_files(0.1),
        "5 one month in two files, all corrected": month_of_two_files(1),
        "1 a column of counts that nobody reads": counts_beside,
    },
    "population": {
        "7 other persons from a year on": step,
        "7 a year copied from the year before": copied(1),
        "7 most of a year copied from the year before": copied(0.8),
        "7 men and women exchanged in a year": sexes_exchanged,
    },
}  # fmt: skip
