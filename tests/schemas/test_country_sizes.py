"""The sizes of countries are those of the World Bank's file that is bundled."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from schemas.areas import country_sizes
from schemas.codelists import load_areas

_FILE = Path(__file__).parents[2] / "data" / "input" / "wb_population" / "population.csv.gz"


def test_sizes_are_those_of_the_bundled_file() -> None:
    iso3 = {code: area.code for area in load_areas() if (code := dict(area.schemes).get("iso3"))}
    found: dict[str, set[int]] = {}
    with gzip.open(_FILE, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["Country Code"] in iso3:
                found.setdefault(iso3[row["Country Code"]], set()).add(int(float(row["Value"])))
    assert {(area, min(values), max(values)) for area, values in found.items()} == set(country_sizes())
