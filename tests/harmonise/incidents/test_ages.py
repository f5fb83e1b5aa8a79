"""Ages as months, days, dates of birth, or with a unit of their own; bands worked out by hand from the calendar."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.source import list_sources

SOURCES = Path(__file__).parent / "sources"
DAY = "2021-03-10"

CHILD, YOUNG, OLDER = "Y0T17", "Y18T29", "Y_GE30"
# unit -> (word of the age, word of its unit, band or the rule that rejects it)
WORDS = {
    # 18 years are 216 months, 30 are 360.
    "months": [("0", "", CHILD), ("215", "", CHILD), ("216", "", YOUNG), ("359", "", YOUNG), ("360", "", OLDER)],
    # 18 years are 6,574.5 days, 30 are 10,957.5.
    "days": [("6574", "", CHILD), ("6575", "", YOUNG), ("10957", "", YOUNG), ("10958", "", OLDER)],
    # The birthday itself counts; a child of 29 February has it on 1 March of other years.
    "birth_date": [
        ("2003-03-11", "", CHILD),
        ("2003-03-10", "", YOUNG),
        ("1991-03-11", "", YOUNG),
        ("10/03/1991", "", OLDER),
        ("2021-03-11", "", "age_impossible"),
        ("2003-02-30", "", "unknown_word"),
    ],
    # The unit stands in a column; without a unit that is known the age is none.
    "years": [
        ("17", "y", CHILD),
        ("18", "y", YOUNG),
        ("18", "m", CHILD),
        ("216", "m", YOUNG),
        ("11000", "d", OLDER),
        ("18", "fortnights", "unknown_word"),
        ("999", "y", "_U"),
    ],
}


def _declare(unit: str, root: Path) -> Path:
    """The source of the other tests, with another unit of age; its last column is the unit where that varies."""
    folder = root / "sources" / "xx_test_incidents"
    shutil.copytree(SOURCES / "xx_test_incidents", folder)
    text = (folder / "source.yml").read_text(encoding="utf-8").replace("unit: years", f"unit: {unit}")
    text = text.replace("rejected_share_limit: 0.05", "rejected_share_limit: 1")
    if unit == "years":
        text = text.replace("  age: age\n", "  age: age\n  age_unit: name\n")
        text = text.replace("personal: [folio, name]", "personal: [folio]")
        with (folder / "values.csv").open("a", encoding="utf-8") as words:
            words.write("age_unit,y,years,\nage_unit,m,months,\nage_unit,d,days,\n")
    (folder / "source.yml").write_text(text, encoding="utf-8")
    return folder.parent


@pytest.mark.parametrize("unit", WORDS)
def test_an_age_comes_into_its_band(unit: str, tmp_path: Path) -> None:
    folder = list_sources(_declare(unit, tmp_path))["xx_test_incidents"]
    given = tmp_path / "in"
    given.mkdir()
    lines = [f"F{n},{DAY},MX-JAL,H1,man,{age},{one}" for n, (age, one, _) in enumerate(WORDS[unit])]
    given.joinpath("a.csv").write_text("folio,day,place,offence,sex,age,name\n" + "\n".join(lines) + "\n", "utf-8")
    settings = Settings(data=tmp_path / "data")
    work = make_work_folder(settings) / folder.source_id
    work.mkdir()

    tallied = tally(folder, acquire(folder, settings, given), settings, work)
    with connect(settings) as connection:
        validated = account(folder, tallied, connection, settings, work)

    bands = [band for _, _, band in WORDS[unit] if band.startswith(("Y", "_"))]
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT age, sum(value) FROM read_parquet($core) GROUP BY age", {"core": str(validated.core)}
        ).fetchall()
        rejected = connection.execute(
            "SELECT _row, rule FROM read_parquet($paths) ORDER BY _row", {"paths": tallied.parts("rejected")}
        ).fetchall()
    assert dict(found) == {band: bands.count(band) for band in bands}
    assert rejected == [(n, band) for n, (_, _, band) in enumerate(WORDS[unit], start=2) if band not in bands]
