"""Additions to what pysdmx writes for a code: its names in further languages, and its parent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from lxml import etree

from pipelines.share.sdmx.structures import Label

_MORE = (("fr", 1), ("es", 2))


def complete_xml(text: str, labels: Mapping[str, Sequence[Label]], *, plain_parent: bool) -> str:
    """Return a structure message in XML with names in three languages and parents.

    The measure relationship that pysdmx writes for attributes is removed: there is only one measure, and sdmx1 cannot
    read it.

    Args:
        text: the message.
        labels: the codes of each code list, by its identifier.
        plain_parent: whether a parent is given by its code, as in SDMX 3.0; in 2.1 it is a reference.
    """
    root = etree.fromstring(text.encode())
    etree.strip_elements(root, "{*}MeasureRelationship", with_tail=False)
    for codelist in root.iterfind(".//{*}Codelist"):
        known = {label.code: label for label in labels.get(codelist.get("id") or "", ())}
        for code in codelist.iterfind("{*}Code"):
            label = known[code.get("id") or ""]
            name = code.find("{*}Name")
            if name is None:
                raise AssertionError(f"{codelist.get('id')}: code {label.code} has no name")
            for language, place in reversed(_MORE):
                more = etree.Element(name.tag)
                more.set("{http://www.w3.org/XML/1998/namespace}lang", language)
                more.text = label.texts[place]
                name.addnext(more)
            if label.parent:
                parent = etree.SubElement(code, f"{{{etree.QName(code).namespace}}}Parent")
                if plain_parent:
                    parent.text = label.parent
                else:
                    etree.SubElement(parent, "Ref").set("id", label.parent)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True)).decode() + "\n"


def complete_json(text: str, labels: Mapping[str, Sequence[Label]]) -> str:
    """Return a structure message in JSON with names in three languages and parents."""
    message = json.loads(text)
    for codelist in message["data"].get("codelists", []):
        known = {label.code: label for label in labels.get(codelist["id"], ())}
        for code in codelist["codes"]:
            label = known[code["id"]]
            code["names"] = dict(zip(("en", "fr", "es"), label.texts, strict=True))
            if label.parent:
                code["parent"] = label.parent
    return json.dumps(message, ensure_ascii=False, indent=1) + "\n"
