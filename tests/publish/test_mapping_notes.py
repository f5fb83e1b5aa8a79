"""The source's own categories beside a figure are those that are counted in it, not those of another stage or unit."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.publish.published_schema import create_tables
from pipelines.reader.comparison import compare_areas
from pipelines.reader.selection import SeriesQuery
from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns

LINKS = [
    ("held", "Persons held", "held", "person", "Of any offence."),
    ("unsentenced", "Persons held: unsentenced", "held_unsentenced", "person", "Of any offence."),
    ("capacity", "Official prison capacity", "held", "place", "Places, not persons."),
]


def test_places_are_not_among_the_categories_of_persons(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.published.parent.mkdir(parents=True)
    attributes = ", ".join(f"'_T' AS {name}" for name in attribute_columns())
    with duckdb.connect(str(settings.published)) as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'one' AS release")
        connection.execute("INSERT INTO out.iccs BY NAME SELECT 'TOTAL' AS code, 'All offences' AS title_en")
        for table in ("sex", "age"):
            connection.execute(f"INSERT INTO out.{table} BY NAME SELECT '_T' AS code")
        for area in ("AR", "MX"):
            connection.execute(
                "INSERT INTO out.area BY NAME SELECT $area AS code, $area AS name_en, 'country' AS area_level",
                {"area": area},
            )
        for code, label, stage, unit, note in LINKS:
            connection.execute(
                "INSERT INTO out.mapping BY NAME SELECT 'xx_prisons' AS source, $code AS national_code, "
                "$label AS national_label, 'TOTAL' AS iccs, 'undivided' AS relation, $stage AS stage, "
                "$unit AS counting_unit, 100 AS count_linked, $note AS note, 'not_divided_by_offence' AS caveats",
                {"code": code, "label": label, "stage": stage, "unit": unit, "note": note},
            )
            for area in ("AR", "MX"):
                connection.execute(
                    f"INSERT INTO out.rate BY NAME SELECT 'xx_prisons' AS source, '{area}' AS ref_area, "
                    f"'country' AS area_level, '2024' AS time_period, 'TOTAL' AS iccs, '{stage}' AS stage, "
                    f"'{unit}' AS counting_unit, '_T' AS sex, '_T' AS age, {attributes}, 100 AS value, "
                    "100000 AS population, 100 AS rate_per_100k, 'A' AS obs_status"
                )
        notes = "SELECT stage, counting_unit, mapping_notes FROM out.figure WHERE ref_area = 'MX' ORDER BY ALL"
        assert connection.execute(notes).fetchall() == sorted(
            (stage, unit, f"{label}: {note}") for _, label, stage, unit, note in LINKS
        )
    found = compare_areas(SeriesQuery("TOTAL", stage="held", counting_unit="person"), ["AR", "MX"], settings=settings)
    assert found.definitions == dict.fromkeys(("AR", "MX"), "Persons held (undivided)")
