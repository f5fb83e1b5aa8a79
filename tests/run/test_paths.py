"""No double counting: along every path (sex, age, area, category, month) parts make up their total, or it has none."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_source import Tiny

from pipelines.reader.release import open_published
from pipelines.run import run_all
from pipelines.session import Session
from schemas.declarations import attribute_columns, load_tables
from schemas.source import find_sources

KEY = [column.name for column in load_tables()["observation"].columns if column.role == "dimension"]
SERIES = ", ".join(name for name in KEY if name != "vintage")
AREAS = ("UKC-L", "UKM", "UKN")  # the three parts of the United Kingdom
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
CODES = {
    "HOM": "0101",
    "ATT": "0102",
    "ROB": "0401",
    "BUR": "05012",
    "PRO": "0501",
}  # some at the category above others
SEXES = {"men": "M", "women": "F", "not known": "_U"}
AGES = {"0-14": "Y0T14", "15-17": "Y15T17", "18-29": "Y18T29", "30-59": "Y30T59", "60+": "Y_GE60", "?": "_U"}
LINKS = [
    {"national_code": code, "national_label": code, "iccs_code": iccs, "relation": "exact"}
    for code, iccs in CODES.items()
]
WORDS = (
    "value,:,O,\n"
    + "".join(f"sex,{word},{code},\n" for word, code in SEXES.items())
    + "".join(f"age,{word},{code},\n" for word, code in AGES.items())
)
DECLARED = """\
layouts:
  - files: [cube.csv]
    read: {columns: [area, month, code, sex, age, n]}
area_scheme: eurostat
columns: {ref_area: area, time_period: month, national_code: code, sex: sex, age: age, value: n}
measures:
  victims: {counting_unit: victim}
breakdowns:
  - {freq: A, by: [sex, age]}
  - {freq: M, by: [sex]}
"""


def _publish(tiny: Tiny, seed: int, missing: float) -> int:
    """Publish a cube of random counts, of which some are missing; returns the sum of all that are there."""
    tiny.declare(DECLARED, WORDS, LINKS)
    chance = random.Random(seed)
    lines, total = ["area,month,code,sex,age,n"], 0
    for cell in product(AREAS, MONTHS, CODES, SEXES, AGES):
        count = None if chance.random() < missing else chance.choice([0, 1, chance.randrange(1000)])
        total += count or 0
        lines.append(",".join((*cell, ":" if count is None else str(count))))
    tiny.give("cube.csv", "\n".join(lines) + "\n")
    folders = find_sources([], tiny.sources)
    result = run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources), named=False)
    assert result.refused == ()
    return total


# Each path gives rows of (total, sum of its parts, whether every part is there with a value).
PATHS = {
    **{
        dimension: f"""
            SELECT max(value) FILTER ({dimension} = '_T'), sum(value) FILTER ({dimension} <> '_T'),
                bool_and(value IS NOT NULL) FILTER ({dimension} <> '_T')
            FROM out.observation GROUP BY {", ".join(name for name in KEY if name != dimension)}
            HAVING bool_or({dimension} <> '_T')
        """
        for dimension in ("sex", "age", *attribute_columns())
    },
    "area": f"""
        WITH part AS (
            SELECT cell.* REPLACE (parent AS ref_area), ref_area AS part FROM out.observation AS cell
            JOIN out.area ON code = ref_area WHERE parent IS NOT NULL
        ),
        parts AS (
            SELECT {SERIES}, sum(value) AS value,
                count(DISTINCT part) FILTER (area_level <> 'not_stated' AND value IS NOT NULL) AS there,
                bool_and(value IS NOT NULL) AS valued
            FROM part GROUP BY ALL
        )
        -- What has no stated place (<area>-_U) need not be there; where it is, it is a part.
        SELECT total.value, parts.value, valued
            AND there = (SELECT count(*) FROM out.area WHERE parent = parts.ref_area AND area_level <> 'not_stated')
        FROM parts JOIN out.observation AS total USING ({SERIES})
    """,
    "category": f"""
        WITH part AS (
            SELECT cell.* REPLACE (parent AS iccs) FROM out.observation AS cell
            JOIN out.iccs ON code = iccs WHERE parent IS NOT NULL
        ),
        parts AS (SELECT {SERIES}, sum(value) AS value, bool_and(value IS NOT NULL) AS there FROM part GROUP BY ALL)
        SELECT total.value, parts.value, there AND NOT list_contains(string_split(total.iccs_made_from, ';'), '=')
        FROM parts JOIN out.observation AS total USING ({SERIES})
    """,
    "month": f"""
        WITH part AS (
            SELECT * REPLACE ('A' AS freq, left(time_period, 4) AS time_period) FROM out.observation WHERE freq = 'M'
        ),
        parts AS (SELECT {SERIES}, sum(value) AS value, count(value) AS there FROM part GROUP BY ALL)
        SELECT total.value, parts.value, there = 12 FROM parts JOIN out.observation AS total USING ({SERIES})
    """,
    "minor_adult": f"""
        WITH part AS (SELECT * REPLACE ('_T' AS age) FROM out.counts_by_age_band('minor_adult') WHERE age <> '_T'),
        parts AS (SELECT {SERIES}, sum(value) AS value, bool_and(value IS NOT NULL) AS there FROM part GROUP BY ALL)
        SELECT total.value, parts.value, there FROM parts JOIN out.observation AS total USING ({SERIES})
    """,
    **{
        f"level {level}": f"""
            WITH part AS (SELECT *, iccs AS below FROM out.counts_at_level({level})),
            under AS (SELECT * REPLACE (left(iccs, 2) AS iccs) FROM part),
            -- A total is that of the children it names: Estonia gives burglary (05012) but not 0501 above it, so its 05
            -- is made from 0502 alone.
            parts AS (
                SELECT {SERIES}, sum(under.value) AS value, bool_and(under.value IS NOT NULL) AS there,
                    any_value(total.value) AS whole
                FROM under JOIN out.observation AS total USING ({SERIES})
                WHERE total.value IS NULL OR total.iccs_made_from IS NULL OR length(below) = 2
                    OR list_has_any(string_split(total.iccs_made_from, ';'), ['=', left(below, 4)])
                GROUP BY ALL HAVING NOT bool_or(rollup = 'children_exceed')
            )
            SELECT whole, value, there FROM parts
        """
        for level in (1, 2, 3, 4)
    },
    **{
        f"period {freq}": f"""
            WITH part AS (
                SELECT *, 'A' AS freq FROM (
                    SELECT * REPLACE (left(time_period, 4) AS time_period) FROM out.counts_by_period('{freq}')
                )
            ),
            parts AS (SELECT {SERIES}, sum(value) AS value, bool_and(value IS NOT NULL) AS there FROM part GROUP BY ALL)
            SELECT total.value, parts.value, there FROM parts JOIN out.observation AS total USING ({SERIES})
        """
        for freq in ("Q", "A")
    },
    "areas": f"""
        WITH parts AS (
            SELECT *, 'GB' AS ref_area FROM out.counts_of_areas(['GB-EAW', 'GB-SCT', 'GB-NIR'])
        )
        SELECT total.value, parts.value, rollup = 'complete'
        FROM parts JOIN out.observation AS total USING ({SERIES})
    """,
}


def _compare(out: duckdb.DuckDBPyConnection, path: str) -> int:
    """Check one path; returns how many totals could be compared with all their parts."""
    rows = out.execute(PATHS[path]).fetchall()
    assert [row for row in rows if row[2] and row[0] != row[1]] == [], f"{path}: whole parts that are not their total"
    assert [row for row in rows if None not in row[:2] and row[1] > row[0]] == [], f"{path}: parts above their total"
    return sum(bool(row[2]) for row in rows)


@settings(deadline=None, max_examples=3, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 10**9), st.sampled_from([0.0005, 0.003, 0.02]))
def test_parts_make_up_their_total_on_every_path(new_tiny: Callable[[], Tiny], seed: int, missing: float) -> None:
    tiny = new_tiny()
    _publish(tiny, seed, missing)

    with open_published(tiny.settings) as out:
        compared = {path: _compare(out, path) for path in PATHS}
        doubled = out.execute(f"SELECT {SERIES} FROM out.observation GROUP BY ALL HAVING count(*) > 1").fetchall()

    assert doubled == []
    without = {path for path, number in compared.items() if number == 0}
    assert without <= set(attribute_columns()), "this source has no attribute; every other path was compared"


def test_everything_read_is_there_once_at_each_level(tiny: Tiny) -> None:
    """Against the sum of the file's own rows."""
    total = _publish(tiny, 7, 0)

    with open_published(tiny.settings) as out:
        for level in (1, 2, 3, 4):
            for freq in ("A", "M"):
                found = out.execute(
                    "SELECT sum(value) FROM out.counts_at_level($level) "
                    "WHERE freq = $freq AND ref_area = 'GB' AND sex = '_T' AND age = '_T'",
                    {"level": level, "freq": freq},
                ).fetchall()
                assert found == [(total,)], (level, freq)
        where = "ref_area = 'GB' AND sex = '_T'"
        bands = out.execute(
            f"SELECT sum(value) FROM out.counts_by_age_band('minor_adult') WHERE age <> '_T' AND {where} "
            "AND length(iccs) = 2"
        ).fetchall()
        assert bands == [(total,)]
        marks = out.execute(
            f"SELECT age, any_value(rollup), count(DISTINCT rollup) FROM out.counts_by_age_band('iccs') WHERE {where} "
            "GROUP BY age ORDER BY age"
        ).fetchall()
    # 15-17 and 18-29 fill 15-29; 30-59 crosses 45, so neither of the bands beside it can be made.
    assert marks == [
        ("Y0T14", "complete", 1),
        ("Y15T29", "complete", 1),
        ("Y30T44", "not_filled", 1),
        ("Y45T59", "not_filled", 1),
        ("Y_GE60", "complete", 1),
        ("_T", "complete", 1),
        ("_U", "complete", 1),
    ]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("counts_of_areas(['GB', 'GB-SCT'])", "one of the areas lies in another"),
        ("counts_at_level(5)", "level is 1, 2, 3 or 4"),
        ("counts_by_age_band('decades')", "bands is 'iccs' or 'minor_adult'"),
        ("counts_by_period('M')", "freq is 'A' or 'Q'"),
    ],
)
def test_questions_without_a_sound_answer_are_refused(published: Any, question: str, told: str) -> None:
    with (
        duckdb.connect(str(published), read_only=True) as out,
        pytest.raises(duckdb.Error, match=told.replace("'", ".")),
    ):
        out.execute(f"FROM out.{question}").fetchall()


# Along the tree Eurostat's own figures do not add up everywhere (44 cells, marked children_exceed by counts_at_level).
@pytest.mark.parametrize("path", [path for path in PATHS if path != "category"])
def test_parts_of_the_bundled_release_make_up_their_total(published: Any, path: str) -> None:
    with duckdb.connect(str(published), read_only=True) as out:
        compared = _compare(out, path)
    assert compared > 0 or path in attribute_columns()
