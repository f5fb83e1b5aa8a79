"""Good files to plant faults in: made in the columns of two real sources, and the bundled files themselves, cut.

What is made follows the real files where a rule looks: populations grow by one half to two per cent a year, as the
provinces of Argentina do (median 1.1 %, 0.2 to 3.7), months are as long as they are, and monthly counts vary about
their mean as Poisson counts do, which is the least that real ones do.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schemas.codelists import load_areas

ROOT = Path(__file__).parents[2]
Table = list[dict[str, str]]

MONTHS = ("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre", "Octubre",
          "Noviembre", "Diciembre")  # fmt: skip
SNIC = ("provincia_id", "provincia_nombre", "anio", "codigo_delito_snic_id", "codigo_delito_snic_nombre",
        "cantidad_hechos", "cantidad_victimas", "cantidad_victimas_masc", "cantidad_victimas_fem",
        "cantidad_victimas_sd", "tasa_hechos", "tasa_victimas")  # fmt: skip
SESNSP = ("Año", "Clave_Ent", "Entidad", "Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad",
          "Sexo", "Rango de edad", *MONTHS)  # fmt: skip


DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
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
        base, growth = rng.randint(150, 600), rng.uniform(1.005, 1.02)
        for year in range(2010, 2020):
            population = round(base * 10_000 * growth ** (year - 2010))
            for code, name in CRIMES:
                total = round(population / 10_000 * rng.uniform(0.9, 1.1))
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
    minors, adults = "Menores de edad (0-17)", "Adultos (18 y más)"
    people = [("Hombre", minors, 6), ("Hombre", adults, 60), ("Mujer", minors, 2), ("Mujer", adults, 9),
              ("Hombre", "No especificado", 3), ("Mujer", "No especificado", 1),
              ("No identificado", "No identificado", 2)]  # fmt: skip
    rows = []
    for state in range(1, 33):
        size = rng.uniform(0.8, 3)
        for year in range(2015, 2025):
            for sex, age, mean in people:
                means = [mean * size * days / 30 for days in DAYS]
                months = [str(max(0, round(rng.gauss(each, each**0.5)))) for each in means]
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
    """The bundled Argentine file: intentional homicide, attempts and assault."""
    codes = {"1", "2", "5"}
    return read_real("ar_snic/snic-provincias.csv.gz", lambda row: row["codigo_delito_snic_id"] in codes, SNIC, "utf-8")


def real_sesnsp(_: random.Random) -> Table:
    """The bundled Mexican file: intentional homicide with firearms and with blades."""
    name, means = "mx_sesnsp_victims/IDVFC_NM_dic24.csv.gz", ("Con arma de fuego", "Con arma blanca")

    def keep(row: dict[str, str]) -> bool:
        return row["Subtipo de delito"] == "Homicidio doloso" and row["Modalidad"] in means

    return read_real(name, keep, SESNSP, "latin-1")


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
