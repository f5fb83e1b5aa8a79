"""The version of the program, by what it determines: the figures of a vintage, or what a release makes of vintages.

Whatever does not affect them is left out: comments, docstrings and layout of the code, the texts of rules, and modules
that the steps do not use (pictures, commands, the coding assistant). Changing these makes no source run again and no
new release; changing one statement does. The libraries that read files and compute figures count with their versions: a
newer one may read a cell, or round a number, differently.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

PROGRAM = Path(__file__).parents[2]
"""The folder with the packages iccs, schemas and pipelines."""

_PACKAGES = ("iccs", "schemas", "pipelines")
_TALLY_STAGES = ("collect", "harmonise")
_VINTAGE_STAGES = (*_TALLY_STAGES, "tabulate")
_FETCH = "pipelines/collect/fetch/"  # brings files, which are compared by their content
_FUNCTIONS = "schemas/published/functions.sql"  # statements of every stage use them
_VINTAGE_DATA = ("schemas/rules", "schemas/codelists", "schemas/source_keys.yml", _FUNCTIONS, "iccs/tables")
_REVISIONS = (
    "pipelines/publish/revisions.py",
    "pipelines/publish/sql/changed_periods.sql",
    "pipelines/publish/sql/write_revisions.sql",
    "pipelines/tabulate/vintages/columns.py",  # as what a vintage of an earlier version is read
)
_RELEASE_DATA = ("schemas", "iccs/tables", "pipelines/statistics/tables", "pipelines/publish/report.html")
# Only for looking up or assigning codes; no step reads them.
_NO_DATA = re.compile(r"iccs/tables/(definitions_\w+|glossary|index_\w+|law_sections|search_terms)\.csv")
_LIBRARIES = ("duckdb", "python-calamine", "xlrd", "babel", "pycountry")  # the last two: names of areas
_RELEASE_LIBRARIES = ("duckdb", "numpy", "scipy", "statsmodels")
# Texts of rules: a release shows the current ones, whenever its vintages were made.
_TEXTS = frozenset({"reason", "what_to_do", "description"})
_SQL_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|('(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|[^\w\s])""", re.DOTALL)

Facts = tuple[str, tuple[str, ...]]
"""The hash of a file's content without comments and layout, and the modules that it imports."""


@cache
def vintage_code_version(program: Path = PROGRAM) -> str:
    """Return the version of what determines the figures of a vintage, apart from its files, declaration and columns.

    Args:
        program: folder with the packages iccs, schemas and pipelines.
    """
    with _Digests(program) as digests:
        modules = digests.closure(_modules(program, _VINTAGE_STAGES))
        modules.add("pipelines/source_steps.py")  # the order of the steps; its other imports do not affect figures
        names = [*modules, *_statements(program, _VINTAGE_STAGES), *_data(program, _VINTAGE_DATA)]
        return digests.version(names, _LIBRARIES)


@cache
def tally_code_version(program: Path = PROGRAM) -> str:
    """Return the version of what determines the tally of a file of incidents, and what else is found in the file."""
    with _Digests(program) as digests:
        modules = digests.closure(_modules(program, _TALLY_STAGES))
        return digests.version([*modules, *_statements(program, _TALLY_STAGES), _FUNCTIONS], _LIBRARIES)


@cache
def revision_code_version(program: Path = PROGRAM) -> str:
    """Return the version of what determines the revisions between two vintages, apart from the columns of cells."""
    with _Digests(program) as digests:
        return digests.version([*_REVISIONS, _FUNCTIONS], ())


@cache
def release_code_version(program: Path = PROGRAM) -> str:
    """Return the version of what determines a release, apart from its vintages; ``program`` as for vintages.

    Of the earlier stages it includes only the modules that publishing uses directly, as their results are vintages.
    """
    with _Digests(program, texts=True) as digests:
        before = tuple(f"pipelines/{stage}/" for stage in _VINTAGE_STAGES)
        modules = digests.closure(_modules(program, ("publish",)), ends=before)
        names = [*modules, *_statements(program, ("publish",)), *_data(program, _RELEASE_DATA)]
        return digests.version(names, _RELEASE_LIBRARIES)


def _modules(program: Path, stages: tuple[str, ...]) -> Iterator[str]:
    """Every module of the stages, imported or not: the reader of workbooks runs as a process of its own."""
    for stage in stages:
        names = (path.relative_to(program).as_posix() for path in (program / "pipelines" / stage).rglob("*.py"))
        yield from (name for name in names if not name.startswith(_FETCH))


def _statements(program: Path, stages: tuple[str, ...]) -> Iterator[str]:
    for stage in stages:
        yield from (path.relative_to(program).as_posix() for path in (program / "pipelines" / stage).rglob("*.sql"))


def _data(program: Path, places: tuple[str, ...]) -> Iterator[str]:
    for place in places:
        path = program / place
        for file in [path] if path.is_file() else path.rglob("*"):
            name = file.relative_to(program).as_posix()
            if file.suffix in _NORMALISED and file.suffix != ".py" and not _NO_DATA.fullmatch(name):
                yield name


class _Digests:
    """Hashes of the content of files, cached by their bytes: parsing them all takes most of a second.

    Args:
        program: where the files are.
        texts: include the texts of rules, and comments in the SQL of views, which are published as descriptions.
    """

    def __init__(self, program: Path, texts: bool = False) -> None:
        self._program = program
        self._texts = texts
        self._kept_in = program / "pipelines" / "__pycache__" / f"code_version{'_texts' if texts else ''}.json"
        try:
            kept = json.loads(self._kept_in.read_text(encoding="utf-8"))
            self._kept: dict[str, tuple[str, Facts]] = {
                name: (content, (digest, tuple(imports))) for name, (content, digest, imports) in kept.items()
            }
        except (OSError, ValueError):  # missing or incomplete: written again
            self._kept = {}
        self._used: dict[str, Facts] = {}
        self._is_new = False
        self._files: dict[str, str | None] = {}

    def __enter__(self) -> _Digests:
        return self

    def __exit__(self, *_: object) -> None:
        """Cache the result; where the program's folder is not writable, it is computed each time."""
        if not self._is_new:
            return
        half = self._kept_in.with_suffix(f".{os.getpid()}")
        try:
            self._kept_in.parent.mkdir(exist_ok=True)
            kept = {name: (content, *facts) for name, (content, facts) in self._kept.items()}
            half.write_text(json.dumps(kept), encoding="utf-8")
            os.replace(half, self._kept_in)
        except OSError:
            return

    def facts(self, name: str) -> Facts:
        """Return the hash of a file's content, and the modules it imports."""
        if name not in self._used:
            text = self._program.joinpath(name).read_bytes()
            content = hashlib.sha256(text).hexdigest()
            before, facts = self._kept.get(name, ("", None))
            if facts is None or before != content:
                facts = self._read(name, text.decode("utf-8"))
                self._kept[name] = (content, facts)
                self._is_new = True
            self._used[name] = facts
        return self._used[name]

    def _read(self, name: str, text: str) -> Facts:
        suffix = Path(name).suffix
        if self._texts and (suffix == ".yml" or name.startswith("schemas/published/")):
            return hashlib.sha256(text.encode()).hexdigest(), ()
        normalised, imports = _NORMALISED[suffix](text)
        return hashlib.sha256(normalised.encode()).hexdigest(), imports

    def closure(self, names: Iterator[str], ends: tuple[str, ...] = ()) -> set[str]:
        """Return these modules and all that they import, directly or indirectly, but nothing through ``ends``."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            if not name.startswith(ends or "/"):
                waiting += [file for module in self.facts(name)[1] if (file := self._file(module)) is not None]
        return found

    def _file(self, module: str) -> str | None:
        """The file of a module, or of the module that defines this name; None for other packages."""
        if module not in self._files:
            self._files[module] = None
            parts = module.split(".")
            if parts[0] in _PACKAGES:
                names = ("/".join(parts) + ".py", "/".join(parts[:-1]) + ".py", "/".join((*parts, "__init__.py")))
                self._files[module] = next((name for name in names if self._program.joinpath(name).is_file()), None)
        return self._files[module]

    def version(self, names: list[str], libraries: tuple[str, ...]) -> str:
        """Return one hash of all these files, and of the versions of these libraries."""
        digest = hashlib.sha256()
        for library in libraries:
            digest.update(f"{library} {version(library)}\n".encode())
        for name in sorted(set(names)):
            digest.update(f"{name} {self.facts(name)[0]}\n".encode())
        return digest.hexdigest()


def _python(text: str) -> Facts:
    tree = ast.parse(text)
    imports: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [one for one in node.body if not _is_text(one)]
    return ast.dump(tree), tuple(dict.fromkeys(imports))


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or a string below a constant that explains it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _sql(text: str) -> Facts:
    return " ".join(filter(None, _SQL_TOKEN.findall(text))), ()


def _yaml(text: str) -> Facts:
    return json.dumps(_without_texts(yaml.safe_load(text)), default=str), ()


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_texts(item) for key, item in value.items() if key not in _TEXTS}
    return [_without_texts(item) for item in value] if isinstance(value, list) else value


_NORMALISED: dict[str, Callable[[str], Facts]] = {
    ".py": _python,
    ".sql": _sql,
    ".yml": _yaml,
    ".csv": lambda text: (text, ()),
    ".geojson": lambda text: (text, ()),
    ".html": lambda text: (text, ()),
}
