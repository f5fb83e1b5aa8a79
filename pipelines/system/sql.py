"""SQL templates: packaged statements with ``{{name}}`` placeholders, filled strictly and in a single pass.

Values filled in are never expanded again, so a column label, sheet name, file name or word that looks like a
placeholder, such as ``{{target}}``, stays as it is. Values must still be quoted by the caller (``quote_literal``,
``quote_identifier``) or bound as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from jinja2.meta import find_undeclared_variables

# S701: the text is SQL, where escaping for HTML would corrupt names and values.
_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
# A template sees only the values it is given.
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters.clear()
_ENVIRONMENT.tests.clear()


SqlValue = str | bool | Mapping[str, str] | Sequence[Any]
"""What fills a placeholder: SQL, or for a loop or condition of a template several pieces of it."""

_RECORDINGS: list[list[tuple[str, str]]] = []


@contextmanager
def record_statements() -> Iterator[list[tuple[str, str]]]:
    """Collect the name and the text of every statement filled inside, to inspect what a run really executes.

    >>> with record_statements() as recorded:
    ...     _ = fill_text("SELECT {{columns}}", columns="area")
    >>> recorded
    [("'SELECT {{columns}}'", 'SELECT area')]
    """
    recorded: list[tuple[str, str]] = []
    _RECORDINGS.append(recorded)
    try:
        yield recorded
    finally:
        _RECORDINGS.remove(recorded)


@cache
def load_sql(name: str) -> str:
    """Return the text of a packaged statement: ``collect/read_csv`` is ``pipelines/collect/sql/read_csv.sql``."""
    folder, _, file = name.partition("/")
    return resources.files("pipelines").joinpath(folder, "sql", f"{file}.sql").read_text(encoding="utf-8")


def fill_sql(name: str, /, **values: SqlValue) -> str:
    """Return a packaged statement, named as for ``load_sql``, with its placeholders filled.

    Args:
        name: of the statement.
        values: SQL for each placeholder; a loop takes a list of SQL, a condition whether it holds.

    Raises:
        ValueError: a placeholder has no value, or a value has no placeholder.
    """
    return _fill(f"{name}.sql", load_sql(name), values)


def fill_text(text: str, /, **values: str) -> str:
    """Return a template that is not a packaged statement, with its placeholders filled.

    Args:
        text: the template; part of the program, never a text that came with data.
        values: SQL for each placeholder.

    Raises:
        ValueError: a placeholder has no value, or a value has no placeholder.

    >>> fill_text("SELECT {{columns}} FROM {{table}}", columns='"{{table}}"', table="cells")
    'SELECT "{{table}}" FROM cells'
    >>> fill_text("SELECT {{columns}}", column="area")
    Traceback (most recent call last):
        ...
    ValueError: SQL template 'SELECT {{columns}}': no value for columns; no place for column
    """
    return _fill(repr(text[:40]), text, values)


def needed_values(text: str, offered: Mapping[str, str]) -> dict[str, str]:
    """Return, of values offered to several templates, those for which this one has a placeholder.

    >>> needed_values("SELECT {{columns}} FROM cells", {"columns": "area", "totals": "'_T'"})
    {'columns': 'area'}
    """
    places = place_names(text)
    return {name: value for name, value in offered.items() if name in places}


def place_names(text: str) -> frozenset[str]:
    """Return the names of the placeholders of a template.

    >>> place_names("SELECT {{columns}} FROM cells")
    frozenset({'columns'})
    """
    return _parse(text)[1]


def _fill(shown: str, text: str, values: Mapping[str, SqlValue]) -> str:
    template, places = _parse(text)
    faults = [
        f"no {what} for {', '.join(sorted(names))}"
        for what, names in (("value", places - values.keys()), ("place", values.keys() - places))
        if names
    ]
    if faults:
        raise ValueError(f"SQL template {shown}: {'; '.join(faults)}")
    filled = template.render(values)
    for recorded in _RECORDINGS:
        recorded.append((shown, filled))
    return filled


@cache
def _parse(text: str) -> tuple[Template, frozenset[str]]:
    parsed = _ENVIRONMENT.parse(text)
    return _ENVIRONMENT.from_string(parsed), frozenset(find_undeclared_variables(parsed))
