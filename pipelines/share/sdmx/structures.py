"""The structures of a release in SDMX: concepts, code lists, data structure, dataflow and content constraint.

Lists that SDMX maintains (frequency, sex, observation and confidentiality status, multiplier) are cited with their
agency and version, and the codes in use are included so that the message can be read by itself. The ICCS, areas, ages
and the lists of this project are those of the agency that publishes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
from pysdmx.model import (
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    Dataflow,
    DataStructureDefinition,
    DataType,
    Role,
    Schema,
)
from pysdmx.model.constraint import ConstraintAttachment, CubeKeyValue, CubeRegion, CubeValue, DataConstraint

from schemas.codelists import load_codelist
from schemas.declarations import attribute_columns, load_columns
from schemas.errors import UsageError

SDMX_LISTS = {
    "freq": ("CL_FREQ", "2.1"),
    "sex": ("CL_SEX", "2.1"),
    "obs_status": ("CL_OBS_STATUS", "2.3"),
    "conf_status": ("CL_CONF_STATUS", "1.4"),
}
"""Lists of agency SDMX whose codes are those of a column, with the version cited."""

DSD, FLOW, SCHEME, VERSION = "DSD_ICCS", "DF_ICCS", "CS_ICCS", "1.0"
ICCS = "ICCS"
"""What codes of the classification begin with, as at Eurostat: in SDMX 3.0, one that has others below it may not begin
with a digit.
"""
VALUE, TIME = "OBS_VALUE", "TIME_PERIOD"
_ID = re.compile(r"[A-Za-z0-9_@$\-]+")
_NUMBERS = {"completeness"}
_UNLISTED = {"iccs", "ref_area", "age", "source", "completeness", "caveats", "iccs_made_from"}
"""Columns whose codes come from the release, or that have none."""


def dimensions() -> tuple[str, ...]:
    """Return the columns of a series key, in the order of the dimensions of the data structure."""
    return ("freq", "ref_area", "iccs", "stage", "counting_unit", "sex", "age", *attribute_columns(), "source")


def attributes() -> tuple[str, ...]:
    """Return the columns that are attributes of an observation."""
    return ("obs_status", "conf_status", "missing_reason", "completeness", "caveats", "iccs_made_from")


def component_id(column: str) -> str:
    """Return the SDMX identifier of a column.

    >>> component_id("source")
    'DATA_SOURCE'
    """
    return "DATA_SOURCE" if column == "source" else column.upper()


@dataclass(frozen=True)
class Label:
    """A code with its texts in English, French and Spanish, and the code above it."""

    code: str
    texts: tuple[str, str, str]
    parent: str | None = None


def check_agency(agency: str) -> None:
    """Refuse an identifier that SDMX does not allow for an agency that sends a message.

    Raises:
        UsageError: says what is allowed.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_\-]*", agency):
        raise UsageError(f"--agency {agency!r}: use only letters, digits, _ and -, starting with a letter")


class Structures:
    """The structures of one release.

    Args:
        connection: to the release that leaves.
        agency: identifier of the agency that publishes.

    Raises:
        UsageError: a code has signs that SDMX does not allow.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, agency: str) -> None:
        check_agency(agency)
        self._connection = connection
        self.agency = agency

    @cached_property
    def labels(self) -> dict[str, list[Label]]:
        """The codes of each coded column."""
        found = {name: self._listed(name) for name in (*dimensions(), *attributes()) if name not in _UNLISTED}
        found["iccs"] = self._queried("SELECT code, title_en, title_fr, title_es, parent FROM out.iccs ORDER BY code")
        found["ref_area"] = self._queried(
            "WITH RECURSIVE used AS (SELECT DISTINCT ref_area AS code FROM out.observation UNION "
            "SELECT parent FROM out.area JOIN used USING (code) WHERE parent IS NOT NULL) "
            "SELECT code, name_en, name_fr, name_es, parent FROM out.area JOIN used USING (code) ORDER BY code"
        )
        found["age"] = self._queried("SELECT code, label_en, label_fr, label_es, NULL FROM out.age ORDER BY code")
        found["source"] = self._queried("SELECT source, title, title, title, NULL FROM out.source ORDER BY source")
        found["iccs"] = [
            Label(f"{ICCS}{one.code}", one.texts, f"{ICCS}{one.parent}" if one.parent else None)
            for one in found["iccs"]
        ]
        for name, labels in found.items():
            if wrong := [label.code for label in labels if not _ID.fullmatch(label.code)]:
                raise UsageError(
                    f"code {wrong[0]!r} of {name} has characters that SDMX does not allow: use A-Z 0-9 _ - $ @"
                )
        return found

    def _listed(self, name: str) -> list[Label]:
        found = [Label(code.code, (code.label_en, code.label_fr, code.label_es)) for code in load_codelist(name)]
        if name in dimensions() and name != "freq" and "_T" not in {label.code for label in found}:
            found.append(Label("_T", ("Total", "Total", "Total")))
        return found

    def _queried(self, query: str) -> list[Label]:
        rows = self._connection.execute(query).fetchall()
        codes = {row[0] for row in rows}
        return [
            Label(code, (en, fr or en, es or en), parent if parent in codes else None)
            for code, en, fr, es, parent in rows
        ]

    @property
    def unit_multipliers(self) -> list[Label]:
        """The only unit multiplier, as counts are in units."""
        return [Label("0", ("Units", "Unités", "Unidades"))]

    @cached_property
    def codelists(self) -> dict[str, Codelist]:
        """The code list of each coded column."""
        found = {}
        for name, labels in self.labels.items():
            listed, version = SDMX_LISTS.get(name, (f"CL_{component_id(name)}", VERSION))
            found[name] = self._codelist(listed, "SDMX" if name in SDMX_LISTS else self.agency, version, labels)
        found["unit_mult"] = self._codelist("CL_UNIT_MULT", "SDMX", "1.1", self.unit_multipliers)
        return found

    def _codelist(self, name: str, agency: str, version: str, labels: Iterable[Label]) -> Codelist:
        base = f"urn:sdmx:org.sdmx.infomodel.codelist.Code={agency}:{name}({version})"
        items = [Code(id=label.code, name=label.texts[0], urn=f"{base}.{label.code}") for label in labels]
        return Codelist(id=name, agency=agency, version=version, name=name, items=items, is_partial=agency == "SDMX")

    @cached_property
    def concepts(self) -> ConceptScheme:
        """One concept for each component."""
        declared = load_columns()
        base = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={self.agency}:{SCHEME}({VERSION})"
        texts = {component_id(name): declared[name].comment for name in (*dimensions(), *attributes())}
        texts |= {
            TIME: declared["time_period"].comment,
            VALUE: declared["value"].comment,
            "UNIT_MULT": "Exponent in base 10 by which the value is multiplied: 0, units.",
        }
        items = [
            Concept(id=name, name=name, description=text, urn=f"{base}.{name}", dtype=DataType.STRING)
            for name, text in sorted(texts.items())
        ]
        return ConceptScheme(
            id=SCHEME, agency=self.agency, version=VERSION, name="Concepts of crime counts", items=items
        )

    @cached_property
    def definition(self) -> DataStructureDefinition:
        """The data structure: dimensions, time, the count, and attributes of each observation."""
        parts = [self._component(name, Role.DIMENSION) for name in dimensions()]
        parts.append(self._plain(TIME, Role.DIMENSION, DataType.PERIOD, required=True))
        parts.append(self._plain(VALUE, Role.MEASURE, DataType.DOUBLE, required=False))
        parts += [self._component(name, Role.ATTRIBUTE) for name in (*attributes(), "unit_mult")]
        return DataStructureDefinition(
            id=DSD,
            agency=self.agency,
            version=VERSION,
            name="Counts in the International Classification of Crime for Statistical Purposes (ICCS)",
            components=Components(parts),
        )

    def _component(self, column: str, role: Role) -> Component:
        name = component_id(column)
        required = role == Role.DIMENSION or column in ("obs_status", "conf_status")
        if column not in self.codelists:
            kind = DataType.DOUBLE if column in _NUMBERS else DataType.STRING
            return self._plain(name, role, kind, required=required)
        return Component(
            id=name,
            required=required,
            role=role,
            concept=self._concept(name),
            local_codes=self.codelists[column],
            attachment_level="O" if role == Role.ATTRIBUTE else None,
        )

    def _plain(self, name: str, role: Role, kind: DataType, *, required: bool) -> Component:
        return Component(
            id=name,
            required=required,
            role=role,
            concept=self._concept(name),
            local_dtype=kind,
            attachment_level="O" if role == Role.ATTRIBUTE else None,
        )

    def _concept(self, name: str) -> Concept:
        found: Concept = next(item for item in self.concepts.items if item.id == name)
        return found

    @cached_property
    def dataflow(self) -> Dataflow:
        """The dataflow: everything in the shared release."""
        return Dataflow(
            id=FLOW, agency=self.agency, version=VERSION, name="Crime counts by ICCS", structure=self.definition
        )

    @cached_property
    def schema(self) -> Schema:
        """The structure of data sets of the dataflow."""
        return Schema(
            context="dataflow", agency=self.agency, id=FLOW, version=VERSION, components=self.definition.components
        )

    @cached_property
    def constraint(self) -> DataConstraint:
        """Which codes of each dimension the release has."""
        values = []
        for name in dimensions():
            start = ICCS if name == "iccs" else ""
            codes = self._connection.execute(
                f"SELECT DISTINCT {name} FROM out.observation WHERE iccs IS NOT NULL ORDER BY 1"
            ).fetchall()
            values.append(CubeKeyValue(component_id(name), [CubeValue(f"{start}{code}") for (code,) in codes]))
        flow = f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow={self.agency}:{FLOW}({VERSION})"
        return DataConstraint(
            id="CR_ICCS",
            agency=self.agency,
            version=VERSION,
            name="Codes in this release",
            constraint_attachment=ConstraintAttachment(None, dataflows=[flow]),
            cube_regions=[CubeRegion(values)],
        )

    def artefacts(self) -> Sequence[Any]:
        """All artefacts, each after those it refers to."""
        lists = sorted(self.codelists.values(), key=lambda one: one.id)
        return [*lists, self.concepts, self.definition, self.dataflow, self.constraint]
