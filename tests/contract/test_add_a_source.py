"""The source that docs/add_a_source.md writes out is one: its files, as printed there, are read and published."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from iccs.suggest import LabelToCode, draft_concordance, write_concordance
from pipelines.cli.main import build_parser
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import Source, list_sources

TEXT = (Path(__file__).parents[2] / "docs" / "add_a_source.md").read_text(encoding="utf-8")
CSV, YAML, SQL, VALUES = (
    re.findall(rf"```{kind}\n(.*?)```", TEXT, flags=re.DOTALL)[number]
    for kind, number in (("csv", 0), ("yaml", 0), ("sql", 0), ("csv", 1))
)
COMMANDS = [
    line.split("#")[0].split()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.splitlines()
    if '"' not in line
]


def test_the_example_is_accepted_with_the_figures_it_prints(tmp_path: Path) -> None:
    folder = tmp_path / "sources" / "mx_example_cases"
    folder.mkdir(parents=True)
    for name, content in (("source.yml", YAML), ("reshape.sql", SQL), ("values.csv", VALUES)):
        (folder / name).write_text(content, encoding="utf-8")
    offences = ["Homicidio doloso", "Lesiones dolosas"]
    draft = draft_concordance([LabelToCode(label, label) for label in offences], "es")
    write_concordance(draft, folder / "concordance.csv")
    (tmp_path / "casos_2024.csv").write_bytes(CSV.encode("cp1252"))

    sources = tmp_path / "sources"
    result = run_all(
        list(list_sources(sources, with_drafts=True).values()),
        Session(Settings(data=tmp_path / "data"), tmp_path, source_folders=sources),
    )

    assert [refusal.message for refusal in result.refused] == []
    with duckdb.connect(str(result.published), read_only=True) as connection:
        figures = connection.execute(
            "SELECT iccs, time_period, value, obs_status FROM out.observation WHERE ref_area = 'MX-JAL' "
            "AND iccs IN ('0101', '0201') ORDER BY ALL"
        ).fetchall()
    assert figures == [
        ("0101", "2023", 1876, "A"),
        ("0101", "2024", 1721, "P"),
        ("0201", "2023", 10233, "A"),
        ("0201", "2024", None, "O"),
    ]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_parses(command: list[str]) -> None:
    assert command[0] == "iccs"
    build_parser().parse_args(command[1:])


def test_every_field_of_a_source_is_explained() -> None:
    """Those on incidents have a page of their own."""
    incidents = (Path(__file__).parents[2] / "docs" / "incidents.md").read_text(encoding="utf-8")
    unexplained = [
        name for name in Source.model_fields if name != "source_id" and name not in TEXT and name not in incidents
    ]
    assert unexplained == []
