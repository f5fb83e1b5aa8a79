"""Rules of the tree of categories, for an edited table of the ICCS: parents exist, and there are no cycles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class InvalidTree(ValueError):
    """A table of categories that is not a tree; the message names every fault with its code."""


class Node(Protocol):
    """What the rules need of a category."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102
    @property
    def parent(self) -> str | None: ...  # noqa: D102


def check_tree(nodes: Iterable[Node]) -> None:
    """Refuse a table whose parents are unknown, circular or not one level up, or whose codes do not extend them.

    Raises:
        InvalidTree: every fault found.
    """
    by_code = {node.code: node for node in nodes}
    faults = []
    for node in by_code.values():
        if node.parent is None:
            if node.level != 1:
                faults.append(f"{node.code} is of level {node.level} and has no parent; only sections have none")
        elif node.parent not in by_code:
            faults.append(f"{node.code} has the unknown parent {node.parent!r}")
        elif _is_circular(node, by_code):
            faults.append(f"{node.code} is its own ancestor: follow the column parent from it")
        elif by_code[node.parent].level != node.level - 1 or not node.code.startswith(node.parent):
            faults.append(f"{node.code} of level {node.level} cannot be a child of {node.parent}")
    if faults:
        raise InvalidTree("; ".join(faults))


def _is_circular(node: Node, by_code: dict[str, Node]) -> bool:
    seen = {node.code}
    above = by_code.get(node.parent or "")
    while above is not None and above.code not in seen:
        seen.add(above.code)
        above = by_code.get(above.parent or "")
    return above is not None and above.code == node.code
