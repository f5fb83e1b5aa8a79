# ruff: noqa: C901, E501 (one fault a line reads best as a table)
"""The faults: each changes one thing in a table of text, at a random place."""

from __future__ import annotations

import random
from collections.abc import Callable

from good_files import MONTHS, SNIC, Kind, Table

Fault = Callable[[Table, random.Random], None]


def faults(kind: Kind) -> dict[str, Fault]:
    """Every fault that makes sense in this kind of file."""
    year, area = kind.year, kind.area

    def pick(rows: Table, rng: random.Random) -> dict[str, str]:
        return rng.choice(rows)

    def some(rows: Table, rng: random.Random, *names: str) -> Table:
        chosen = pick(rows, rng)
        return [row for row in rows if all(row[name] == chosen[name] for name in names)]

    def times(rows: Table, factor: float) -> None:
        for row in rows:
            for name in kind.counts:
                row[name] = str(round(int(row[name] or 0) * factor))

    def remove(rows: Table, gone: Table) -> None:
        ids = {id(row) for row in gone}
        rows[:] = [row for row in rows if id(row) not in ids]

    def set_one(text: str) -> Fault:
        return lambda rows, rng: pick(rows, rng).__setitem__(rng.choice(kind.counts), text)

    def put(column: str, text: str) -> Fault:
        return lambda rows, rng: pick(rows, rng).__setitem__(column, text)

    def inner_years(rows: Table, rng: random.Random) -> Table:
        years = sorted({row[year] for row in rows})[1:-1]
        chosen = rng.choice(years)
        return [row for row in rows if row[year] == chosen]

    def inner_area_year(rows: Table, rng: random.Random) -> Table:
        mine = inner_years(rows, rng)
        chosen = rng.choice(mine)[area]
        return [row for row in mine if row[area] == chosen]

    def repeat_row(rows: Table, rng: random.Random) -> None:
        rows.append(dict(pick(rows, rng)))

    def repeat_area(rows: Table, rng: random.Random) -> None:
        rows.extend([dict(row) for row in some(rows, rng, area, year)])

    def total_row(rows: Table, rng: random.Random) -> None:
        mine = some(rows, rng, year)
        rows.append(
            {**mine[0], area: "99", **{name: str(sum(int(row[name] or 0) for row in mine)) for name in kind.counts}}
        )

    def other_area(rows: Table, rng: random.Random) -> None:
        first, second = rng.sample(sorted({row[area] for row in rows}), 2)
        for row in rows:
            if row[area] == first:
                row[area] = second

    def shift_year(rows: Table, rng: random.Random) -> None:
        for row in some(rows, rng, area, year):
            row[year] = str(int(row[year]) + 1)

    def last_year_of_area(rows: Table, rng: random.Random) -> None:
        last = max(row[year] for row in rows)
        remove(rows, [row for row in some(rows, rng, area) if row[year] == last])

    def swap_counts(rows: Table, rng: random.Random) -> None:
        row = pick(rows, rng)
        first, second = rng.sample(kind.counts, 2)
        row[first], row[second] = row[second], row[first]

    def add_to_one(rows: Table, rng: random.Random) -> None:
        row, name = pick(rows, rng), rng.choice(kind.counts)
        row[name] = str(int(row[name] or 0) + rng.randint(5, 50))

    def swap_years(rows: Table, rng: random.Random) -> None:
        mine = some(rows, rng, area)
        first, second = rng.sample(sorted({row[year] for row in mine}), 2)
        for row in mine:
            row[year] = {first: second, second: first}.get(row[year], row[year])

    def swap_areas(rows: Table, rng: random.Random) -> None:
        mine = some(rows, rng, year)
        first, second = rng.sample(sorted({row[area] for row in mine}), 2)
        for row in mine:
            row[area] = {first: second, second: first}.get(row[area], row[area])

    def copy_year(rows: Table, mine: Table, same: tuple[str, ...]) -> None:
        """The counts of the year before stand in these rows."""
        before = {tuple(row[name] for name in same): row for row in rows}
        for row in mine:
            other = before.get(tuple(str(int(row[name]) - 1) if name == year else row[name] for name in same))
            if other is not None:
                row.update({name: other[name] for name in kind.counts})

    keys = tuple(name for name in kind.columns if name not in (*kind.counts, "tasa_hechos", "tasa_victimas"))

    def drop_code(rows: Table, rng: random.Random) -> None:
        remove(rows, some(rows, rng, kind.code, year))

    def half_of_areas(rows: Table, rng: random.Random) -> None:
        mine = some(rows, rng, year)
        areas = sorted({row[area] for row in mine})
        gone = set(rng.sample(areas, len(areas) // 2))
        remove(rows, [row for row in mine if row[area] in gone])

    def cut_end(rows: Table, rng: random.Random) -> None:
        """The file ends early, as a download that broke off between two lines."""
        del rows[rng.randint(len(rows) // 2, len(rows) - 2) :]

    def digits(rows: Table, rng: random.Random) -> None:
        row = max(
            rng.sample(rows, min(20, len(rows))), key=lambda one: max(int(one[name] or 0) for name in kind.counts)
        )
        name = max(kind.counts, key=lambda one: int(row[one] or 0))
        row[name] = str(int(row[name] or 0) * 10)

    last = max

    found: dict[str, Fault] = {
        "two years of an area swapped": swap_years,
        "two areas swapped in a year": swap_areas,
        "a year copied from the year before": lambda rows, rng: copy_year(rows, inner_years(rows, rng), keys),
        "an area's year copied from the year before": lambda rows, rng: copy_year(rows, inner_area_year(rows, rng), keys),
        "a category dropped in a year": drop_code,
        "half of the areas dropped in a year": half_of_areas,
        "file ends early": cut_end,
        "a digit too many in a large count": digits,
        "the last year is half a year": lambda rows, rng: times([row for row in rows if row[year] == last(r[year] for r in rows)], 0.5),
        "unit changed to thousands in an area": lambda rows, rng: times(some(rows, rng, area), 0.001),
        "year repeated under another year": lambda rows, rng: rows.extend([{**row, year: str(int(row[year]) + 1)} for row in some(rows, rng, year)]),
        "blank inside a count": set_one("1 2"),
        "year with its century twice": put(year, "202020"),
        "negative count": set_one("-5"),
        "empty count": set_one(""),
        "text for a count": set_one("n/d"),
        "fraction for a count": set_one("12.5"),
        "thousands mark in a count": set_one("1,234"),
        "spreadsheet error for a count": set_one("#REF!"),
        "unknown area code": put(area, "77"),
        "area code without its zero or with one more": lambda rows, rng: (r := pick(rows, rng)).__setitem__(area, "0" + r[area]),
        "empty area": put(area, ""),
        "year of two digits": put(year, "15"),
        "year 1013": put(year, "1013"),
        "empty year": put(year, ""),
        "unknown national code": put(kind.code, "X99"),
        "empty national code": put(kind.code, ""),
        "row repeated": repeat_row,
        "area and year repeated": repeat_area,
        "total row added": total_row,
        "area given another's code": other_area,
        "area dropped": lambda rows, rng: remove(rows, some(rows, rng, area)),
        "area stops in the last year": last_year_of_area,
        "year dropped": lambda rows, rng: remove(rows, inner_years(rows, rng)),
        "year dropped in one area": lambda rows, rng: remove(rows, inner_area_year(rows, rng)),
        "year of one area shifted by one": shift_year,
        "decimal point moved in an area and year": lambda rows, rng: times(some(rows, rng, area, year), 10),
        "unit changed to thousands in a year": lambda rows, rng: times(inner_years(rows, rng), 0.001),
        "a year doubled": lambda rows, rng: times(some(rows, rng, year), 2.2),
        "an area and year doubled": lambda rows, rng: times(some(rows, rng, area, year), 2.5),
        "half of a year, published as a year": lambda rows, rng: times(some(rows, rng, year), 0.45),
        "zeros in an area and year": lambda rows, rng: times(some(rows, rng, area, year), 0),
        "zeros in a year": lambda rows, rng: times(some(rows, rng, year), 0),
        "two counts of a row swapped": swap_counts,
        "a few added to one count": add_to_one,
        "one row dropped": lambda rows, rng: remove(rows, [pick(rows, rng)]),
    }  # fmt: skip
    return found | (annual_faults(some, times) if kind.source == "ar_snic" else monthly_faults(some, remove))


def annual_faults(some: Callable[..., Table], times: Callable[[Table, float], None]) -> dict[str, Fault]:
    """Faults in a file with the sexes as columns."""
    men, women, unknown, victims, offences = SNIC[7], SNIC[8], SNIC[9], SNIC[6], SNIC[5]

    def nobody(rows: Table) -> None:
        for row in rows:
            row[unknown], row[men], row[women] = row[victims], "0", "0"

    def swap_sexes(rows: Table) -> None:
        for row in rows:
            row[men], row[women] = row[women], row[men]

    def put(rows: Table, name: str, value: Callable[[dict[str, str]], int]) -> None:
        for row in rows:
            row[name] = str(value(row))

    def printed(rows: Table, rng: random.Random, factor: float) -> None:
        row = rng.choice([row for row in rows if float(row["tasa_hechos"] or 0) > 1])
        row["tasa_hechos"] = str(float(row["tasa_hechos"]) * factor)

    return {
        "printed rate a digit off": lambda rows, rng: printed(rows, rng, 0.1),
        "printed rate of another population": lambda rows, rng: printed(rows, rng, 1.2),
        "columns of offences and victims exchanged in a year": lambda rows, rng: [row.update({offences: row[victims], victims: row[offences]}) for row in some(rows, rng, "anio")],
        "sum of codes beside its parts": lambda rows, rng: rows.extend([{**row, "codigo_delito_snic_id": "1", "codigo_delito_snic_nombre": "Homicidios dolosos"} for row in some(rows, rng, "anio") if row["codigo_delito_snic_id"] == "2"]),
        "women and unknown exchanged in a year": lambda rows, rng: [row.update({women: row[unknown], unknown: row[women]}) for row in some(rows, rng, "anio")],
        "sex of nobody in a year": lambda rows, rng: nobody(some(rows, rng, "anio")),
        "sex of nobody in an area and year": lambda rows, rng: nobody(some(rows, rng, "anio", "provincia_id")),
        "sexes swapped in a row": lambda rows, rng: swap_sexes([rng.choice(rows)]),
        "sexes swapped in a year": lambda rows, rng: swap_sexes(some(rows, rng, "anio")),
        "women counted twice in a row": lambda rows, rng: put([rng.choice(rows)], women, lambda row: 2 * int(row[women])),
        "men lost in a row": lambda rows, rng: put([rng.choice(rows)], men, lambda row: 0),
        "total of victims one too many": lambda rows, rng: put([rng.choice(rows)], victims, lambda row: int(row[victims]) + 1),
        "fewer victims than offences": lambda rows, rng: put([rng.choice([r for r in rows if r["codigo_delito_snic_id"] == "1"])], offences, lambda row: int(row[victims]) + 20),
    }  # fmt: skip


def monthly_faults(some: Callable[..., Table], remove: Callable[[Table, Table], None]) -> dict[str, Fault]:
    """Faults in a file with the months as columns and sex and age as words."""

    def months(rows: Table, names: tuple[str, ...], text: str) -> None:
        for row in rows:
            for name in names:
                row[name] = text

    def word(rows: Table, name: str, text: str) -> None:
        for row in rows:
            row[name] = text

    def merge(rows: Table, mine: Table, name: str, text: str) -> None:
        """Everyone of these rows into one unknown row, the others zero."""
        target = [row for row in mine if row[name] == text]
        for row in mine:
            if row not in target and target:
                for month in MONTHS:
                    target[0][month] = str(int(target[0][month]) + int(row[month]))
                    row[month] = "0"

    def rotate(rows: Table) -> None:
        for row in rows:
            values = [row[month] for month in MONTHS]
            row.update(zip(MONTHS, values[1:] + values[:1], strict=True))

    def exchange(rows: Table, name: str, first: str, second: str) -> None:
        for row in rows:
            row[name] = {first: second, second: first}.get(row[name], row[name])

    def copy_month(rows: Table, rng: random.Random) -> None:
        number = rng.randrange(1, 12)
        for row in rows:
            row[MONTHS[number]] = row[MONTHS[number - 1]]

    minors, adults = "Menores de edad (0-17)", "Adultos (18 y más)"

    return {
        "months shifted by one in a year": lambda rows, rng: rotate(some(rows, rng, "Año")),
        "a month copied from the month before in a year": lambda rows, rng: copy_month(some(rows, rng, "Año"), rng),
        "minors and adults exchanged in a year": lambda rows, rng: exchange(some(rows, rng, "Año"), "Rango de edad", minors, adults),
        "men and women exchanged in a year": lambda rows, rng: exchange(some(rows, rng, "Año"), "Sexo", "Hombre", "Mujer"),
        "men and women exchanged in a state and year": lambda rows, rng: exchange(some(rows, rng, "Año", "Clave_Ent"), "Sexo", "Hombre", "Mujer"),
        "minors dropped in a year": lambda rows, rng: remove(rows, [row for row in some(rows, rng, "Año") if row["Rango de edad"] == minors]),
        "age of nobody in a year": lambda rows, rng: [word([row for row in some(rows, rng, "Año") if row["Sexo"] == "Hombre"], "Rango de edad", "No especificado")],
        "months after June cut in the last year": lambda rows, rng: months([row for row in rows if row["Año"] == max(r["Año"] for r in rows)], MONTHS[6:], "0"),
        "unknown word for sex": lambda rows, rng: word([rng.choice(rows)], "Sexo", "Hombres"),
        "empty sex": lambda rows, rng: word([rng.choice(rows)], "Sexo", ""),
        "unknown word for age": lambda rows, rng: word([rng.choice(rows)], "Rango de edad", "0-14"),
        "unknown word for weapon": lambda rows, rng: word([rng.choice(rows)], "Modalidad", "Bomba"),
        "months of a state empty": lambda rows, rng: months(some(rows, rng, "Año", "Clave_Ent"), MONTHS[6:], ""),
        "months of a state zero": lambda rows, rng: months(some(rows, rng, "Año", "Clave_Ent"), MONTHS[6:], "0"),
        "one month of a state zero": lambda rows, rng: months(some(rows, rng, "Año", "Clave_Ent"), (rng.choice(MONTHS),), "0"),
        "a month zero everywhere": lambda rows, rng: months(some(rows, rng, "Año"), (rng.choice(MONTHS),), "0"),
        "men dropped in a year": lambda rows, rng: remove(rows, [row for row in some(rows, rng, "Año") if row["Sexo"] == "Hombre"]),
        "women dropped in a state and year": lambda rows, rng: remove(rows, [row for row in some(rows, rng, "Año", "Clave_Ent") if row["Sexo"] == "Mujer"]),
        "sex of nobody in a year": lambda rows, rng: [merge(rows, [r for r in rows if (r["Año"], r["Clave_Ent"]) == key], "Sexo", "No identificado") for chosen in [rng.choice(rows)["Año"]] for key in {(r["Año"], r["Clave_Ent"]) for r in rows if r["Año"] == chosen}],
        "sex of nobody in a state and year": lambda rows, rng: merge(rows, some(rows, rng, "Año", "Clave_Ent"), "Sexo", "No identificado"),
    }  # fmt: skip
