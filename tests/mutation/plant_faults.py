# ruff: noqa: C901, E501 (one fault a line reads best as a table)
"""Mutation check of the rules: plant faults at random places in good files and count which rule sees them.

Run by hand (half an hour): ``python tests/mutation/plant_faults.py [--times 20] [--seed 1]``, then with ``--write``.
A good file of ten years is made in the columns of two real sources: Argentina (annual, victims by sex, offences) and
Mexico (months as columns, sex and age); and the bundled files themselves are taken, cut to the killings. Each fault
changes one thing in a copy; it is caught when the source is refused or a rule that was quiet on the good file is not,
or finds more than it did there. What no rule sees is printed too. ``--write`` puts the tables into
docs/quality_of_rules.md. The rules in SQL and the steps judge here; the rules of the suite judge codes that the steps
have refused before, and have a fault each of their own (tests/quality/test_structure_rules.py).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iccs.concordance import ConcordanceError
from pipelines.errors import DataRefused
from pipelines.run import check_source
from pipelines.settings import Settings
from pipelines.source import list_sources
from schemas.codelists import load_areas

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- tables: made by tests/mutation/plant_faults.py -->\n", "<!-- end of tables -->"
Table = list[dict[str, str]]
Fault = Callable[[Table, random.Random], None]

MONTHS = ("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre",
          "Noviembre", "Diciembre")  # fmt: skip
SNIC = ("provincia_id", "provincia_nombre", "anio", "codigo_delito_snic_id", "codigo_delito_snic_nombre",
        "cantidad_hechos", "cantidad_victimas", "cantidad_victimas_masc", "cantidad_victimas_fem",
        "cantidad_victimas_sd", "tasa_hechos", "tasa_victimas")  # fmt: skip
SESNSP = ("Año", "Clave_Ent", "Entidad", "Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad",
          "Sexo", "Rango de edad", *MONTHS)  # fmt: skip


CRIMES = (("1", "Homicidios dolosos"), ("2", "Homicidios dolosos en grado de tentativa"),
          ("5", "Lesiones dolosas"))  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of file: its source, name, columns, encoding, how a good one is made, and the names of its parts."""

    source: str
    file: str
    columns: tuple[str, ...]
    encoding: str
    make: Callable[[random.Random], Table]
    year: str
    area: str
    code: str
    counts: tuple[str, ...]


def make_snic(rng: random.Random) -> Table:
    """24 provinces, ten years, homicide and attempted homicide: victims = men + women + unknown."""
    codes = sorted(
        code for area in load_areas() if area.code.startswith("AR-") for name, code in area.schemes if name == "indec"
    )
    rows = []
    for province in codes:
        base = rng.randint(150, 600)
        for year in range(2010, 2020):
            population = base * 10_000 + 100 * year
            for code, name in CRIMES:
                total = round(base * rng.uniform(0.9, 1.1))
                women = round(total * rng.uniform(0.12, 0.18))
                unknown = rng.randint(0, 3)
                figures = [total - 2, total, total - women - unknown, women, unknown]
                rates = [f"{count / population * 100_000:.7f}" for count in figures[:2]]
                rows.append(
                    dict(
                        zip(SNIC, [province, province, str(year), code, name, *map(str, figures), *rates], strict=True)
                    )
                )
    return rows


def make_sesnsp(rng: random.Random) -> Table:
    """32 states, ten years, intentional homicide with firearm by sex and age, months as columns."""
    people = [("Hombre", "Menores de edad (0-17)", 6), ("Hombre", "Adultos (18 y más)", 60), ("Mujer", "Menores de edad (0-17)", 2),
              ("Mujer", "Adultos (18 y más)", 9), ("Hombre", "No especificado", 3), ("Mujer", "No especificado", 1),
              ("No identificado", "No identificado", 2)]  # fmt: skip
    rows = []
    for state in range(1, 33):
        size = rng.uniform(0.8, 3)
        for year in range(2015, 2025):
            for sex, age, mean in people:
                months = [str(round(mean * size * rng.uniform(0.85, 1.15))) for _ in MONTHS]
                head = [
                    str(year),
                    str(state),
                    str(state),
                    "",
                    "Homicidio",
                    "Homicidio doloso",
                    "Con arma de fuego",
                    sex,
                    age,
                ]
                rows.append(dict(zip(SESNSP, [*head, *months], strict=True)))
    return rows


def read_real(name: str, keep: Callable[[dict[str, str]], bool], columns: tuple[str, ...], encoding: str) -> Table:
    """The rows of a bundled file that are kept, with the columns that the source reads."""
    path = ROOT / "data" / "input" / name
    with gzip.open(path, "rt", encoding=encoding, newline="") as handle:
        return [{column: row[column] for column in columns} for row in csv.DictReader(handle) if keep(row)]


def real_snic(_: random.Random) -> Table:
    """The bundled Argentine file: killings, attempts, traffic deaths, assault, rape."""
    codes = {"1", "2", "3", "4", "5", "10"}
    return read_real("ar_snic/snic-provincias.csv.gz", lambda row: row["codigo_delito_snic_id"] in codes, SNIC, "utf-8")


def real_sesnsp(_: random.Random) -> Table:
    """The bundled Mexican file: homicide and femicide."""
    kinds = {"Homicidio", "Feminicidio"}
    return read_real(
        "mx_sesnsp_victims/IDVFC_NM_dic24.csv.gz", lambda row: row["Tipo de delito"] in kinds, SESNSP, "latin-1"
    )


KINDS = {
    "annual": Kind("ar_snic", "snic-provincias.csv", SNIC, "utf-8", make_snic, "anio", "provincia_id",
                   "codigo_delito_snic_id", SNIC[5:10]),
    "monthly": Kind("mx_sesnsp_victims", "IDVFC_NM_dic24.csv", SESNSP, "latin-1", make_sesnsp, "Año", "Clave_Ent",
                    "Subtipo de delito", MONTHS),
    "real annual": Kind("ar_snic", "snic-provincias.csv", SNIC, "utf-8", real_snic, "anio", "provincia_id",
                        "codigo_delito_snic_id", SNIC[5:10]),
    "real monthly": Kind("mx_sesnsp_victims", "IDVFC_NM_dic24.csv", SESNSP, "latin-1", real_sesnsp, "Año", "Clave_Ent",
                         "Subtipo de delito", MONTHS),
}  # fmt: skip


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
        "one row dropped": lambda rows, rng: remove(rows, [rng.choice(rows)]),
    }  # fmt: skip


def outcomes_of(kind: Kind, rows: Table, folder: Path) -> dict[str, int]:
    """Which rules speak, and of how many: a refusal, or warnings."""
    given = folder / "given"
    given.mkdir()
    with (given / kind.file).open("w", encoding=kind.encoding, newline="") as handle:
        writer = csv.DictWriter(handle, kind.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    try:
        checked = check_source(
            list_sources()[kind.source], Settings(data=folder / "data", threads=1), given, None, None
        )
    except DataRefused as error:
        return {f"refused: {problem.rule}": 1 for problem in error.problems}
    except (ConcordanceError, ValueError) as error:
        return {f"refused: {type(error).__name__}": 1}
    return {one.rule: one.failing for one in checked.outcomes if one.outcome in ("warned", "failed", "errored")}


def run(times: int, seed: int, names: list[str], folder: Path) -> None:
    """Plant every fault once in each kind of file, then again; keep what was found in the folder after each round."""
    for name in names:
        kind = KINDS[name]
        rng = random.Random(seed)
        good = kind.make(rng)
        quiet = judged(kind, good)
        sys.stdout.write(f"untouched {name} file: {quiet or 'no warning'}\n")
        seen: dict[str, Counter[str]] = {label: Counter() for label in faults(kind)}
        caught: Counter[str] = Counter()
        for number in range(1, times + 1):
            for label, fault in faults(kind).items():
                rows = [dict(row) for row in good]
                fault(rows, rng)
                new = [rule for rule, count in judged(kind, rows).items() if count > quiet.get(rule, 0)]
                seen[label].update(new)
                caught[label] += bool(new)
            found = [
                {"fault": label, "times": number, "caught": caught[label], "rules": dict(rules.most_common())}
                for label, rules in seen.items()
            ]
            result = {"kind": name, "rows": len(good), "quiet": quiet, "faults": found}
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name.replace(' ', '_')}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False))
            share = caught.total() / (number * len(seen))
            sys.stdout.write(
                f"{name}: round {number}, {caught.total():,} of {number * len(seen):,} caught ({share:.1%})\n"
            )
            sys.stdout.flush()


def judged(kind: Kind, rows: Table) -> dict[str, int]:
    """``outcomes_of`` in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as place:
        return outcomes_of(kind, rows, Path(place))


def write_page(folder: Path) -> None:
    """Make the tables of docs/quality_of_rules.md from what runs have kept; the text around them stays."""
    results = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    parts, by_rule = [], Counter[str]()
    whole = "| file | rows | faults | planted | caught | mean share of a fault |\n|---|---|---|---|---|---|\n"
    for result in results:
        planted, caught = (sum(fault[name] for fault in result["faults"]) for name in ("times", "caught"))
        share = f"{sum(fault['caught'] / fault['times'] for fault in result['faults']) / len(result['faults']):.1%}"
        whole += f"| {result['kind']} | {result['rows']:,} | {len(result['faults'])} | {planted:,} | {caught:,} | {share} |\n"
        table = f"### {result['kind']}\n\n| fault | caught | by |\n|---|---|---|\n"
        for fault in sorted(result["faults"], key=lambda one: one["caught"] / one["times"]):
            by_rule.update(fault["rules"])
            rules = ", ".join(list(fault["rules"])[:3]) or "no rule"
            table += f"| {fault['fault']} | {fault['caught']} of {fault['times']} | {rules} |\n"
        parts.append(table)
    rules = "### Catches by rule\n\n| rule | times |\n|---|---|\n"
    rules += "".join(f"| {rule} | {count:,} |\n" for rule, count in by_rule.most_common())
    page = ROOT / "docs" / "quality_of_rules.md"
    before, _, after = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = after.partition(END)
    page.write_text(before + "\n".join([BEGIN, whole, *parts, rules + END]) + after, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each fault is planted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=tuple(KINDS), action="append", help="one kind of file (may be repeated)")
    parser.add_argument("--keep", type=Path, default=ROOT / "data" / "work" / "mutation", help="folder of the results")
    parser.add_argument("--write", action="store_true", help="write the page from kept results, plant nothing")
    options = parser.parse_args()
    if options.write:
        write_page(options.keep)
    else:
        run(options.times, options.seed, options.only or list(KINDS), options.keep)
