"""SQL functions that several steps share, defined once in ``schemas/published/functions.sql``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipelines.system.sql import fill_text
from schemas.codelists import ranked_codes
from schemas.declarations import quote_literal

_CREATED = re.compile(r"CREATE OR REPLACE MACRO (?:out\.)?(\w+)\(")


@dataclass(frozen=True)
class SharedFunction:
    """A function of SQL.

    Attributes:
        name: without a schema.
        comment: how to call it and what it returns.
        statement: the SQL that creates it.
    """

    name: str
    comment: str
    statement: str


@cache
def shared_functions(schema: str = "") -> tuple[SharedFunction, ...]:
    """Return the functions, each after those that it calls.

    Args:
        schema: where to create them, ``out`` in a published file; default: the current schema of the connection.

    >>> [function.name for function in shared_functions()][:2]
    ['weakest_status', 'weaker_status']
    """
    prefix = f"{schema}." if schema else ""
    lists = {"statuses": "obs_status", "stages": "stage", "counting_units": "counting_unit"}
    ranked = {name: f"[{', '.join(map(quote_literal, ranked_codes(codes)))}]" for name, codes in lists.items()}
    text = resources.files("schemas").joinpath("published", "functions.sql").read_text(encoding="utf-8")
    filled = fill_text(text, create=f"CREATE OR REPLACE MACRO {prefix}", schema=prefix, **ranked)
    return tuple(_function(block) for block in filled.split("\n\n")[1:])


def _function(block: str) -> SharedFunction:
    lines = block.strip().splitlines()
    comment = " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))
    statement = "\n".join(line for line in lines if not line.startswith("--"))
    (name,) = _CREATED.findall(statement)
    return SharedFunction(name, comment, statement)
