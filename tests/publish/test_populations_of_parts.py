"""Sexes divided by one producer's population and the whole by another's: said where the two differ by more than 2 %."""

from __future__ import annotations

from tiny_source import Tiny

from pipelines.reader.release import query
from pipelines.run import run_all
from pipelines.session import Session
from schemas.source import list_sources

WHOLE = {"14": 1_000_000, "01": 1_000_000}
MEN = {"14": 475_000, "01": 495_000}  # twice that is 5 % and 1 % below the whole
POPULATION = """\
kind: population
priority: {priority}
layouts:
  - files: ['{file}']
    read: {{columns: [area, year, sex, n], delimiter: "\\t"}}
area_scheme: code
columns: {{ref_area: area, time_period: year, sex: sex, value: n}}
measures:
  people: {{stage: _Z, counting_unit: person}}
{rest}"""
SEXES = "dimension,word,code,note\nsex,all,_T,\nsex,man,M,\nsex,woman,F,\n"
AREAS = "ref_area,14,MX-JAL,\nref_area,01,MX-AGU,\n"


def _give(tiny: Tiny, name: str, priority: int, rows: list[tuple[str, str, int]], rest: str = "") -> None:
    about = (tiny.sources / tiny.name / "source.yml").read_text(encoding="utf-8").split("layouts:")[0]
    folder = tiny.sources / name
    folder.mkdir()
    file = f"{name}.tsv"
    folder.joinpath("source.yml").write_text(
        about + POPULATION.format(priority=priority, file=file, rest=rest), "utf-8"
    )
    folder.joinpath("values.csv").write_text(SEXES + AREAS, encoding="utf-8")
    lines = "".join(f"{area}\t2020\t{sex}\t{n}\n" for area, sex, n in rows)
    tiny.give(file, "area\tyear\tsex\tn\n" + lines)


def test_a_rate_of_men_is_marked_where_its_population_is_of_others(tiny: Tiny) -> None:
    tiny.declare(
        "layouts:\n  - files: ['counts.csv']\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "measures:\n  victims: {stage: recorded, counting_unit: victim}\nbreakdowns:\n  - {by: [sex]}\n",
        values="sex,man,M,\nsex,woman,F,\n" + AREAS,
    )
    counts = "".join(f"{area},2020,HOM,{sex},30\n" for area in WHOLE for sex in ("man", "woman"))
    tiny.give("counts.csv", "area,year,code,sex,n\n" + counts)
    _give(tiny, "xx_whole", 1, [(area, "all", n) for area, n in WHOLE.items()])
    by_sex = [(area, sex, n) for area, n in MEN.items() for sex in ("man", "woman")]
    _give(tiny, "xx_by_sex", 2, by_sex, "breakdowns:\n  - {by: [sex]}\n")

    result = run_all(
        list(list_sources(tiny.sources).values()), Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    )

    assert result.refused == ()
    found = query(
        "SELECT ref_area, sex, population, population_source, "
        "contains(coalesce(caveats, ''), 'population_of_parts_differs') FROM out.rate "
        "WHERE iccs = '0101' AND area_level = 'admin1' AND sex IN ('_T', 'M') ORDER BY ALL",
        tiny.settings,
    ).rows
    assert [tuple(row) for row in found] == [
        ("MX-AGU", "M", 495_000, "xx_by_sex", False),
        ("MX-AGU", "_T", 1_000_000, "xx_whole", False),
        ("MX-JAL", "M", 475_000, "xx_by_sex", True),
        ("MX-JAL", "_T", 1_000_000, "xx_whole", False),
    ]
