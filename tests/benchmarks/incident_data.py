"""Incidents made for the benchmarks, with few frequent and many rare codes and places, and their source."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
FIRST_DAY, DAYS = "2015-01-01", 3652
MUNICIPALITIES, CODES = 2500, 150
BANDS = [(0, 14), (15, 17), (18, 24), (25, 34), (35, 44), (45, 59), (60, None)]
BAND_CODES = ["Y0T14", "Y15T17", "Y18T24", "Y25T34", "Y35T44", "Y45T59", "Y_GE60"]
HEADER = "folio,fecha,municipio,delito,sexo,edad,nombre"


def generate(target: Path, rows: int, dirty: float) -> None:
    """Write incidents with few frequent and many rare codes and places; a share of rows breaks a rule."""
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"""
            COPY (
                SELECT printf('F%09d', i) AS folio,
                    CASE WHEN random() < {dirty} / 4 THEN '2999-01-01' ELSE strftime(
                        DATE '{FIRST_DAY}' + CAST(floor(random() * {DAYS}) AS INTEGER), '%Y-%m-%d') END AS fecha,
                    CASE WHEN random() < {dirty} / 4 THEN '99999'
                        ELSE printf('%05d', 1000 + CAST(floor(pow(random(), 4) * {MUNICIPALITIES}) AS INTEGER))
                    END AS municipio,
                    printf('D%03d', CAST(floor(pow(random(), 4) * {CODES}) AS INTEGER)) AS delito,
                    CASE WHEN random() < {dirty} / 4 THEN '?' WHEN random() < .55 THEN 'Hombre'
                        WHEN random() < .9 THEN 'Mujer' ELSE 'No identificado' END AS sexo,
                    CASE WHEN random() < {dirty} / 4 THEN '444' WHEN random() < .06 THEN NULL
                        ELSE CAST(CAST(floor(10 + 70 * pow(random(), 1.5)) AS INTEGER) AS VARCHAR) END AS edad,
                    'Persona ' || CAST(floor(random() * 1e6) AS INTEGER) AS nombre
                FROM range({rows}) AS t(i)
            ) TO '{target}' (HEADER)
            """
        )


def states() -> list[str]:
    """The states that municipalities belong to."""
    with (ROOT / "schemas/codelists/areas/MX.csv").open(encoding="utf-8") as handle:
        return [row["code"] for row in csv.DictReader(handle) if row["level"] == "admin1"]


def municipality_states() -> list[tuple[str, str]]:
    """(municipality, state) of every municipality."""
    names = states()
    return [(f"{1000 + n:05d}", names[n % len(names)]) for n in range(MUNICIPALITIES)]


def code_categories() -> list[tuple[str, str]]:
    """(national code, ICCS category) of every national code: categories below level 2 of all ages, in turn."""
    from iccs.classification import load_classification
    from schemas.declarations import load_rules

    of_one_age = load_rules()["age_against_category"].parameters
    left_out = (*of_one_age["minors"], *of_one_age["adults"])
    codes = [
        category.code
        for category in load_classification()
        if category.level >= 2 and category.code[:2] != "11" and category.code not in left_out
    ]
    return [(f"D{n:03d}", codes[n % len(codes)]) for n in range(CODES)]


def write_source(folder: Path) -> None:
    """Declare the source that the pipeline reads."""
    own = folder / "xx_bench_incidents"
    own.mkdir(parents=True, exist_ok=True)
    (own / "source.yml").write_text(
        f"""kind: incident
title: Incidents made for the benchmark
publisher: none
url: https://example.org
licence: {{name: none}}
citation: none
layouts:
  - files: ["*.csv"]
    read: {{columns: [{HEADER.replace(",", ", ")}]}}
area_scheme: code
columns: {{time_period: fecha, ref_area: municipio, national_code: delito, sex: sexo, age: edad}}
ages: {{unit: years, bands: [{", ".join(BAND_CODES)}]}}
personal: [folio, nombre]
measures:
  victims: {{stage: recorded, counting_unit: victim}}
rows: events
breakdowns:
  - {{freq: A, by: [sex, age], area_levels: [country, admin1]}}
  - {{freq: M, by: [sex], area_levels: [country, admin1]}}
rejected_share_limit: 0.2
""",
        encoding="utf-8",
    )
    words = [("sex", "Hombre", "M"), ("sex", "Mujer", "F"), ("sex", "No identificado", "_U"), ("age", "", "_U")]
    words += [("ref_area", *pair) for pair in municipality_states()]
    with (own / "values.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([("dimension", "word", "code", "note"), *[(*word, "") for word in words]])
    like = ROOT / "iccs/concordances/us_fbi_shr.csv"
    with like.open(encoding="utf-8") as handle:
        names = next(csv.reader(handle))
    common = dict.fromkeys(("threats", "aiding", "accomplice", "conspiracy", "incitement"), "unknown")
    common |= {"relation": "narrower", "basis": "definition", "status": "reviewed", "decided_by": "benchmark"}
    common |= {"decided_on": "2026-01-01", "note": "made for the benchmark"}
    with (own / "concordance.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        for code, iccs in code_categories():
            writer.writerow({**common, "national_code": code, "national_label": code, "iccs_code": iccs})
