"""A declaration by somebody else: refused in no time where it would take memory or time without end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
import yaml

from schemas.codelists import read_csv_rows
from schemas.declarations import DeclarationError, parse_yaml
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
    "a number of many digits": ("a: 1\nb: " + "9" * 5000, "line 2, column 4: '99999"),
    "a day that is none": ("a: 1\nb: [2024-13-41]", "line 2, column 5: '2024-13-41' is not a valid timestamp"),
    "a truth value that is none": ("a: !!bool perhaps", "line 1, column 4: 'perhaps' is not a valid bool"),
    "a time that is none": ("a: !!timestamp perhaps", "line 1, column 4: 'perhaps' is not a valid timestamp"),
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


@pytest.mark.parametrize("name", ["source.yml", "values.csv", "reshape.sql", "rates.sql", "concordance.csv", "more"])
def test_a_link_in_the_folder_of_a_source_is_refused_and_not_read(tmp_path: Path, name: str) -> None:
    """Of a file that cannot be read as what it should be, the message quotes a line."""
    secret = tmp_path / "secret"
    secret.write_text("key: [Zzsecret")
    folder = shutil.copytree(Path(str(list_sources()["wb_population"].folder)), tmp_path / "sources" / "xx_case")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(UsageError, match=f"{name} is a link") as refused:
        _ = find_sources(["xx_case"], tmp_path / "sources")[0].source
    assert "Zzsecret" not in str(refused.value)


@pytest.mark.parametrize("path", ["../secret.sql", "/etc/passwd", "sub/reshape.sql", "..", "."])
def test_a_path_out_of_the_folder_of_a_source_is_refused_and_not_read(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "sources" / "xx_case"
    (folder / "sub").mkdir(parents=True)
    for secret in (tmp_path / "sources" / "secret.sql", folder / "sub" / "reshape.sql"):
        secret.write_text("Zzsecret")
    text = Path(str(list_sources()["wb_population"].folder), "source.yml").read_text(encoding="utf-8")
    folder.joinpath("source.yml").write_text(text.replace("  - files:", f"  - reshape: {path}\n    files:", 1))
    with pytest.raises(UsageError, match="reshape") as refused:
        _ = find_sources(["xx_case"], tmp_path / "sources")[0].source
    assert "Zzsecret" not in str(refused.value)


@pytest.mark.parametrize("name", ["values.csv", "rates.sql", "more.yml"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_and_not_passed_over(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    """A pipe would be waited for, and without values.csv the words of the file would have no codes."""
    folder = shutil.copytree(Path(str(list_sources()["wb_population"].folder)), tmp_path / "sources" / "xx_case")
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(UsageError, match=f"{name} is not a readable file"):
        _ = find_sources(["xx_case"], tmp_path / "sources")[0].source


def test_a_field_without_an_end_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text("dimension,word,code,note\nsex,men,M,\nsex," + "x" * 200_000 + ",F,\n")
    with pytest.raises(DeclarationError, match=r"values.csv, row 3: it cannot be read \(field larger"):
        read_csv_rows(tmp_path / "values.csv")
