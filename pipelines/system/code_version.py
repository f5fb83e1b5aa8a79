"""The fingerprint of the program: code and declarations that every source shares."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any


@cache
def code_fingerprint() -> str:
    """Return the fingerprint of the code and declarations that every source shares."""
    digest = hashlib.sha256()
    for package in ("iccs", "schemas", "pipelines"):
        _add_tree(digest, resources.files(package), {"sources", "concordances", "__pycache__"})
    return digest.hexdigest()


def _add_tree(digest: Any, node: Traversable, skip: set[str]) -> None:
    for entry in sorted(node.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            if entry.name not in skip:
                _add_tree(digest, entry, skip)
        elif entry.name.endswith((".py", ".sql", ".yml", ".csv")):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")
