"""Requests that no client would write, from the OpenAPI file of SDMX REST; by hand, with schemathesis installed:

``iccs share serve DIR --agency NSO --most-requests 0 &`` and then ``python tests/benchmarks/rest_faults.py``.

``DESCRIPTION`` is the file of the SDMX technical working group (version 2.1.0 of the interface), with the parameters
that it declares, and with known identifiers beside its patterns so that many requests reach data. Their own file, as
JSON, is asked by with ``--description``. A fault is an answer of 500, 502 or 503, a status that the file does not have
for the path, or a content type that it does not have.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ITEMS = [
    "conceptscheme",
    "codelist",
    "categoryscheme",
    "agencyscheme",
    "dataproviderscheme",
    "valuelist",
    "rulesetscheme",
    "*",
]
TYPES = [
    *[
        "datastructure",
        "metadatastructure",
        "dataflow",
        "metadataflow",
        "provisionagreement",
        "process",
        "categorisation",
    ],
    *[
        "dataconstraint",
        "metadataconstraint",
        "conceptscheme",
        "codelist",
        "categoryscheme",
        "hierarchy",
        "agencyscheme",
    ],
    *["valuelist", "structuremap", "representationmap", "reportingtaxonomy", "*"],
]
DETAILS = [
    "full",
    "allstubs",
    "referencestubs",
    "allcompletestubs",
    "referencecompletestubs",
    "referencepartial",
    "raw",
]
REFERENCES = [
    "none",
    "parents",
    "parentsandsiblings",
    "ancestors",
    "children",
    "descendants",
    "all",
    "codelist",
    "dataflow",
    "valuelist",
]
STATUS = (400, 401, 403, 404, 406, 413, 414, 422, 501)
DATA = [
    f"application/vnd.sdmx.data+{form}" for form in ("json;version=2.0.0", "csv;version=2.0.0", "xml;version=3.0.0")
]
DATA += ["application/vnd.sdmx.data+csv;version=1.0.0", "application/vnd.sdmx.data+json;version=1.0.0"]
STRUCTURE = ["application/vnd.sdmx.structure+xml;version=3.0.0", "application/vnd.sdmx.structure+json;version=2.0.0"]


def one_of(known: list[str], pattern: str) -> dict[str, Any]:
    """A text that is one of those known here, or of the pattern."""
    return {"anyOf": [{"type": "string", "enum": known}, {"type": "string", "pattern": pattern}]}


def several(one: dict[str, Any]) -> dict[str, Any]:
    """One to three of them, with commas."""
    return {"type": "array", "items": one, "minItems": 1, "maxItems": 3}


def part(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A part of the path."""
    return {"in": "path", "name": name, "required": True, "schema": schema}


def word(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A parameter of the query."""
    return {"in": "query", "name": name, "schema": schema, **more}


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
MOMENT = {"type": "string", "format": "date-time"}
AGENCY = part(
    "agencyID", several(one_of(["NSO", "SDMX", "*"], r"^(\*|[A-Za-z][A-Za-z\d_-]*(\.[A-Za-z][A-Za-z\d_-]*)*)$"))
)
RESOURCE = part("resourceID", several(one_of(["DF_ICCS", "DSD_ICCS", "CL_ICCS", "*"], r"^(\*|[A-Za-z\d_@$-]+)$")))
VERSION = part("version", several(one_of(["1.0", "+", "~", "*"], r"^(\*|\+|~|[1-9]\d?(\.\d{1,2}){0,2}\+?)$")))
KEY = part("key", several(one_of(["*", "A", "A.MX", "M.*.ICCS0101"], r"^(\*|\S{1,30})$")))
CONTEXT = part("context", {"type": "string", "enum": ["datastructure", "dataflow", "provisionagreement", "*"]})
PROVIDER = part("providerID", several(one_of(["NSO", "*"], r"^(\*|[A-Za-z][A-Za-z\d_-]*)$")))
FILTER = word("c", {"type": "object", "properties": {name: TEXT for name in ("SEX", "TIME_PERIOD", "REF_AREA", "X")}},
              style="deepObject", explode=True)  # fmt: skip
LISTED = {"style": "form", "explode": False}
DETAIL = word("detail", {"type": "string", "enum": DETAILS})
REFERENCED = word("references", several({"type": "string", "enum": REFERENCES}), **LISTED)
ITEM = part("itemID", several(TEXT | {"minLength": 1}))
DATA_WORDS = [
    FILTER,
    word("updatedAfter", MOMENT),
    word("firstNObservations", COUNT),
    word("lastNObservations", COUNT),
    word("dimensionAtObservation", one_of(["TIME_PERIOD", "AllDimensions", "SEX"], r"^[A-Za-z][A-Za-z\d_-]*$")),
    word("attributes", several(TEXT), **LISTED),
    word("measures", several(TEXT), **LISTED),
    word("includeHistory", {"type": "boolean"}),
    word("offset", {"type": "integer", "minimum": 0}),
    word("limit", COUNT),
    word("sort", {"type": "string", "pattern": r"^[A-Z]{1,9}(:(asc|desc))?$"}),
]
PATHS: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "/data/{context}/{agencyID}/{resourceID}/{version}/{key}": (
        DATA, [CONTEXT, AGENCY, RESOURCE, VERSION, KEY, *DATA_WORDS]
    ),
    "/availability/{context}/{agencyID}/{resourceID}/{version}/{key}/{componentID}": (
        STRUCTURE,
        [CONTEXT, AGENCY, RESOURCE, VERSION, KEY,
         part("componentID", several(one_of(["SEX", "*"], r"^[A-Za-z][A-Za-z0-9_-]*$"))), FILTER, REFERENCED,
         word("mode", {"type": "string", "enum": ["exact", "available"]}), word("updatedAfter", MOMENT)],
    ),
    # The same, of the dataflow that there is, without words that are not done here: these reach data.
    "/data/dataflow/NSO/DF_ICCS/1.0/{key}": (
        DATA, [KEY, *(one for one in DATA_WORDS if one["name"] in (
            "c", "firstNObservations", "dimensionAtObservation", "offset", "limit", "includeHistory"
        ))]
    ),
    "/structure/{structureType}/NSO/*/1.0": (
        STRUCTURE,
        [part("structureType", {"type": "string", "enum": ["dataflow", "datastructure", "codelist", "*"]}), REFERENCED],
    ),
    "/schema/{context}/{agencyID}/{resourceID}/{version}": (STRUCTURE, [CONTEXT, AGENCY, RESOURCE, VERSION]),
    "/structure/{structureType}/{agencyID}/{resourceID}/{version}": (
        STRUCTURE,
        [part("structureType", {"type": "string", "enum": TYPES}), AGENCY, RESOURCE, VERSION, REFERENCED, DETAIL],
    ),
    "/structure/{itemSchemeType}/{agencyID}/{resourceID}/{version}/{itemID}": (
        STRUCTURE,
        [part("itemSchemeType", {"type": "string", "enum": ITEMS}), AGENCY, RESOURCE, VERSION, ITEM,
         REFERENCED, DETAIL],
    ),
    "/metadata/structure/{structureType}/{agencyID}/{resourceID}/{version}": (
        STRUCTURE, [part("structureType", {"type": "string", "enum": TYPES}), AGENCY, RESOURCE, VERSION]
    ),
    "/metadata/metadataflow/{agencyID}/{resourceID}/{version}/{providerID}": (
        STRUCTURE, [AGENCY, RESOURCE, VERSION, PROVIDER]
    ),
    "/metadata/metadataset/{providerID}/{resourceID}/{version}": (STRUCTURE, [PROVIDER, RESOURCE, VERSION]),
    "/registration/id/{registrationID}": (STRUCTURE, [part("registrationID", TEXT | {"minLength": 1})]),
    "/registration/provider/{agencyID}/{providerID}": (STRUCTURE, [AGENCY, PROVIDER]),
    "/registration/{context}/{agencyID}/{resourceID}/{version}": (STRUCTURE, [CONTEXT, AGENCY, RESOURCE, VERSION]),
}  # fmt: skip
HEADERS = [
    {
        "in": "header",
        "name": "Accept-Encoding",
        "schema": {"type": "string", "enum": ["br", "gzip", "identity", "zstd"]},
    },
    {"in": "header", "name": "Accept-Language", "schema": TEXT},
    {"in": "header", "name": "If-Modified-Since", "schema": MOMENT},
]
DESCRIPTION = {
    "openapi": "3.0.0",
    "info": {"title": "SDMX RESTful API", "version": "2.1.0"},
    "paths": {
        path: {
            "get": {
                "parameters": [*parameters, *HEADERS],
                "responses": {
                    "200": {"description": "OK", "content": {name: {"schema": TEXT} for name in types}},
                    **{str(status): {"description": ""} for status in (204, 304)},
                    **{
                        str(status): {"description": "", "content": {"text/plain": {"schema": TEXT}}}
                        for status in STATUS
                    },
                },
            }
        }
        for path, (types, parameters) in PATHS.items()
    },
}


def main() -> int:
    """Write the description, and let schemathesis ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8100/v2")
    parser.add_argument("--requests", type=int, default=200, help="of each path")
    parser.add_argument("--schemathesis", default="schemathesis", help="the command")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--description", type=Path, help="OpenAPI file to ask by, in place of DESCRIPTION")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(options.description.read_text() if options.description else json.dumps(DESCRIPTION))
        checks = "status_code_conformance,content_type_conformance"
        words = [
            "run",
            str(path),
            "--url",
            options.url,
            "--checks",
            checks,
            "--mode",
            "positive",
            "--phases",
            "fuzzing",
        ]
        words += [
            "--max-examples",
            str(options.requests),
            "--seed",
            options.seed,
            "--workers",
            "1",
            "--continue-on-failure",
        ]
        return subprocess.run([options.schemathesis, *words], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
