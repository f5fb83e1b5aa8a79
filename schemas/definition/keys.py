"""The keys of a source's folder: what each means and for which kinds of source it is valid (``source_keys.yml``).

``python -m schemas.definition.keys > docs/source_keys.md`` writes the page for people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pydantic import BaseModel

from schemas.declarations import parse_yaml

KINDS = ("count", "population", "incident", "survey")
FORMATS = ("csv", "excel", "parquet")
VALUES = "values.csv"


@dataclass(frozen=True)
class SourceKey:
    """One key: its meaning, the kinds of source and file formats it is valid for, and why not for the others."""

    name: str
    says: str
    kinds: tuple[str, ...] = KINDS
    formats: tuple[str, ...] = FORMATS
    because: str = ""


@cache
def load_source_keys() -> dict[str, SourceKey]:
    """Return every declared key by its path in the file.

    >>> load_source_keys()["personal"].kinds
    ('incident', 'survey')
    """
    declared = parse_yaml(resources.files("schemas").joinpath("source_keys.yml").read_text(encoding="utf-8"))
    return {
        name: SourceKey(
            name,
            entry["says"],
            tuple(entry.get("kinds", KINDS)),
            tuple(entry.get("formats", FORMATS)),
            entry.get("because", ""),
        )
        for name, entry in declared.items()
    }


def names_under(part: str) -> tuple[str, ...]:
    """Return the names declared directly under ``columns``, ``constants`` or ``values.csv``.

    >>> "age_unit" in names_under("columns"), "age_unit" in names_under("constants")
    (True, False)
    """
    return tuple(name.removeprefix(f"{part}.") for name in load_source_keys() if name.startswith(f"{part}."))


def refused_keys(declared: BaseModel, kind: str) -> list[str]:
    """Return a line for each key given that has no effect for this kind of source or format of file.

    Args:
        declared: the source as declared.
        kind: count, population, incident or survey.
    """
    keys = load_source_keys()
    lines = []
    for place, name, form in _given(declared, "", "", None):
        key = keys.get(name)
        if key is None:
            continue
        if kind not in key.kinds:
            lines.append(f"{place}: not for kind: {kind}; {key.because}")
        elif form is not None and form not in key.formats:
            lines.append(f"{place}: not for format: {form}; {key.because}")
    return lines


def refused_part(name: str, kind: str) -> str | None:
    """Return why a kind of source cannot have a file of the folder or a dimension of values.csv; None if it can.

    >>> refused_part("rates.sql", "count") is None
    True
    """
    key = load_source_keys().get(name)
    return None if key is None or kind in key.kinds else f"not for kind: {kind}; {key.because}"


def _given(model: BaseModel, place: str, name: str, form: str | None) -> Iterator[tuple[str, str, str | None]]:
    """Every key given: its path in the file (lists counted from 1), its declared name, and the format it is under."""
    form = getattr(model, "format", form)
    for field in type(model).model_fields:
        if field not in model.model_fields_set:
            continue
        value, at, key = getattr(model, field), f"{place}{field}", f"{name}{field}"
        yield at, key, form
        if isinstance(value, BaseModel):
            yield from _given(value, f"{at}.", f"{key}.", form)
        elif isinstance(value, tuple):
            for number, item in enumerate(value, start=1):
                if isinstance(item, BaseModel):
                    yield from _given(item, f"{at}.{number}.", f"{key}.", form)
        elif isinstance(value, dict):
            for entry, item in value.items():
                if isinstance(item, BaseModel):
                    yield from _given(item, f"{at}.{entry}.", f"{key}.", form)
                else:
                    yield f"{at}.{entry}", f"{key}.{entry}", form


def write_source_keys() -> str:
    """Return the page of all keys as Markdown.

    >>> write_source_keys().splitlines()[0]
    '# Keys of a source'
    """
    lines = [
        "# Keys of a source",
        "",
        "Generated from `schemas/source_keys.yml`; do not edit. How they are used: [add a source](add_a_source.md).",
        "A key that is not valid for a kind of source or a file format is refused, with the reason below.",
        "`columns`, `constants` and values.csv may also name every other dimension of `out.observation` (`weapon`,",
        "`relationship` ...), in every kind.",
        "",
        "| key | valid for | meaning | elsewhere |",
        "|---|---|---|---|",
    ]
    for key in load_source_keys().values():
        kinds = "all" if key.kinds == KINDS else ", ".join(key.kinds)
        formats = "" if key.formats == FORMATS else f"format {', '.join(key.formats)}"
        holds = formats if formats and kinds == "all" else f"{kinds}{formats}"
        lines.append(f"| `{key.name}` | {holds} | {_cell(key.says)} | {_cell(key.because)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # else it would begin another cell


if __name__ == "__main__":
    sys.stdout.write(write_source_keys())
