"""What is said of a request or a definition that cannot be carried out, and the values it may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """The command cannot be carried out as it was given."""


def nearest_values(value: str, valid: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return the valid values that look most like the one given.

    >>> nearest_values("Hombres", ["Mujer", "Hombre", "No identificado"])
    ('Hombre',)
    >>> nearest_values("6", ["02", "06", "60", "10"])[0]
    '06'
    """
    folded = {item.casefold(): item for item in valid}
    bare = value.strip().lstrip("0").casefold()  # a code that lost or gained leading zeros comes first
    same = [item for item in folded if bare and item.lstrip("0") == bare]
    close = difflib.get_close_matches(value.casefold(), folded, n=count, cutoff=0.5)
    return tuple(folded[match] for match in dict.fromkeys([*same, *close]))[:count]
