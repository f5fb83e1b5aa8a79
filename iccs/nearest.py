"""The valid values nearest to an invalid one, for the message that refuses it."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import commonprefix


def nearest_values(value: str, valid: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return the valid values most similar to the one given, best first; none if nothing is similar.

    Case and leading zeros do not count: a code that lost or gained a zero comes first. Values are similar if at least
    half of their letters are the same, in the same order.

    >>> nearest_values("Hombres", ["Mujer", "Hombre", "No identificado"])
    ('Hombre',)
    >>> nearest_values("6", ["02", "06", "60", "10"])[0]
    '06'
    >>> nearest_values("33", ["3", "13", "23", "30", "31", "32"])
    ('3', '30', '31')
    """
    from rapidfuzz import fuzz, process  # first needed by a message: importing it takes a while

    folded: dict[str, str] = {}
    for item in valid:
        folded.setdefault(item.casefold(), item)
    bare = value.strip().lstrip("0").casefold()
    same = [item for item in folded if bare and item.lstrip("0") == bare]
    wanted = value.casefold()
    close = process.extract(wanted, list(folded), scorer=fuzz.ratio, limit=None, score_cutoff=50)
    close.sort(key=lambda found: (-found[1], -len(commonprefix([wanted, found[0]])), found[2]))
    return tuple(folded[match] for match in dict.fromkeys([*same, *(match for match, *_ in close)]))[:count]
