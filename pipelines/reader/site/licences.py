"""Whether the licence of a source allows its figures to be published again: ``published_licences.yml``."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import yaml


def may_be_published(licence: str | None) -> bool:
    """Return whether a licence, as a source names it, allows its figures to be published again with its name.

    What is not known to be allowed is not.

    >>> may_be_published("CC BY 4.0"), may_be_published("CC BY-NC-SA 3.0 IGO"), may_be_published(None)
    (True, False, False)
    >>> may_be_published("US government work (public domain); the compilation's terms are unknown")
    False
    """
    words = _words()
    return bool(licence) and _holds(licence, words["open"]) and not _holds(licence, words["closed"])


def _holds(licence: str | None, names: list[str]) -> bool:
    text = (licence or "").replace("-", " ").casefold()
    return any(re.search(rf"\b{re.escape(name.replace('-', ' ').casefold())}\b", text) for name in names)


@cache
def _words() -> dict[str, list[str]]:
    file = resources.files("schemas").joinpath("published_licences.yml")
    found: dict[str, list[str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found
