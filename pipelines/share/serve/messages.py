"""Data as SDMX messages, in chunks: structure-specific and generic XML, CSV 1.0 and 2.0, JSON 2.0.

pysdmx writes files in the same formats (``share sdmx``), but needs a quarter of a second before the first cell and
milliseconds for each. Tests read these messages back with pysdmx, validated, and with sdmx1.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from pipelines.share.sdmx.structures import FLOW, TIME, VALUE, VERSION, attributes, component_id, dimensions
from pipelines.share.serve.formats import DATA_CSV_1, DATA_GENERIC, DATA_XML_3, Form

Row = Sequence[str | float | None]
"""An observation: codes of the dimensions, period, value, attributes, in that order; None where there is none."""
DIMENSIONS = tuple(component_id(name) for name in dimensions())
ATTRIBUTES = (*(component_id(name) for name in attributes()), "UNIT_MULT")
_REGISTRY = "http://www.sdmx.org/resources/sdmxml/schemas"
_MESSAGES = 2_000  # observations in one piece


@dataclass(frozen=True)
class Part:
    """One data set of a message: what is done with its rows, and from when to when they were valid."""

    action: Literal["Replace", "Delete"]
    rows: Iterator[Row]
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True)
class Shape:
    """The options of a message.

    Attributes:
        agency: that publishes.
        release: what the data are of.
        prepared: when it was published (UTC).
        flat: observations one by one; else by series.
        attributes: identifiers of those that are given.
        value: whether the value is given.
        keys_only: series without observations.
    """

    agency: str
    release: str
    prepared: datetime
    flat: bool = False
    attributes: Sequence[str] = ATTRIBUTES
    value: bool = True
    keys_only: bool = False

    @property
    def urn(self) -> str:
        """The dataflow."""
        return f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow={self.agency}:{FLOW}({VERSION})"


def write_data(parts: Sequence[Part], form: Form, shape: Shape) -> Iterator[str]:
    """Yield the message with some data in a format, in chunks.

    Args:
        parts: the data sets.
        form: one of ``formats.DATA``.
        shape: how it is packed.
    """
    if form.kind == "csv":
        return _write_csv(parts, form, shape)
    if form.kind == "json":
        return _write_json(parts, shape)
    return _write_xml(parts, form, shape)


def _number(value: str | float) -> str:
    """Write a number in its shortest form: whole ones without a point."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _marks(row: Row, shape: Shape) -> list[tuple[str, str]]:
    """Value and attributes of an observation that has them."""
    start = len(DIMENSIONS) + 1
    found = [(VALUE, row[start])] if shape.value else []
    found += [(name, row[start + 1 + place]) for place, name in enumerate(ATTRIBUTES) if name in shape.attributes]
    return [(name, _number(value)) for name, value in found if value is not None]


def _plain(values: Sequence[str | float | None]) -> Sequence[str | float | None]:
    """Return values with whole numbers without a point; most have one number, the count."""
    return [int(one) if one.__class__ is float and one.is_integer() else one for one in values]


def _write_csv(parts: Sequence[Part], form: Form, shape: Shape) -> Iterator[str]:
    first = form == DATA_CSV_1
    flow = f"{shape.agency}:{FLOW}({VERSION})"
    given = [name for name in (VALUE, *ATTRIBUTES) if name in shape.attributes or (name == VALUE and shape.value)]
    names = [*DIMENSIONS, *([] if shape.keys_only else [TIME, *given])]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([*(["DATAFLOW"] if first else ["STRUCTURE", "STRUCTURE_ID", "ACTION"]), *names])
    marks = [len(DIMENSIONS) + 1 + (VALUE, *ATTRIBUTES).index(name) for name in given]
    for part in parts:
        start = [flow] if first else ["dataflow", flow, part.action[0]]
        keys = len(names) if shape.keys_only else len(DIMENSIONS) + 1
        columns = [*range(keys), *([] if shape.keys_only or part.action == "Delete" else marks)]
        blank = [""] * (len(names) - len(columns))
        chosen, end = itemgetter(*columns), [*blank]
        while rows := list(islice(part.rows, _MESSAGES)):
            table.writerows([*start, *_plain(chosen(row)), *end] for row in rows)
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _write_xml(parts: Sequence[Part], form: Form, shape: Shape) -> Iterator[str]:
    generic = form == DATA_GENERIC
    root = "GenericData" if generic else "StructureSpecificData"
    dimension = "AllDimensions" if shape.flat else TIME
    yield _head(form, shape, root, dimension)
    for part in parts:
        attributes = f'action="{part.action}"'
        start = "" if generic else "ss:"
        if part.valid_from is not None:
            attributes += f' {start}validFromDate="{part.valid_from.isoformat(timespec="seconds")}Z"'
        if part.valid_to is not None:
            attributes += f' {start}validToDate="{part.valid_to.isoformat(timespec="seconds")}Z"'
        if not generic:
            scope = "" if form == DATA_XML_3 else f' ss:dataScope="{FLOW}"'
            attributes = f'ss:structureRef="{FLOW}" xsi:type="ns1:DataSetType"{scope} {attributes}'
        else:
            attributes = f'structureRef="{FLOW}" {attributes}'
        yield f"<mes:DataSet {attributes}>\n"
        yield from _pieces(_generic(part, shape) if generic else _specific(part, shape))
        yield "</mes:DataSet>\n"
    yield f"</mes:{root}>\n"


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) >= _MESSAGES:
            yield "".join(held)
            held = []
    yield "".join(held)


def _head(form: Form, shape: Shape, root: str, dimension: str) -> str:
    place = f"{_REGISTRY}/{'v3_0' if form == DATA_XML_3 else 'v2_1'}"
    if root == "GenericData":
        spaces = f'xmlns:gen="{place}/data/generic"'
    else:
        spaces = f'xmlns:ss="{place}/data/structurespecific" xmlns:ns1="{shape.urn}:ObsLevelDim:{dimension}"'
    usage = shape.urn
    if form != DATA_XML_3:
        usage = f'<Ref agencyID="{shape.agency}" id="{FLOW}" version="{VERSION}" class="Dataflow"/>'
    own = "" if root == "GenericData" else f'namespace="{shape.urn}" '
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<mes:{root} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:mes="{place}/message" '
        f'xmlns:com="{place}/common" {spaces}>\n<mes:Header><mes:ID>ICCS-{shape.release}</mes:ID>'
        f"<mes:Test>false</mes:Test><mes:Prepared>{shape.prepared.isoformat(timespec='seconds')}Z</mes:Prepared>"
        f'<mes:Sender id="{shape.agency}"/><mes:Structure structureID="{FLOW}" {own}'
        f'dimensionAtObservation="{dimension}"><com:StructureUsage>{usage}</com:StructureUsage></mes:Structure>'
        "<mes:Source>ICCS</mes:Source></mes:Header>\n"
    )


def _by_series(part: Part) -> Iterator[tuple[Row, Iterator[Row]]]:
    return groupby(part.rows, lambda row: row[: len(DIMENSIONS)])


def _xml_attributes(pairs: Sequence[tuple[str, Any]]) -> str:
    return " ".join(f"{name}={quoteattr(str(value))}" for name, value in pairs)


def _specific(part: Part, shape: Shape) -> Iterator[str]:
    end = len(DIMENSIONS)
    is_gone = part.action == "Delete"
    if shape.flat:
        for row in part.rows:
            marks = [] if is_gone else _marks(row, shape)
            yield f"<Obs {_xml_attributes([*zip((*DIMENSIONS, TIME), row[: end + 1], strict=True), *marks])}/>\n"
        return
    for key, rows in _by_series(part):
        yield f"<Series {_xml_attributes(list(zip(DIMENSIONS, key, strict=True)))}>"
        if not shape.keys_only:
            for row in rows:
                yield f"<Obs {_xml_attributes([(TIME, row[end]), *([] if is_gone else _marks(row, shape))])}/>"
        yield "</Series>\n"


def _values(pairs: Sequence[tuple[str, Any]]) -> str:
    return "".join(f"<gen:Value id={quoteattr(name)} value={quoteattr(str(value))}/>" for name, value in pairs)


def _generic(part: Part, shape: Shape) -> Iterator[str]:
    end = len(DIMENSIONS)
    is_gone = part.action == "Delete"

    def observed(row: Row) -> str:
        marks = [] if is_gone else _marks(row, shape)
        value = "".join(f"<gen:ObsValue value={quoteattr(text)}/>" for name, text in marks if name == VALUE)
        others = [(name, text) for name, text in marks if name != VALUE]
        return value + (f"<gen:Attributes>{_values(others)}</gen:Attributes>" if others else "")

    if shape.flat:
        for row in part.rows:
            key = _values(list(zip((*DIMENSIONS, TIME), row[: end + 1], strict=True)))
            yield f"<gen:Obs><gen:ObsKey>{key}</gen:ObsKey>{observed(row)}</gen:Obs>\n"
        return
    for key_of_series, rows in _by_series(part):
        yield f"<gen:Series><gen:SeriesKey>{_values(list(zip(DIMENSIONS, key_of_series, strict=True)))}</gen:SeriesKey>"
        if not shape.keys_only:
            for row in rows:
                yield f"<gen:Obs><gen:ObsDimension value={quoteattr(str(row[end]))}/>{observed(row)}</gen:Obs>"
        yield "</gen:Series>\n"


def _write_json(parts: Sequence[Part], shape: Shape) -> Iterator[str]:
    """Write values as positions in lists, which come first, so that all rows are held in memory."""
    held = [(part, list(part.rows)) for part in parts]
    end = len(DIMENSIONS)
    coded = [*DIMENSIONS, *([] if shape.keys_only else [TIME])]
    lists = {name: _numbered(place, held) for place, name in enumerate(coded)}
    marks = [] if shape.keys_only else [name for name in ATTRIBUTES if name in shape.attributes]
    places = {name: end + 2 + ATTRIBUTES.index(name) for name in marks}
    lists |= {name: _numbered(place, held) for name, place in places.items()}
    yield json.dumps({"meta": _meta(shape)})[:-1] + ', "data": {"structures": ['
    yield json.dumps(_structure(shape, lists, marks), ensure_ascii=False) + '], "dataSets": ['
    for number, (part, rows) in enumerate(held):
        yield ("," if number else "") + json.dumps(_data_set(part, rows, shape, lists, places))
    yield "]}}\n"


def _numbered(place: int, held: Sequence[tuple[Part, list[Row]]]) -> dict[str, int]:
    """Number the values that the rows have at a place."""
    values = {row[place] for _, rows in held for row in rows}
    found = sorted(_number(value) for value in values if value is not None)
    return {code: number for number, code in enumerate(found)}


def _meta(shape: Shape) -> dict[str, Any]:
    return {
        "schema": "https://json.sdmx.org/2.0.0/sdmx-json-data-schema.json",
        "id": f"ICCS-{shape.release}",
        "prepared": f"{shape.prepared.isoformat(timespec='seconds')}Z",
        "test": False,
        "contentLanguages": ["en"],
        "sender": {"id": shape.agency},
    }


def _structure(shape: Shape, lists: dict[str, dict[str, int]], marks: Sequence[str]) -> dict[str, Any]:
    def described(name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "name": name, **more, "values": [{"id": code, "name": code} for code in lists[name]]}

    series = [described(name, keyPosition=place) for place, name in enumerate(DIMENSIONS)]
    periods = [] if shape.keys_only else [described(TIME, keyPosition=len(DIMENSIONS))]
    return {
        "links": [{"urn": shape.urn, "rel": "dataflow"}],
        "dataSets": [0],
        "dimensions": {
            "dataSet": [],
            "series": [] if shape.flat else series,
            "observation": [*series, *periods] if shape.flat else periods,
        },
        "measures": {"observation": [{"id": VALUE, "name": VALUE}] if shape.value else []},
        "attributes": {"dataSet": [], "series": [], "observation": [described(name) for name in marks]},
    }


def _data_set(
    part: Part, rows: Sequence[Row], shape: Shape, lists: dict[str, dict[str, int]], places: dict[str, int]
) -> dict[str, Any]:
    end = len(DIMENSIONS)

    def observed(row: Row) -> list[Any]:
        found: list[Any] = [row[end + 1]] if shape.value else []
        for name, place in places.items():
            value = row[place]
            found.append(None if value is None else lists[name][_number(value)])
        return [] if part.action == "Delete" else found

    data_set: dict[str, Any] = {"structure": 0, "action": part.action}
    if part.valid_from is not None:
        data_set["validFrom"] = f"{part.valid_from.isoformat(timespec='seconds')}Z"
    if part.valid_to is not None:
        data_set["validTo"] = f"{part.valid_to.isoformat(timespec='seconds')}Z"
    series: dict[str, Any] = {}
    flat: dict[str, Any] = {}
    for row in rows:
        key = ":".join(str(lists[name][str(row[place])]) for place, name in enumerate(DIMENSIONS))
        if shape.keys_only:
            series[key] = {}
        elif shape.flat:
            flat[f"{key}:{lists[TIME][str(row[end])]}"] = observed(row)
        else:
            series.setdefault(key, {"observations": {}})["observations"][str(lists[TIME][str(row[end])])] = observed(
                row
            )
    return {**data_set, **({"observations": flat} if shape.flat else {"series": series})}
