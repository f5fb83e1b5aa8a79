"""Whether a source may be on a site: by its licence (``published_licences.yml``) and its policy (docs/sharing.md)."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources

import yaml

from schemas.definition.sharing import Sharing


def may_be_published(licence: str | None) -> bool:
    """Return whether a licence, as named by a source, allows republishing its figures with attribution.

    Unknown licences do not.

    >>> may_be_published("CC BY 4.0"), may_be_published("CC BY-NC-SA 3.0 IGO"), may_be_published(None)
    (True, False, False)
    >>> may_be_published("US government work (public domain); the compilation's terms are unknown")
    False
    """
    words = _words()
    return bool(licence) and _holds(licence, words["open"]) and not _holds(licence, words["closed"])


def must_stay(kind: str, policy: Sharing | None, today: date) -> bool:
    """Return whether unprotected figures must not be on a site.

    Counts of incidents must not, as small ones could identify a person, and sites are not yet built from protected
    counts. Nor must figures that their policy withholds from the public, for now or altogether, or wants protected.

    >>> must_stay("incident", None, date(2026, 1, 1)), must_stay("count", None, date(2026, 1, 1))
    (True, False)
    >>> must_stay("count", Sharing(level="public", embargo=date(2026, 2, 1)), date(2026, 1, 31))
    True
    >>> must_stay("count", Sharing(level="public", rounding=3), date(2026, 1, 1))
    True
    """
    if policy is None or kind == "incident":
        return kind == "incident"
    return policy.is_protected or policy.why_it_stays("public", today) is not None


def _holds(licence: str | None, names: list[str]) -> bool:
    text = (licence or "").replace("-", " ").casefold()
    return any(re.search(rf"\b{re.escape(name.replace('-', ' ').casefold())}\b", text) for name in names)


@cache
def _words() -> dict[str, list[str]]:
    file = resources.files("schemas").joinpath("published_licences.yml")
    found: dict[str, list[str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found
