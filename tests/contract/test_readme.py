"""The README says what is there: its commands run, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipelines.cli.main import build_parser, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for folder in (".", "data", "docs", "docs/decisions")
    for path in sorted((ROOT / folder).glob("*.md"))
]
COMMANDS = [
    line.removeprefix("$ ").strip()
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", README, flags=re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "make demo" in COMMANDS
    assert "make test" in COMMANDS
    assert "\ndemo:" in makefile
    assert "\ntest:" in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith((".venv/bin/iccs", "iccs"))])
def test_every_command_parses(command: str) -> None:
    words = shlex.split(command, comments=True)
    build_parser().parse_args(words[1:])


def test_queries_of_the_readme_run(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queries = [c for c in COMMANDS if " query " in c]
    assert queries
    for command in queries:
        words = shlex.split(command, comments=True)
        assert main([*words[1:], "--data", str(published.parents[1])]) == 0, command
        assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [t for t in targets if not t.startswith("http") and not (path.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_of_a_table_has_its_cells(document: str) -> None:
    """A line between cells that stands in a text begins another cell: what is behind it is lost to the reader."""
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text(encoding="utf-8"), flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        rows = table.splitlines()
        cells = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
        assert [row for row, count in zip(rows, cells, strict=True) if count != cells[0]] == []
