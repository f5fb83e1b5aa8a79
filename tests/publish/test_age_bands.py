"""Age groups of a source that overlap, in the bands of ``out.counts_by_age_band``."""

from __future__ import annotations

from tiny_source import Tiny

from pipelines.reader.release import open_published
from pipelines.run import run_all
from pipelines.session import Session
from schemas.source import find_sources

DECLARED = """\
layouts:
  - files: ['*.csv']
    read: {columns: [area, year, code, age, n]}
area_scheme: eurostat
columns: {ref_area: area, time_period: year, national_code: code, age: age, value: n}
measures:
  victims: {counting_unit: victim}
breakdowns: [{by: [age]}]
"""
WORDS = "age,total,_T,\nage,minor,Y0T17,of unknown age\nage,0-14,Y0T14,\nage,15-17,Y15T17,\nage,18+,Y_GE18,\n"
ROWS = {"2022": {"minor": 4, "0-14": 5, "15-17": 3, "18+": 20}, "2023": {"minor": 4, "0-14": 5, "18+": 20}}


def test_persons_known_only_to_be_minors_are_minors_beside_those_whose_age_is_known(tiny: Tiny) -> None:
    """The file prints totals that its bands add up to: of 32 victims of 2022, 4 + 5 + 3 are minors."""
    tiny.declare(DECLARED, WORDS)
    years = {year: {"total": sum(bands.values()), **bands} for year, bands in ROWS.items()}
    lines = [f"FR,{year},HOM,{age},{n}\n" for year, bands in years.items() for age, n in bands.items()]
    tiny.give("victims.csv", "area,year,code,age,n\n" + "".join(lines))
    folders = find_sources([], tiny.sources)
    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    assert not run_all(folders, session, named=False).refused
    with open_published(tiny.settings) as connection:

        def ask(bands: str) -> list[tuple[object, ...]]:
            return connection.execute(
                "SELECT time_period, age, value, rollup, contains(coalesce(caveats, ''), 'age_bands_overlap') "
                f"FROM out.counts_by_age_band('{bands}') WHERE iccs = '0101' ORDER BY ALL"
            ).fetchall()

        # In 2023 the file says nothing of those of 15 to 17.
        assert ask("minor_adult") == [
            ("2022", "Y0T17", 12.0, "complete", True),
            ("2022", "Y_GE18", 20.0, "complete", True),
            ("2022", "_T", 32.0, "complete", False),
            ("2023", "Y0T17", None, "incomplete", True),
            ("2023", "Y_GE18", 20.0, "complete", True),
            ("2023", "_T", 29.0, "complete", False),
        ]
        iccs = {row[1]: row[2:4] for row in ask("iccs") if row[0] == "2022"}
        assert (iccs["Y0T14"], iccs["Y15T29"]) == ((5.0, "complete"), (None, "not_filled"))
