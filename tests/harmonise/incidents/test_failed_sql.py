"""SQL of a definition that fails on a file of incidents: the definition is named, and no value of a person is shown.

What is right comes from the rows and statements written here.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import list_sources

SOURCES = Path(__file__).parent / "sources"
NAME = "Zsecret Perez"


def run(tmp_path: Path, reshape: str, made: SimpleNamespace, settings: Settings) -> RunResult:
    """Run the source with a reshape of its own over rows of which one has a name in a column of numbers."""
    own = tmp_path / "sources"
    shutil.copytree(SOURCES / "xx_test_incidents", own / "xx_test_incidents")
    declaration = own / "xx_test_incidents" / "source.yml"
    text = declaration.read_text(encoding="utf-8")
    declaration.write_text(
        text.replace("layouts:\n  - ", "layouts:\n  - reshape: reshape.sql\n    ", 1), encoding="utf-8"
    )
    (own / "xx_test_incidents" / "reshape.sql").write_text(reshape, encoding="utf-8")
    rows = made.rows(50)
    rows[30][5] = NAME
    made.write(tmp_path / "in" / "a.csv", rows)
    folders = [list_sources(own)["xx_test_incidents"]]
    return run_all(folders, Session(settings, tmp_path / "in", source_folders=own))


@pytest.mark.parametrize(
    ("reshape", "said"),
    [
        pytest.param(
            "-- Grain: as raw.\nSELECT * REPLACE\n  (CAST(CAST(age AS INTEGER) AS VARCHAR) AS age)\nFROM raw",
            "reshape.sql, line 3: a value could not be computed",
            id="a cast of a name",
        ),
        pytest.param(
            "-- Grain: as raw.\nSELECT *, agee AS older\nFROM raw",
            "reshape.sql, line 2: there is no column 'agee'; nearest: age",
            id="a column that is not there",
        ),
        pytest.param(
            "-- Grain: as raw.\nSELECT * REPLACE (CASE WHEN age LIKE '% %' THEN error(age) END AS age)\nFROM raw",
            "a value could not be computed",
            id="an error with the name as its text",
        ),
    ],
)
def test_a_definition_that_fails_on_incidents_is_told_and_shows_no_person(
    tmp_path: Path, made: SimpleNamespace, settings: Settings, reshape: str, said: str
) -> None:
    (refusal,) = run(tmp_path, reshape, made, settings).refused
    assert said in refusal.message
    assert "reshape_failed" in refusal.message and "file a.csv" in refusal.message
    assert "Zsecret" not in refusal.message and "LINE" not in refusal.message
    left = [path for path in settings.data.rglob("*") if path.is_file() and b"Zsecret" in path.read_bytes()]
    assert left == []
