"""Every option that a command offers has an effect: the command reads it, or what it hands its options to."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from pipelines.cli import arguments
from pipelines.cli.main import build_parser

OPTIONS = "options"


def commands(parser: argparse.ArgumentParser, name: str = "iccs") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for word, below in group.choices.items():
            yield from commands(below, f"{name} {word}")
    if not groups:
        yield name, parser


def names_read(function: Any, seen: set[Any]) -> set[str]:
    """The options that a function reads, and the functions of its module to which it hands them."""
    if function in seen:
        return set()
    seen.add(function)
    module = importlib.import_module(function.__module__)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == OPTIONS:
            found.add(node.attr)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if not any(isinstance(one, ast.Name) and one.id == OPTIONS for one in node.args):
            continue
        if node.func.id == "getattr":  # of a name, or of each of several that the function lists
            texts = [
                one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            found |= {*texts, *constants(module)}
        for place in (module, arguments):
            if inspect.isfunction(called := getattr(place, node.func.id, None)):
                found |= names_read(called, seen)
    return found


def constants(module: ModuleType) -> set[str]:
    """The names that a module lists in a constant."""
    lists = [value for name, value in vars(module).items() if name.isupper() and isinstance(value, (tuple, dict))]
    return {name for one in lists for name in one if isinstance(name, str)}


@pytest.mark.parametrize(("name", "parser"), list(commands(build_parser())), ids=lambda one: str(one)[:40])
def test_no_option_of_a_command_is_ignored(name: str, parser: argparse.ArgumentParser) -> None:
    offered = {
        action.dest
        for action in parser._actions
        if action.dest != "help" and (action.choices is None or len(list(action.choices)) > 1)
    }
    assert offered - names_read(parser.get_default("command"), set()) == set(), name


def test_the_test_sees_an_option_that_is_ignored() -> None:
    def command(options: argparse.Namespace) -> int:
        return len(options.read)

    assert names_read(command, set()) == {"read"}
