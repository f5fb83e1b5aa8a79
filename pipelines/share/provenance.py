"""The provenance of the figures of a release (PROV-JSON), and its record for open data catalogues (DCAT-AP)."""

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


def describe_for_catalogues(package: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a data package for catalogues of open data: DCAT-AP 3 in JSON-LD.

    Addresses of files are relative to the record, as its location is not known.

    Args:
        package: the descriptor of the data package.
    """
    rights = "; ".join(f"{source['name']}: {source['licence']}" for source in package["sources"])
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": f"urn:iccs-pipelines:{package['name']}:{package['version']}",
        "@type": "dcat:Dataset",
        "dct:title": {"@value": package["title"], "@language": "en"},
        "dct:description": {
            "@value": "Counts, rates, indicators and trends of crime and criminal justice by ICCS category.",
            "@language": "en",
        },
        "dct:identifier": f"{package['name']}:{package['version']}",
        "dct:issued": {"@value": package["created"], "@type": "xsd:dateTime"},
        "dcat:version": package["version"],
        "dcat:keyword": [{"@value": word, "@language": "en"} for word in package["keywords"]],
        "dcat:theme": {"@id": "http://publications.europa.eu/resource/authority/data-theme/JUST"},
        "dct:publisher": [
            {"@type": "foaf:Agent", "foaf:name": publisher["title"]} for publisher in package["contributors"]
        ],
        "dct:source": [{"@id": source["path"]} for source in package["sources"]],
        "dcat:distribution": [_distribution(resource, rights) for resource in package["resources"]],
    }


def _distribution(resource: dict[str, Any], rights: str) -> dict[str, Any]:
    return {
        "@type": "dcat:Distribution",
        "dct:title": {"@value": resource["name"], "@language": "en"},
        "dcat:accessURL": {"@id": resource["path"]},
        "dcat:downloadURL": {"@id": resource["path"]},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{resource['mediatype']}"},
        "dcat:byteSize": {"@value": str(resource["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:rights": {"@value": rights, "@language": "en"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": resource["hash"].removeprefix("sha256:"),
        },
    }
