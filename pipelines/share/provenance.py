"""Where the figures of a release come from, as PROV-JSON: files, vintages, the program, and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from pipelines.system.connection import fetch_row


def describe_provenance(connection: duckdb.DuckDBPyConnection, resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the provenance of a release.

    Every vintage was derived from the files of its source under its concordance, whose links, and who decided each,
    are in the table ``mapping``; every table was derived from all vintages.

    Args:
        connection: to the release.
        resources: the resources of the data package.
    """
    release, version, published_at = fetch_row(
        connection, "SELECT release, code_version, published_at FROM out.release"
    )
    entities: dict[str, Any] = {}
    agents: dict[str, Any] = {
        "iccs:program": {"prov:type": "prov:SoftwareAgent", "prov:label": f"iccs-pipelines {version}"}
    }
    derived: dict[str, Any] = {}
    attributed: dict[str, Any] = {}
    for source, vintage, title, publisher, url, files in connection.execute(
        "SELECT source, vintage, title, publisher, url, files FROM out.source ORDER BY source"
    ).fetchall():
        made = f"iccs:vintage/{source}/{vintage}"
        entities[made] = {"prov:type": "iccs:Vintage", "prov:label": title, "prov:location": url}
        entities[f"iccs:concordance/{source}"] = {"prov:type": "prov:Plan", "iccs:links": f"mapping, source {source}"}
        agent = f"iccs:publisher/{publisher}"
        agents[agent] = {"prov:type": "prov:Organization", "prov:label": publisher}
        attributed[f"_:attributed/{source}"] = {"prov:entity": made, "prov:agent": agent}
        derived[f"_:linked/{source}"] = _derived(made, f"iccs:concordance/{source}")
        for file in files.split("; "):
            entities[f"iccs:file/{source}/{file}"] = {"prov:type": "iccs:File", "prov:label": file}
            derived[f"_:read/{source}/{file}"] = _derived(made, f"iccs:file/{source}/{file}")
    vintages = [name for name, entity in entities.items() if entity["prov:type"] == "iccs:Vintage"]
    for resource in resources:
        name = f"iccs:resource/{resource['path']}"
        entities[name] = {"prov:type": "iccs:Resource", "iccs:hash": resource["hash"]}
    entities["iccs:release"] = {"prov:type": "iccs:Release", "prov:label": release}
    derived |= {f"_:release/{name}": _derived("iccs:release", name) for name in vintages}
    derived |= {
        f"_:table/{resource['path']}": _derived(f"iccs:resource/{resource['path']}", "iccs:release")
        for resource in resources
    }
    moment = published_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "prefix": {"iccs": "urn:iccs-pipelines:", "prov": "http://www.w3.org/ns/prov#"},
        "entity": entities,
        "agent": agents,
        "activity": {
            "iccs:publication": {"prov:type": "iccs:Publication", "prov:label": release, "prov:endTime": moment}
        },
        "wasDerivedFrom": derived,
        "wasAttributedTo": attributed,
        "wasGeneratedBy": {
            "_:generated": {"prov:entity": "iccs:release", "prov:activity": "iccs:publication", "prov:time": moment}
        },
        "wasAssociatedWith": {"_:program": {"prov:activity": "iccs:publication", "prov:agent": "iccs:program"}},
    }


def _derived(made: str, of: str) -> dict[str, str]:
    return {"prov:generatedEntity": made, "prov:usedEntity": of}
