"""Answers about structures: the artefacts requested and those they refer to, in a format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import msgspec
from pysdmx.io.format import Format
from pysdmx.io.writer import write_sdmx
from pysdmx.model import Codelist, ConceptScheme, Dataflow, DataStructureDefinition, Organisation
from pysdmx.model.constraint import DataConstraint
from pysdmx.model.message import Header

from pipelines.share.sdmx.structures import Structures, component_id
from pipelines.share.sdmx.translate import complete_json, complete_xml
from pipelines.share.serve.formats import STRUCTURE_JSON, STRUCTURE_XML_2, STRUCTURE_XML_3, Form
from pipelines.share.serve.refused import NotAnswered
from pipelines.share.serve.request import TYPES, Artefacts
from pipelines.share.serve.shelf import Edition

WRITTEN = {
    STRUCTURE_XML_2: Format.STRUCTURE_SDMX_ML_2_1,
    STRUCTURE_XML_3: Format.STRUCTURE_SDMX_ML_3_0,
    STRUCTURE_JSON: Format.STRUCTURE_SDMX_JSON_2_0_0,
}
_CLASSES: dict[Any, str] = {
    Dataflow: "dataflow",
    DataStructureDefinition: "datastructure",
    Codelist: "codelist",
    ConceptScheme: "conceptscheme",
    DataConstraint: "dataconstraint",
}
_BELOW = {
    "dataconstraint": ("dataflow",),
    "dataflow": ("datastructure",),
    "datastructure": ("codelist", "conceptscheme"),
}
"""The types to which artefacts of a type refer; this suffices as there is only one dataflow."""
_REFERENCES = ("none", "parents", "parentsandsiblings", "ancestors", "children", "descendants", "all")
_DETAILS = {
    "full": (False, False),
    "raw": (False, False),
    "allstubs": (True, True),
    "allcompletestubs": (True, True),
    "referencestubs": (False, True),
    "referencecompletestubs": (False, True),
    "referencepartial": (False, False),
}
"""Whether the artefacts requested, and those they refer to, are returned as stubs without content."""
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)?(\.[0-9]+)?\+?")


def select(structures: Structures, asked: Artefacts, references: str, detail: str) -> list[Any]:
    """Return the artefacts requested, each after those it refers to.

    Args:
        structures: of the package.
        asked: which are meant.
        references: which others come with them.
        detail: how much of each is given.

    Raises:
        NotAnswered: there are none (404), or the parameters are not valid (400).
    """
    if detail not in _DETAILS:
        raise NotAnswered(400, f"detail={detail} is not known; there are: {', '.join(_DETAILS)}.")
    wrong = [one for one in references.split(",") if one not in (*_REFERENCES, *TYPES, "contentconstraint")]
    if wrong:
        raise NotAnswered(400, f"references={wrong[0]} is not known; there are: {', '.join((*_REFERENCES, *TYPES))}.")
    everything = structures.artefacts()
    chosen = [one for one in everything if is_meant(one, asked)]
    if not chosen:
        raise NotAnswered(404, "There is no such structure here.")
    kinds = _referred({kind_of(one) for one in chosen}, references)
    stub, reference_stub = _DETAILS[detail]
    found = []
    for one in everything:
        if is_meant(one, asked):
            found.append(_stub(one) if stub else one)
        elif kind_of(one) in kinds:
            found.append(_stub(one) if reference_stub else one)
    return found


def kind_of(artefact: Any) -> str:
    """Return the type of an artefact, as named in paths."""
    return _CLASSES[type(artefact)]


def is_meant(artefact: Any, asked: Artefacts) -> bool:
    """Tell whether an artefact is one of those requested. All have one version, which is the latest and stable."""
    return (
        bool({"*", kind_of(artefact)} & set(asked.types))
        and bool({"*", str(artefact.agency)} & set(asked.agencies))
        and bool({"*", artefact.id} & set(asked.ids))
        and any(_is_version(str(artefact.version), one) for one in asked.versions)
    )


def _is_version(own: str, asked: str) -> bool:
    if asked in ("*", "+", "~", "latest", "all"):
        return True
    if _VERSION.fullmatch(asked) is None:
        raise NotAnswered(400, f"{asked!r} is not a version: write 1.0, latest, +, ~ or *.")
    numbers = [[*map(int, one.rstrip("+").split(".")), 0, 0][:3] for one in (own, asked)]
    return numbers[0] == numbers[1] or (asked.endswith("+") and numbers[0] > numbers[1])


def _referred(kinds: set[str], references: str) -> set[str]:
    """Return the types of the artefacts returned with those of some types."""
    found: set[str] = set()
    for one in references.split(","):
        one = "dataconstraint" if one == "contentconstraint" else one
        if one in TYPES:
            found |= {one} & (_down(kinds) | _up(kinds))
        if one == "children":
            found |= _step_down(kinds)
        if one in ("descendants", "all"):
            found |= _down(kinds)
        if one in ("parents", "parentsandsiblings"):
            above = _step_up(kinds)
            found |= above | (_step_down(above) if one == "parentsandsiblings" else set())
        if one == "ancestors":
            found |= _up(kinds)
        if one == "all":
            above = _step_up(kinds)
            found |= above | _down(above)
    return found


def _step_down(kinds: Iterable[str]) -> set[str]:
    return {below for kind in kinds for below in _BELOW.get(kind, ())}


def _step_up(kinds: Iterable[str]) -> set[str]:
    return {above for above, below in _BELOW.items() if set(below) & set(kinds)}


def _down(kinds: set[str]) -> set[str]:
    below = _step_down(kinds)
    return below | _down(below) if below else set()


def _up(kinds: set[str]) -> set[str]:
    above = _step_up(kinds)
    return above | _up(above) if above else set()


def _stub(artefact: Any) -> Any:
    """Return an artefact with its names only."""
    if isinstance(artefact, Codelist | ConceptScheme):
        return msgspec.structs.replace(artefact, items=(), is_partial=True)
    return artefact  # the others are small, and their references are what clients look for


def constraint_of(structures: Structures, codes: Mapping[str, Sequence[str]]) -> DataConstraint:
    """Return a content constraint with some codes by dimension."""
    from pysdmx.model.constraint import CubeKeyValue, CubeRegion, CubeValue

    whole = structures.constraint
    values = [
        CubeKeyValue(component_id(name), [CubeValue(code) for code in found]) for name, found in codes.items() if found
    ]
    return msgspec.structs.replace(
        whole, id=f"{whole.id}_ASKED", name="Codes of what was asked for", cube_regions=[CubeRegion(values)]
    )


def write_structures(edition: Edition, artefacts: Sequence[Any], form: Form) -> str:
    """Return the message with some artefacts of a package in a format."""
    structures = edition.structures
    labels = {one.id: structures.labels.get(name, []) for name, one in structures.codelists.items()}
    labels["CL_UNIT_MULT"] = structures.unit_multipliers
    header = Header(
        id=f"ICCS-{edition.release}",
        prepared=edition.published_at.replace(tzinfo=UTC),
        sender=Organisation(id=edition.agency),
        source="ICCS",
    )
    text = write_sdmx(list(artefacts), WRITTEN[form], header=header) or ""
    if form.kind == "json":
        return complete_json(text, labels)
    return complete_xml(text, labels, plain_parent=form == STRUCTURE_XML_3)
