"""The format of an answer: by the parameter ``format``, else by ``Accept``, else the default of the interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.share.serve.refused import NotAnswered


@dataclass(frozen=True)
class Form:
    """A supported format: its media type and version."""

    media: str
    version: str

    @property
    def content_type(self) -> str:
        """The content type of the answer; clients choose a reader by it.

        >>> Form("application/vnd.sdmx.data+csv", "2.0.0").content_type
        'application/vnd.sdmx.data+csv;version=2.0.0'
        """
        return f"{self.media};version={self.version}"

    @property
    def kind(self) -> str:
        """Its kind: ``xml``, ``json`` or ``csv``."""
        return self.media.rpartition("+")[2]


DATA_XML_2, DATA_GENERIC = (
    Form("application/vnd.sdmx.structurespecificdata+xml", "2.1"),
    Form("application/vnd.sdmx.genericdata+xml", "2.1"),
)
DATA_XML_3 = Form("application/vnd.sdmx.data+xml", "3.0.0")
DATA_CSV_1, DATA_CSV_2 = (Form("application/vnd.sdmx.data+csv", version) for version in ("1.0.0", "2.0.0"))
DATA_JSON = Form("application/vnd.sdmx.data+json", "2.0.0")
STRUCTURE_XML_2, STRUCTURE_XML_3 = (Form("application/vnd.sdmx.structure+xml", version) for version in ("2.1", "3.0.0"))
STRUCTURE_JSON = Form("application/vnd.sdmx.structure+json", "2.0.0")

DATA: Mapping[int, Sequence[Form]] = {
    1: (DATA_XML_2, DATA_GENERIC, DATA_CSV_1, DATA_CSV_2, DATA_XML_3, DATA_JSON),
    2: (DATA_XML_3, DATA_CSV_2, DATA_CSV_1, DATA_JSON, DATA_XML_2, DATA_GENERIC),
}
"""Formats of data by the version of the interface, the first where none is asked for."""
STRUCTURE: Mapping[int, Sequence[Form]] = {
    1: (STRUCTURE_XML_2, STRUCTURE_JSON, STRUCTURE_XML_3),
    2: (STRUCTURE_XML_3, STRUCTURE_JSON, STRUCTURE_XML_2),
}
_PLAIN = {
    "application/xml": "xml",
    "text/xml": "xml",
    "application/json": "json",
    "text/json": "json",
    "text/csv": "csv",
    "application/csv": "csv",
}
_SHORT = {"xml": "xml", "json": "json", "csv": "csv", "sdmx-csv": "csv", "sdmx-json": "json", "sdmx-ml": "xml"}
_IGNORED = {"q", "version", "charset"}
_DEFAULTS = {"labels": "id", "timeformat": "original", "keys": "none"}
"""The supported options of SDMX-CSV; any other is another format."""


def choose_form(forms: Sequence[Form], accept: str, wanted: str | None) -> Form:
    """Return the format of an answer.

    Args:
        forms: those available; the first is used if the client has no preference.
        accept: the header ``Accept``; empty where there is none.
        wanted: the parameter ``format``: a media type, or csv, json, xml.

    Raises:
        NotAnswered: 406, none of them is wanted.

    >>> choose_form(DATA[2], "application/vnd.sdmx.data+csv;version=1.0.0", None).version
    '1.0.0'
    >>> choose_form(DATA[1], "*/*", None).content_type
    'application/vnd.sdmx.structurespecificdata+xml;version=2.1'
    """
    if wanted is not None:
        accept = _SHORT.get(wanted.lower(), wanted)
        if accept in _SHORT.values():
            accept = next(media for media, kind in _PLAIN.items() if kind == accept)
    found: list[tuple[float, int, Form]] = []
    for place, one in enumerate(part for part in accept.split(",") if part.strip()):
        media, *parameters = (part.strip() for part in one.split(";"))
        given = {name.strip().lower(): value.strip() for name, _, value in (one.partition("=") for one in parameters)}
        quality = _quality(given.get("q", "1"))
        form = _match(forms, media.lower(), given)
        if form is not None and quality > 0:
            found.append((-quality, place, form))
    if not accept.strip():
        return forms[0]
    if not found:
        offered = ", ".join(form.content_type for form in forms)
        raise NotAnswered(406, f"None of the requested formats is available; there are: {offered}.")
    return min(found, key=lambda one: one[:2])[2]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _match(forms: Sequence[Form], media: str, given: Mapping[str, str]) -> Form | None:
    """Return the format that one part of ``Accept`` names; None if there is none."""
    if any(given[name].lower() != _DEFAULTS.get(name) for name in given.keys() - _IGNORED):
        return None
    version = given.get("version")
    for form in forms:
        if version is not None and _padded(version) != _padded(form.version):
            continue
        if media in (form.media, "*/*", "application/*") or _PLAIN.get(media) == form.kind:
            return form
    return None


def _padded(version: str) -> str:
    return ".".join([*version.split("."), "0", "0"][:3])
