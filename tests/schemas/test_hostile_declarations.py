"""A declaration by somebody else: refused in no time where it would take memory or time without end."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
import yaml

from schemas.declarations import parse_yaml
from schemas.errors import UsageError
from schemas.source import find_sources, list_sources

_BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))

HOSTILE = {
    "aliases of aliases": (_BOMB, "with its aliases written out"),
    "a list in itself": ("a: &a [*a]", "with its aliases written out"),
    "brackets": ("a: " + "[" * 5000 + "]" * 5000, "nested more than 30 deep"),
    "braces": ("{a: " * 5000 + "1" + "}" * 5000, "nested more than 30 deep"),
    "indented": ("\n".join(" " * n + "a:" for n in range(200)), "nested more than 30 deep"),
    "long": ("a: " + "x" * 1_000_001, "more than 1,000,000 characters"),
    "a key twice": ("kind: count\nread: {}\nkind: population", "line 3, column 1: the key 'kind' occurs twice"),
    "a key twice below": ("measures:\n  a: {value: n}\n  a: {value: m}", "line 3, column 3: the key 'a' occurs twice"),
    "a Python object": ("a: !!python/object/apply:os.system ['true']", "line 1, column 4"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_definition_is_refused_with_its_name_and_place(tmp_path: Path, name: str) -> None:
    text, message = HOSTILE[name]
    (tmp_path / "xx_case").mkdir()
    (tmp_path / "xx_case" / "source.yml").write_text(text)
    began = process_time()
    with pytest.raises(UsageError, match=r"source xx_case: source.yml is not valid YAML: ") as refused:
        _ = find_sources(["xx_case"], tmp_path)[0].source
    assert message in str(refused.value)
    assert process_time() - began < 10  # a bomb takes hours


def test_no_declaration_of_the_package_is_near_the_limits() -> None:
    """They are parsed with every import; the largest has a tenth of the characters allowed."""
    for folder in list_sources().values():
        text = folder.folder.joinpath("source.yml").read_text(encoding="utf-8")
        assert len(text) < 100_000
        assert parse_yaml(text) == yaml.safe_load(text)
