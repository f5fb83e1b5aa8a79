"""Answers with data: the observations requested, from one package or from the differences of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

import duckdb

from pipelines.share.sdmx.structures import FLOW, ICCS, TIME, attributes, component_id, dimensions
from pipelines.share.serve import catalogue
from pipelines.share.serve.conditions import Conditions
from pipelines.share.serve.formats import DATA_CSV_1, Form
from pipelines.share.serve.messages import ATTRIBUTES, Part, Row, Shape, write_data
from pipelines.share.serve.refused import NotAnswered
from pipelines.share.serve.request import Artefacts, Ask
from pipelines.share.serve.shelf import Edition
from pipelines.system.connection import fetch_row
from pipelines.system.sql import fill_sql

_FETCHED = 5_000  # rows at a time
_MOST_IN_JSON = 100_000
_COLUMNS = (*dimensions(), "time_period", "value", *attributes())
_KEY = (*dimensions(), "time_period")
_TRUE_OR_FALSE = ("true", "false")


def answer_data(
    ask: Ask, editions: Sequence[Edition], form: Form, cursor: duckdb.DuckDBPyConnection, most: int
) -> Iterator[str]:
    """Yield a message with the data requested, in chunks.

    Args:
        ask: the request.
        editions: the package to answer from; then the one the client has (updatedAfter), or all earlier ones (history).
        form: of the message.
        cursor: for the statements.
        most: cells in one answer.

    Raises:
        NotAnswered: before the first chunk.
    """
    _check_flow(ask, editions[0])
    shape = _shape(ask, editions[0])
    counted = [_Selection(ask, editions[0].cells, shape, cursor)]
    parts: list[Part] = []
    current, *before = editions
    if "updatedAfter" in ask.parameters and before:
        counted = _changes(ask, current, before[0], shape, cursor, form)
    elif before:
        if form.kind == "csv":
            raise NotAnswered(501, "SDMX-CSV cannot express from when to when figures were valid; ask for XML or JSON.")
        counted = [_Selection(ask, one.cells, shape, cursor) for one in reversed(editions)]
    numbers = [one.count() for one in counted]
    if not sum(numbers):
        raise NotAnswered(404 if ask.version == 1 else 204, "There are no data for this request.")
    most = min(most, _MOST_IN_JSON) if form.kind == "json" else most
    if sum(numbers) > most:
        raise NotAnswered(
            413,
            (
                f"These are {sum(numbers):,} cells, but an answer may have at most {most:,} in this format; split the "
                "request."
            ),
        )
    if "updatedAfter" not in ask.parameters and before:
        moments = [one.published_at for one in reversed(editions)]
        ends = [*(moment - timedelta(seconds=1) for moment in moments[1:]), None]
        parts = [
            Part("Replace", one.rows(), start, end) for one, start, end in zip(counted, moments, ends, strict=True)
        ]
    else:
        actions: tuple[Literal["Replace", "Delete"], ...] = ("Replace", "Delete")
        parts = [Part(action, one.rows()) for action, one, n in zip(actions, counted, numbers, strict=False) if n]
    yield from write_data(parts, form, shape)


def _check_flow(ask: Ask, edition: Edition) -> None:
    flow, structure = edition.structures.dataflow, edition.structures.definition
    names = Artefacts(("*",), ask.artefacts.agencies, ask.artefacts.ids, ask.artefacts.versions)
    meant = {"dataflow": flow, "datastructure": structure, "*": flow}
    if not any(catalogue.is_meant(meant[kind], names) for kind in ask.artefacts.types):
        raise NotAnswered(404, f"There is no such dataflow here; there is {edition.agency}:{FLOW}.")


def _shape(ask: Ask, edition: Edition) -> Shape:
    """Parse the options of the answer's format, and refuse unsupported ones."""
    given = ask.parameters
    if given.get("includeHistory", "false") not in _TRUE_OR_FALSE:
        raise NotAnswered(400, "includeHistory is true or false.")
    for name in ("reportingYearStartDay", "sort"):
        if name in given:
            raise NotAnswered(
                501, f"{name} is not supported by this server; series are returned in the order of their keys."
            )
    dimension = given.get("dimensionAtObservation", TIME)
    if dimension not in (TIME, "AllDimensions"):
        known = dimension in {component_id(name) for name in dimensions()}
        why = f"dimensionAtObservation is {TIME} or AllDimensions here."
        raise NotAnswered(501 if known else 422, why)
    shown, value, keys_only = _detail(given.get("detail", "full")) if ask.version == 1 else _parts(ask)
    return Shape(
        edition.agency,
        edition.release,
        edition.published_at,
        flat=dimension == "AllDimensions" and not keys_only,
        attributes=shown,
        value=value,
        keys_only=keys_only,
    )


def _detail(text: str) -> tuple[Sequence[str], bool, bool]:
    found: dict[str, tuple[Sequence[str], bool, bool]] = {
        "full": (ATTRIBUTES, True, False),
        "dataonly": ((), True, False),
        "nodata": (ATTRIBUTES, False, True),
        "serieskeysonly": ((), False, True),
    }
    if text not in found:
        raise NotAnswered(400, f"detail={text} is not known; there are: {', '.join(found)}.")
    return found[text]


def _parts(ask: Ask) -> tuple[Sequence[str], bool, bool]:
    """Read ``attributes`` and ``measures``."""
    shown: list[str] = []
    for one in ask.parameters.get("attributes", "dsd").split(","):
        if one in ("dsd", "all", "obs"):
            shown = list(ATTRIBUTES)
        elif one in ATTRIBUTES:
            shown.append(one)
        elif one not in ("none", "msd", "dataset", "series"):
            raise NotAnswered(422, f"There is no attribute {one!r}; there are: {', '.join(ATTRIBUTES)}.")
    measures = ask.parameters.get("measures", "all")
    if measures not in ("all", "none", "OBS_VALUE"):
        raise NotAnswered(422, f"There is no measure {measures!r}; there is OBS_VALUE.")
    return shown, measures != "none", measures == "none" and not shown


def _positive(ask: Ask, name: str, least: int = 1) -> int | None:
    text = ask.parameters.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise NotAnswered(400, f"{name} must be a whole number of at least {least}.")
    return int(text)


class _Selection:
    """The cells of a request in one place: how many they are, and their rows."""

    def __init__(self, ask: Ask, cells: str, shape: Shape, cursor: duckdb.DuckDBPyConnection) -> None:
        conditions = Conditions(ask)
        self._cursor, self._values = cursor, conditions.values
        shown = [f"concat('{ICCS}', iccs)" if name == "iccs" else name for name in _COLUMNS]
        shown = shown[: len(dimensions())] if shape.keys_only else [*shown, "'0'"]  # counts are in units
        offset, limit = _positive(ask, "offset", 0), _positive(ask, "limit")
        window = f"LIMIT {limit}" if limit is not None else ""
        window += f" OFFSET {offset}" if offset else ""
        first, last = (_positive(ask, name) for name in ("firstNObservations", "lastNObservations"))
        if first and last:
            raise NotAnswered(501, "firstNObservations and lastNObservations cannot be combined here.")
        self._statement = fill_sql(
            "share/served_cells",
            series=shape.keys_only,
            columns=", ".join(shown),
            cells=cells,
            conditions=conditions.text,
            key=", ".join(dimensions()),
            first=str(first or ""),
            last=str(last or ""),
            order=", ".join(map(str, range(1, len(dimensions()) + (1 if shape.keys_only else 2)))),
            window=window.strip(),
        )

    def count(self) -> int:
        """How many rows there are."""
        (found,) = fetch_row(self._cursor, f"SELECT count(*) FROM ({self._statement})", self._values)
        return int(found)

    def rows(self) -> Iterator[Row]:
        """Give the rows."""
        self._cursor.execute(self._statement, self._values)
        while rows := self._cursor.fetchmany(_FETCHED):
            yield from rows


def _changes(
    ask: Ask, current: Edition, before: Edition, shape: Shape, cursor: duckdb.DuckDBPyConnection, form: Form
) -> list[_Selection]:
    """Return what is new, changed or gone since a package."""
    columns = ", ".join(_COLUMNS)
    new = fill_sql("share/cells_since", columns=columns, now=current.cells, before=before.cells)
    same = " AND ".join(f"was.{name} IS NOT DISTINCT FROM now.{name}" for name in _KEY)
    gone = fill_sql("share/cells_gone", columns=columns, now=current.cells, before=before.cells, same_key=same)
    found = [_Selection(ask, f"({text})", shape, cursor) for text in (new, gone)]
    if form == DATA_CSV_1 and found[1].count():
        raise NotAnswered(501, "SDMX-CSV 1.0 cannot express that cells were deleted; ask for CSV 2.0, XML or JSON.")
    return found


def codes_in_cells(ask: Ask, edition: Edition, cursor: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the codes of each dimension that the cells of a request have; of one dimension, if it names one.

    Raises:
        NotAnswered: it names an unknown one (422), or asks for changes, which is not supported (501).
    """
    if "updatedAfter" in ask.parameters:
        raise NotAnswered(501, "The codes of changed cells are not available; ask for the data.")
    conditions = Conditions(ask)
    names = {component_id(name): name for name in dimensions()}
    if ask.component not in ("*", *names):
        raise NotAnswered(422, f"There is no dimension {ask.component!r} with codes; there are: {', '.join(names)}.")
    found = {}
    for component, name in names.items():
        if ask.component in ("*", component):
            shown = f"concat('{ICCS}', iccs)" if name == "iccs" else name
            rows = cursor.execute(
                f"SELECT DISTINCT {shown} FROM {edition.cells} WHERE iccs IS NOT NULL AND {conditions.text} ORDER BY 1",
                conditions.values,
            ).fetchall()
            found[name] = [str(code) for (code,) in rows]
    return found
