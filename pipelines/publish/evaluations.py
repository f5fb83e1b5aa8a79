"""Evidence on programmes: ``evaluations.csv`` of the project becomes ``out.evaluation``.

A result is published as stated by its authors. One without an interval or a comparison is kept, and marked in
``evidence_lacks``; one that contradicts itself is refused, because no reader could tell which part is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb

from iccs.classification import load_classification
from pipelines.system.connection import insert_rows
from schemas.codelists import load_areas, load_codelist, read_csv_rows
from schemas.definition.sharing import Level
from schemas.errors import UsageError, nearest_values
from schemas.project import find_project

_NEEDED = ("programme", "ref_area", "started", "iccs", "study_design", "effect_measure", "cannot_tell", "said_by")
_TEXTS = ("compared_with", "evaluation_reference", "share_level")
_LEVELS = get_args(Level)
_NUMBERS = ("effect", "effect_low", "effect_high", "effect_confidence_percent")
_POSITIVE = ("rate_ratio", "odds_ratio")
_DESIGNS_WITHOUT_COMPARISON = ("before_after",)
_STARTED = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def load_evaluations(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.evaluation`` from the project; without a project or its file, the table stays empty.

    Raises:
        UsageError: rows that are not valid; names each with its row, column and value.
    """
    project = find_project()
    file = None if project is None else project.evaluations()
    if file is not None:
        insert_rows(connection, "out.evaluation", read_evaluations(file))


def read_evaluations(file: Path) -> list[dict[str, object]]:
    """Return the rows of ``evaluations.csv`` with the columns of ``out.evaluation``.

    Args:
        file: CSV in UTF-8. An empty cell in an optional column means "not stated".

    Raises:
        DeclarationError: the file is not such a table.
        UsageError: rows that are not valid; names each with its row, column and value.
    """
    codes: dict[str, frozenset[str]] = {
        "ref_area": frozenset(area.code for area in load_areas()),
        "iccs": frozenset(category.code for category in load_classification()),
        "study_design": frozenset(code.code for code in load_codelist("study_design")),
        "effect_measure": frozenset(code.code for code in load_codelist("effect_measure")),
    }
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    given = read_csv_rows(file, _NEEDED)
    unknown = [name for name in (given[0] if given else ()) if name not in (*_NEEDED, *_TEXTS, *_NUMBERS)]
    for name in unknown:
        near = ", ".join(nearest_values(name, (*_NEEDED, *_TEXTS, *_NUMBERS)))
        problems.append(f"header: there is no column {name!r}; nearest: {near or 'none'}")
    for number, texts in enumerate(given, start=2):
        row = {name: (texts.get(name) or "").strip() for name in (*_NEEDED, *_TEXTS, *_NUMBERS)}
        found = [*_text_problems(row, codes), *_number_problems(row)]
        problems += [f"row {number}, {problem}" for problem in found]
        if not found:
            rows.append(_published(row))
    if problems:
        raise UsageError("\n".join([f"{file} is not valid:", *(f"  {line}" for line in problems)]))
    return rows


def _text_problems(row: dict[str, str], codes: dict[str, frozenset[str]]) -> Iterable[str]:
    for name in _NEEDED:
        if not row[name]:
            yield f"{name}: is empty; fill it in"
        elif name in codes and row[name] not in codes[name]:
            near = ", ".join(nearest_values(row[name], sorted(codes[name])))
            yield f"{name}: {row[name]!r} is not a code of this list; nearest: {near or 'none'}"
    if row["share_level"] and row["share_level"] not in _LEVELS:
        yield f"share_level: {row['share_level']!r} is not one of {', '.join(_LEVELS)}"
    if row["started"] and not _is_day(row["started"]):
        yield f"started: {row['started']!r} is not a date; write 2019, 2019-04 or 2019-04-01"


def _is_day(text: str) -> bool:
    if not _STARTED.fullmatch(text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


def _number_problems(row: dict[str, str]) -> Iterable[str]:
    numbers = {name: _number(row[name]) for name in _NUMBERS}
    wrong = [name for name in _NUMBERS if row[name] and numbers[name] is None]
    for name in wrong:
        yield (
            f"{name}: {row[name]!r} is not a number; write it with a decimal point, without thousands separator or "
            "percent sign"
        )
    if wrong:
        return
    effect, low, high, level = (numbers[name] for name in _NUMBERS)
    if (low is None) != (high is None):
        yield "effect_low, effect_high: only one limit is given; give both, or neither if the study states none"
    elif low is not None and high is not None:
        if effect is None:
            yield "effect: is empty although limits are given; give the effect to which they belong"
        elif not low <= effect <= high:
            yield f"effect: {row['effect']} is not between its limits {row['effect_low']} and {row['effect_high']}"
        if level is None:
            yield "effect_confidence_percent: is empty although limits are given; give their level, such as 95"
    elif level is not None:
        yield "effect_confidence_percent: is given without limits; give both limits, or no level"
    if level is not None and not 50 <= level < 100:
        yield f"effect_confidence_percent: {row['effect_confidence_percent']} is not a level in percent, such as 95"
    yield from _impossible_effects(row, numbers)


def _impossible_effects(row: dict[str, str], numbers: dict[str, float | None]) -> Iterable[str]:
    for name in ("effect", "effect_low", "effect_high"):
        value = numbers[name]
        if value is not None and row["effect_measure"] in _POSITIVE and value < 0:
            yield (
                f"{name}: {row[name]} is negative, but a {row['effect_measure']} cannot be; did you mean "
                "percent_change?"
            )
        if name == "effect" and value is not None and row["effect_measure"] == "percent_change" and value < -100:
            yield f"{name}: {row[name]}: nothing can fall by more than 100 percent"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _published(row: dict[str, str]) -> dict[str, object]:
    numbers = {name: _number(row[name]) for name in _NUMBERS}
    lacks = {
        "effect": numbers["effect"] is None,
        "interval": numbers["effect_low"] is None,
        "comparison": not row["compared_with"] or row["study_design"] in _DESIGNS_WITHOUT_COMPARISON,
    }
    return {
        **{name: row[name] or None for name in (*_NEEDED, *_TEXTS)},
        **numbers,
        "share_level": row["share_level"] or "internal",
        "evidence_lacks": "; ".join(name for name, missing in lacks.items() if missing) or None,
    }
