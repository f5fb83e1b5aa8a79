"""The README says what is there: its commands run, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipelines.cli import build_parser, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "data/README.md", "docs/add_a_source.md", "docs/methodology.md"]
)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [t for t in targets if not t.startswith("http") and not (path.parent / t).exists()]
    assert missing == []
