"""The house: folders in the order of the data, imports one way, functions and folders that can be held in mind."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ORDER = (
    "iccs",
    "schemas",
    "pipelines.system",
    "pipelines.statistics",
    "pipelines.collect",
    "pipelines.harmonise",
    "pipelines.tabulate",
    "pipelines.publish",
    "pipelines.reader",
    "pipelines.share",
    "pipelines.project",
    "pipelines.session",
    "pipelines.source_steps",
    "pipelines.attempts",
    "pipelines.run",
    "pipelines.schedule",
    "pipelines.notices",
    "pipelines.repair",
    "pipelines.flows",
    "pipelines.deployments",
    "pipelines.cli",
)
"""Each imports only itself and those before it, at the top of a module or inside a function."""

LONGEST_FUNCTION = 60
MOST_MODULES = 16
HEAVY = {
    "prefect": {"pipelines/flows.py", "pipelines/deployments.py"},
    "great_expectations": {"pipelines/tabulate/structure_suite.py"},
}
"""Packages that take seconds to import, and the modules that may import them."""


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    paths = (path for package in ("iccs", "schemas", "pipelines") for path in sorted((ROOT / package).rglob("*.py")))
    return tuple((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test reads them"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def stage(name: str) -> int | None:
    """The place of a module in the order; None of other packages and of ``pipelines`` itself."""
    parts = name.split(".")
    for key in (parts[0], ".".join(parts[:2])):
        if key in ORDER:
            return ORDER.index(key)
    return None


def test_imports_go_one_way() -> None:
    wrong = []
    for path, tree in modules():
        own = stage(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        for name in imported(tree):
            other = stage(name)
            if own is not None and other is not None and other > own:
                wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_every_folder_has_its_place_in_the_order() -> None:
    folders = {
        f"pipelines.{path.name}" for path in (ROOT / "pipelines").iterdir() if path.joinpath("__init__.py").is_file()
    }
    assert folders <= set(ORDER)


def test_heavy_packages_are_imported_in_one_place() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules()
        for name in imported(tree)
        if name.split(".")[0] in HEAVY and path not in HEAVY[name.split(".")[0]]
    ]
    assert wrong == []


def test_functions_are_short() -> None:
    long = {
        f"{path}: {node.name}": lines
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and (lines := node.end_lineno - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def private_names(tree: ast.Module) -> Iterator[str]:
    """The names with a leading underscore that a test imports from the package, reads from its modules, or replaces."""
    known = {name.rpartition(".")[2]: name for name in imported(tree) if stage(name) is not None}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and stage(node.module) is not None:
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node).split(".")[0] in {*known, "pipelines", "schemas"}:
            names = [node.attr]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("setattr", "object"):
            names = [value for one in node.args if isinstance(value := getattr(one, "value", None), str)]
        yield from (name for name in names if re.match(r"_[^_]", name.rpartition(".")[2]))


def test_tests_use_what_is_public() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in private_names(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "test",
    [
        "from pipelines.run import _take",
        "import pipelines.run\npipelines.run._take()",
        "from pipelines import run\nrun._take()",
        "monkeypatch.setattr('pipelines.run._take', None)",
        "from pipelines import run\nmonkeypatch.setattr(run, '_take', None)",
    ],
)
def test_a_private_name_in_a_test_is_seen(test: str) -> None:
    assert {name.rpartition(".")[2] for name in private_names(ast.parse(test))} == {"_take"}


def test_folders_are_about_a_dozen_modules() -> None:
    folders = Counter(Path(path).parent.as_posix() for path, _ in modules() if not path.endswith("__init__.py"))
    assert {folder: number for folder, number in folders.items() if number > MOST_MODULES} == {}


def test_every_folder_says_what_it_is() -> None:
    silent = [path for path, tree in modules() if path.endswith("__init__.py") and not ast.get_docstring(tree)]
    assert silent == []


def test_statements_lie_beside_their_reader() -> None:
    """A statement is named by its folder; only modules of that folder name it."""
    used: dict[str, set[str]] = {}
    names = {
        f"{path.parts[-3]}/{path.stem}" for path in (ROOT / "pipelines").glob("*/sql/*.sql") if path.parts[-2] == "sql"
    }
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                used.setdefault(node.value, set()).add(path)
    strangers = {
        name: sorted(paths)
        for name, paths in used.items()
        if any(not path.startswith(f"pipelines/{name.split('/')[0]}/") for path in paths)
    }
    assert strangers == {}


def test_the_page_of_the_architecture_names_modules_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    present = [
        f"/{path.relative_to(ROOT).as_posix()}"
        for top in ("pipelines", "tests")
        for path in ROOT.glob(f"{top}/**/*.py")
    ]
    missing = {name for name in named if not any(path.endswith(f"/{name}") for path in present)}
    assert named
    assert missing == set()
