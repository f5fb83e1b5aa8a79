"""Parsing of requests: paths and parameters of SDMX REST 1.5 and 2.2 as one description.

Valid but unsupported parameters are answered with 501, invalid ones with 400, as ignoring a filter that is not
understood would return other figures than those requested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from pipelines.share.serve.refused import NotAnswered

LONGEST = 8_000
"""The most characters of a path with its parameters."""
TYPES = ("dataflow", "datastructure", "codelist", "conceptscheme", "dataconstraint")
"""Structures there are."""
_SAME_TYPE = {"contentconstraint": "dataconstraint"}
_OTHER_TYPES = re.compile(
    r"(metadata|category|agency|dataprovider|dataconsumer|organisation|provision|structureset|process|reporting|"
    r"hierarch|valuelist|geo|actualconstraint|allowedconstraint|custom|ruleset|transformation|userdefined|name"
    r"personalisation|namepersonalisation|vtl|categoris|conceptschememap|representationmap|structuremap|orgunit)\w*"
)
_OTHER_RESOURCES = ("metadata", "schema", "registration", "categorisation", "organisation")
_PARAMETERS = {
    (1, "structure"): ("detail", "references"),
    (1, "data"): (
        "startPeriod",
        "endPeriod",
        "updatedAfter",
        "firstNObservations",
        "lastNObservations",
        "dimensionAtObservation",
        "detail",
        "includeHistory",
    ),
    (1, "availability"): ("startPeriod", "endPeriod", "updatedAfter", "mode", "references"),
    (2, "structure"): ("detail", "references"),
    (2, "data"): (
        "updatedAfter",
        "firstNObservations",
        "lastNObservations",
        "dimensionAtObservation",
        "attributes",
        "measures",
        "includeHistory",
        "offset",
        "limit",
        "sort",
        "asOf",
        "reportingYearStartDay",
    ),
    (2, "availability"): ("updatedAfter", "mode", "references"),
}
_COMPONENT = re.compile(r"c\[([A-Za-z][A-Za-z0-9_\-]*)\]")
Resource = Literal["structure", "data", "availability"]


@dataclass(frozen=True)
class Artefacts:
    """Which artefacts are meant: each a list of identifiers, ``*`` for all."""

    types: tuple[str, ...] = ("*",)
    agencies: tuple[str, ...] = ("*",)
    ids: tuple[str, ...] = ("*",)
    versions: tuple[str, ...] = ("*",)


@dataclass(frozen=True)
class Ask:
    """One request.

    Attributes:
        version: of the interface: 1 or 2.
        resource: what it is for.
        artefacts: the structures, or the dataflow of the data.
        key: keys of series, each a list of codes by dimension, empty for all of them; none if all data are meant.
        component: of an availability, the dimension whose codes are asked for; ``*`` for all.
        filters: of each component, the words after ``c[...]=``.
        parameters: all others, decoded.
        form: what ``format`` says.
    """

    version: int
    resource: Resource
    artefacts: Artefacts
    key: tuple[tuple[tuple[str, ...], ...], ...]
    component: str
    filters: Mapping[str, str]
    parameters: Mapping[str, str]
    form: str | None


def parse_request(path: str, query: str) -> Ask:
    """Return the description of a request.

    Args:
        path: as it came, percent signs and all.
        query: as it came; ``+`` is a plus.

    Raises:
        NotAnswered: it is too long, or has invalid or unsupported parameters.

    >>> ask = parse_request("/v2/data/dataflow/NSO/DF_ICCS/1.0/A.MX", "c%5BSEX%5D=F")
    >>> ask.key, dict(ask.filters)
    (((('A',), ('MX',)),), {'SEX': 'F'})
    """
    if len(path) + len(query) > LONGEST:
        raise NotAnswered(414, f"The address has more than {LONGEST:,} characters; ask for fewer codes at once.")
    parts = [_decode(part) for part in path.split("/")]
    while parts and not parts[-1]:
        parts.pop()
    root, *rest = parts[1:] or [""]
    if root not in ("v1", "v2") or not rest:
        raise NotAnswered(404, "There is nothing here; addresses begin with /v1/ (SDMX REST 1.5) or /v2/ (2.2).")
    version = int(root[1])
    given, filters = _parse_query(query)
    form = given.pop("format", None)
    resource, artefacts, key, component = (_parse_first if version == 1 else _parse_second)(rest)
    allowed = _PARAMETERS[version, resource]
    if wrong := [name for name in given if name not in allowed]:
        raise NotAnswered(400, f"There is no parameter {wrong[0]!r} here; there are: {', '.join(allowed)}.")
    if filters and (version == 1 or resource == "structure"):
        raise NotAnswered(400, "c[...] filters data of SDMX REST 2 (/v2/data/...).")
    return Ask(version, resource, artefacts, key, component, filters, given, form)


def _decode(text: str) -> str:
    """Decode percent signs; a plus stays one."""
    try:
        found = unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise NotAnswered(400, "The address is not UTF-8.") from error
    if re.search(r"%(?![0-9A-Fa-f]{2})", text) or any(ord(sign) < 32 or ord(sign) == 127 for sign in found):
        raise NotAnswered(400, "The address contains an invalid percent escape or a control character.")
    return found


def _parse_query(query: str) -> tuple[dict[str, str], dict[str, str]]:
    given: dict[str, str] = {}
    filters: dict[str, str] = {}
    for part in query.split("&") if query else ():
        if not part:
            continue
        raw_name, equals, value = part.partition("=")
        name = _decode(raw_name)
        component = _COMPONENT.fullmatch(name)
        where, name = (filters, component[1]) if component else (given, name)
        if name in where:
            raise NotAnswered(400, f"{name} is given twice.")
        if not equals or not value:
            raise NotAnswered(400, f"{name!r} has no value.")
        where[name] = _decode(value)
    return given, filters


def _parse_first(rest: Sequence[str]) -> tuple[Resource, Artefacts, tuple[tuple[tuple[str, ...], ...], ...], str]:
    first, *more = rest
    if first in ("data", "availableconstraint"):
        flow, key, provider, component, *beyond = [*more, *[""] * 4]
        if not flow or any(beyond) or (component and first == "data"):
            raise NotAnswered(400, f"Write /{first}/FLOW/KEY: a dataflow, and codes of its dimensions or 'all'.")
        if provider not in ("", "all", "ALL"):
            raise NotAnswered(501, "Data are not organised by provider here; write 'all' or leave it out.")
        artefacts = _flow(flow)
        resource: Resource = "data" if first == "data" else "availability"
        return resource, artefacts, () if key in ("", "all", "ALL") else (_key(key, "+", ""),), _all(component)
    kind = _type(first)
    agency, name, version, *items = [*more, *[""] * 3]
    if any(items):
        raise NotAnswered(501, "Single codes or concepts are not available; ask for the complete list.")
    return "structure", _artefacts((kind,), agency, name, version, "+"), (), "*"


def _flow(text: str) -> Artefacts:
    """Read ``ID``, ``AGENCY,ID`` or ``AGENCY,ID,VERSION``."""
    parts = text.split(",")
    if len(parts) > 3 or not all(parts):
        raise NotAnswered(400, f"{text!r} is not a dataflow: write ID, AGENCY,ID or AGENCY,ID,VERSION.")
    agency, name, version = {1: ("*", *parts, "*"), 2: (*parts, "*"), 3: tuple(parts)}[len(parts)]
    return _artefacts(("dataflow",), agency, name, version, "+")


def _parse_second(rest: Sequence[str]) -> tuple[Resource, Artefacts, tuple[tuple[tuple[str, ...], ...], ...], str]:
    first, *more = rest
    if first == "structure":
        kind, agency, name, version, *items = [*more, *[""] * 5]
        if any(items):
            raise NotAnswered(501, "Single codes or concepts are not available; ask for the complete list.")
        kinds = tuple(_type(one) for one in (kind or "*").split(","))
        return "structure", _artefacts(kinds, agency, name, version, ","), (), "*"
    if first in ("data", "availability"):
        context, agency, name, version, key, component, *beyond = [*more, *[""] * 6]
        if any(beyond) or (component and first == "data"):
            raise NotAnswered(400, f"Write /{first}/dataflow/AGENCY/ID/VERSION/KEY.")
        kinds = tuple((context or "*").split(","))
        if "provisionagreement" in kinds:
            raise NotAnswered(501, "Data are not organised by provision agreement here; ask for the dataflow.")
        if wrong := [one for one in kinds if one not in ("dataflow", "datastructure", "*")]:
            raise NotAnswered(400, f"{wrong[0]!r} is not a context: write dataflow, datastructure or *.")
        keys = () if key in ("", "*") else tuple(_key(one, None, "*") for one in key.split(","))
        resource: Resource = "data" if first == "data" else "availability"
        return resource, _artefacts(kinds, agency, name, version, ","), keys, _all(component)
    if first in _OTHER_RESOURCES:
        raise NotAnswered(
            501, f"{first!r} is not supported by this server; there are structure, data and availability."
        )
    raise NotAnswered(400, f"{first!r} is not a resource: write structure, data or availability.")


def _type(text: str) -> str:
    found = _SAME_TYPE.get(text, text)
    if found in (*TYPES, "*"):
        return found
    if found == "structure":
        return "*"
    if found in _OTHER_RESOURCES or _OTHER_TYPES.fullmatch(found):
        raise NotAnswered(501, f"There is no {text!r} here; there are: {', '.join(TYPES)}.")
    raise NotAnswered(400, f"{text!r} is not a type of structure; there are: {', '.join(TYPES)}.")


def _artefacts(kinds: tuple[str, ...], agency: str, name: str, version: str, sign: str) -> Artefacts:
    return Artefacts(kinds, _several(agency, sign), _several(name, sign), _several(version or "+", ","))


def _several(text: str, sign: str) -> tuple[str, ...]:
    return tuple(_all(one) for one in text.split(sign)) if text else ("*",)


def _all(text: str) -> str:
    return "*" if text in ("", "all", "ALL") else text


def _key(text: str, either: str | None, any_code: str) -> tuple[tuple[str, ...], ...]:
    """Read codes by dimension, separated by points; of SDMX REST 1 several by ``+``."""
    found = []
    for part in text.split("."):
        codes = () if part == any_code else tuple(part.split(either) if either else (part,))
        if not all(codes):
            raise NotAnswered(400, f"{text!r} is not a key: a code is empty.")
        found.append(codes)
    return tuple(found)
