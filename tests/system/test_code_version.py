"""The version of the code changes with what decides figures and releases, and with nothing else.

Each case edits one file of a copy of the program.
"""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.system.code_version import (
    release_code_version,
    revision_code_version,
    tally_code_version,
    vintage_code_version,
)

ROOT = Path(__file__).parents[2]
STAGES = ("system", "collect", "harmonise", "tabulate", "publish")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("program")
    for package in ("iccs", "schemas", "pipelines"):
        shutil.copytree(
            ROOT / package, program / package, ignore=shutil.ignore_patterns("__pycache__", "sources", "concordances")
        )
    return program


Edit = Callable[[str], str]
Versions = Callable[[str, Edit], tuple[bool, bool]]


@pytest.fixture
def changed(copied: Path) -> Versions:
    """Edit a file, and tell whether the versions of vintages and of releases are others than before."""

    def versions() -> tuple[str, str]:
        vintage_code_version.cache_clear()
        release_code_version.cache_clear()
        return vintage_code_version(copied), release_code_version(copied)

    def edit(name: str, change: Edit) -> tuple[bool, bool]:
        before, path = versions(), copied / name
        text = path.read_text(encoding="utf-8")
        path.write_text(change(text), encoding="utf-8")
        try:
            assert path.read_text(encoding="utf-8") != text
            after = versions()
        finally:
            path.write_text(text, encoding="utf-8")
        return before[0] != after[0], before[1] != after[1]

    return edit


def first(path: Path, pattern: str) -> str:
    return sorted(path.glob(pattern))[-1].relative_to(path.parents[1]).as_posix()


@pytest.mark.parametrize("stage", STAGES)
def test_comments_docstrings_and_layout_of_a_module_decide_nothing(copied: Path, changed: Versions, stage: str) -> None:
    name = first(copied / "pipelines" / stage, "*.py")

    def edit(text: str) -> str:
        return (
            '"""Another docstring."""\n'
            + text.split('"""', 2)[2].replace("\n\n\ndef", "\n# why\n\n\n\ndef", 1)
            + "\n# end\n"
        )

    assert changed(name, edit) == (False, False)


@pytest.mark.parametrize("stage", STAGES[1:])
def test_comments_and_layout_of_a_statement_decide_nothing(copied: Path, changed: Versions, stage: str) -> None:
    name = f"pipelines/{first(copied / 'pipelines' / stage / 'sql', '*.sql')}"

    def edit(text: str) -> str:
        return f"-- Another grain.\n{text.replace('SELECT', '/* x */ SELECT   ')}  -- end\n"

    assert changed(name, edit) == (False, False)


def test_a_statement_of_tabulate_makes_new_vintages_only(changed: Versions) -> None:
    name = "pipelines/tabulate/sql/aggregate.sql"
    assert changed(name, lambda text: text.replace("sum(value)", "max(value)", 1)) == (True, False)


def test_what_is_in_quotes_is_no_comment(changed: Versions) -> None:
    name = "pipelines/tabulate/sql/cells_of_sums.sql"
    assert changed(name, lambda text: text.replace("'incomplete'", "'incomplete -- x'", 1)) == (True, False)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pipelines/collect/decode.py", "import annotations", "import annotations\nimport hashlib"),
        ("pipelines/collect/workbook/reader.py", "import annotations", "import annotations\nimport hashlib"),
        ("pipelines/collect/workbook/hidden.py", "import annotations", "import annotations\nimport hashlib"),
        ("pipelines/harmonise/values/numbers.py", "import annotations", "import annotations\nimport hashlib"),
        ("iccs/classification.py", "import annotations", "import annotations\nimport hashlib"),
        ("schemas/codelists/obs_status.csv", "\n", "\nX9,1,x,x,x\n"),
        ("schemas/published/functions.sql", "list_sort", "list_reverse_sort"),
        ("iccs/tables/iccs.csv", "0101", "0101x"),
    ],
)
def test_code_and_lists_of_the_steps_make_new_vintages(changed: Versions, name: str, old: str, new: str) -> None:
    assert changed(name, lambda text: text.replace(old, new, 1))[0]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pipelines/publish/sql/rate.sql", "100000", "1000"),
        ("pipelines/publish/build.py", "import annotations", "import annotations\nimport hmac"),
        ("schemas/tables/rate.yml", "description: ", "description: Now "),
        ("pipelines/statistics/tables/standard_populations.csv", "\n", "\n\n"),  # standardised rates rest on it
        ("pipelines/publish/report.html", "<body", "<!-- new --><body"),  # else repair finds every report changed
    ],
)
def test_publishing_makes_a_new_release_and_no_new_vintages(changed: Versions, name: str, old: str, new: str) -> None:
    assert changed(name, lambda text: text.replace(old, new, 1)) == (False, True)


@pytest.mark.parametrize(
    "name",
    [
        "pipelines/reader/plots/trend.py",
        "pipelines/cli/main.py",
        "pipelines/flows.py",
        "pipelines/deployments.py",
        "iccs/suggest/candidates.py",
        "iccs/tables/glossary.csv",
        "iccs/tables/law_sections.csv",
        "pipelines/collect/fetch/web.py",
    ],
)
def test_pictures_commands_and_the_assistant_decide_nothing(changed: Versions, name: str) -> None:
    assert changed(name, lambda text: text + "\nX = 1\n") == (False, False)


def test_a_threshold_of_a_rule_makes_new_vintages_and_its_words_a_new_release(changed: Versions) -> None:
    name = "schemas/rules/figures.yml"
    assert changed(name, lambda text: text.replace("reason: ", "reason: Now ", 1).replace('Now "', '"Now ')) == (
        False,
        True,
    )
    assert changed(name, lambda text: text.replace("severity: error", "severity: warning", 1))[0]


def test_how_a_sheet_is_read_makes_files_read_again(copied: Path) -> None:
    """The reader of workbooks is a process of its own, started by name: no step imports it."""
    name = copied / "pipelines/collect/workbook/reader.py"
    text, before = name.read_text(encoding="utf-8"), tally_code_version(copied)
    name.write_text(text + "\nX = 1\n", encoding="utf-8")
    tally_code_version.cache_clear()
    try:
        assert tally_code_version(copied) != before
    finally:
        name.write_text(text, encoding="utf-8")
        tally_code_version.cache_clear()


@pytest.mark.parametrize(
    "name",
    ["pipelines/publish/revisions.py", "pipelines/tabulate/vintages/columns.py", "schemas/published/functions.sql"],
)
def test_how_vintages_are_compared_makes_new_revisions(copied: Path, name: str) -> None:
    """They are kept beside the vintages: marks that only an earlier program told apart would stay as revisions."""
    path = copied / name
    text, before = path.read_text(encoding="utf-8"), revision_code_version(copied)
    path.write_text(text + ("\nX = 1\n" if path.suffix == ".py" else "\nSELECT 1;\n"), encoding="utf-8")
    revision_code_version.cache_clear()
    try:
        assert revision_code_version(copied) != before
    finally:
        path.write_text(text, encoding="utf-8")
        revision_code_version.cache_clear()


def test_nothing_is_parsed_a_second_time(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a second where all is parsed, and three hundredths where the hashes are kept."""
    vintage_code_version.cache_clear()
    tally_code_version.cache_clear()
    first = vintage_code_version(copied), tally_code_version(copied)
    vintage_code_version.cache_clear()
    tally_code_version.cache_clear()
    monkeypatch.setattr(ast, "parse", lambda *_: pytest.fail("parsed again"))

    assert (vintage_code_version(copied), tally_code_version(copied)) == first


@pytest.mark.parametrize(
    ("library", "decides"),
    [
        ("duckdb", (True, True, True)),
        ("python-calamine", (True, True, False)),
        ("scipy", (False, False, True)),
        ("matplotlib", (False, False, False)),
    ],
)
def test_another_version_of_a_library_decides_what_it_reads_or_computes(
    copied: Path, monkeypatch: pytest.MonkeyPatch, library: str, decides: tuple[bool, bool, bool]
) -> None:
    kinds = (vintage_code_version, tally_code_version, release_code_version)

    def versions() -> list[str]:
        for kind in kinds:
            kind.cache_clear()
        return [kind(copied) for kind in kinds]

    before = versions()
    installed = importlib.metadata.version
    monkeypatch.setattr(
        "pipelines.system.code_version.version", lambda name: "9.9.9" if name == library else installed(name)
    )
    assert tuple(new != old for new, old in zip(versions(), before, strict=True)) == decides
