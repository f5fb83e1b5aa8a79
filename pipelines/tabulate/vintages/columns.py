"""Vintages outlive code: whatever version wrote one, it is read here, and only here, with the current columns.

A column missing in an old vintage is the total ``_T`` if it is an ICCS attribute of a cell, as the source did not break
its figures down by it, and NULL otherwise. A column that is no longer declared is left out.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.system.code_version import vintage_code_version
from schemas.declarations import attribute_columns, breakdown_columns, load_tables, quote_identifier, quote_literal
from schemas.project import project_lists_key
from schemas.source import SourceFolder

_TABLES = {
    "cells": "observation",
    "estimates": "estimate",
    "reconciliation": "reconciliation",
    "exclusions": "exclusion",
    "controls": "control",
    "coverage": "coverage",
}
"""The published table that a part of a vintage fills, without its source and vintage; ``estimates`` are the cells of a
source of estimates."""

_HIDDEN_BY_SOURCE = "CASE WHEN missing_reason = 'suppressed' THEN 'C' ELSE conf_status END AS conf_status"
"""The confidentiality status of counts: in vintages of earlier versions, those hidden by the source were free (F)."""


def part_columns(part: str) -> dict[str, str]:
    """Return the current columns of a part of a vintage, with their types; empty if none depend on the schema.

    >>> part_columns("exclusions")
    {'measure': 'VARCHAR', 'rule': 'VARCHAR', 'reason': 'VARCHAR', 'cells': 'BIGINT', 'count': 'DOUBLE'}
    """
    if part == "links":  # the codes that a link implies, and the caveats of its figures
        return dict.fromkeys((*breakdown_columns(), "caveats"), "VARCHAR")
    if part == "rates":  # what a printed rate is compared with
        return {"rate_low": "DOUBLE", "rate_high": "DOUBLE", "between_years": "BOOLEAN"}
    if part not in _TABLES:
        return {}
    columns = load_tables()[_TABLES[part]].columns
    return {column.name: column.type for column in columns if column.name not in ("source", "vintage")}


@cache
def columns_version() -> str:
    """Return the version of the columns with which vintages are currently written; it is in their manifest."""
    roles = [(column.name, column.role) for column in load_tables()["observation"].columns]
    declared = [roles, *((part, part_columns(part)) for part in (*_TABLES, "links"))]
    return hashlib.sha256(repr(declared).encode()).hexdigest()[:12]


def definition_key(folder: SourceFolder) -> str:
    """Return the fingerprint of all that determines a source's figures except its files: definition, columns, code."""
    return hashlib.sha256(f"{folder.fingerprint} {program_key()}".encode()).hexdigest()


def program_key() -> str:
    """Return the fingerprint of what all sources have in common: columns, code, and the lists of the project."""
    return hashlib.sha256(f"{columns_version()} {vintage_code_version()}{project_lists_key()}".encode()).hexdigest()


def read_part(part: str, path: Path) -> str:
    """Return a query, in parentheses, over one part of a vintage with the current columns.

    Args:
        part: cells, links, controls ...
        path: its Parquet file.
    """
    source = f"read_parquet({quote_literal(str(path))})"
    declared = part_columns(part)
    given = set(pq.read_schema(path).names)
    filled = {name: _absent(part, name, kind) for name, kind in declared.items() if name not in given}
    if part == "cells" and {"missing_reason", "conf_status"} <= given:
        filled["conf_status"] = _HIDDEN_BY_SOURCE
    if part in _TABLES:
        columns = [filled.get(name, quote_identifier(name)) for name in declared]
    else:
        columns = ["*", *filled.values()]
    return f"(SELECT {', '.join(columns)} FROM {source})"


def _absent(part: str, name: str, kind: str) -> str:
    value = "'_T'" if part in ("cells", "estimates") and name in attribute_columns() else "NULL"
    return f"CAST({value} AS {kind}) AS {quote_identifier(name)}"
