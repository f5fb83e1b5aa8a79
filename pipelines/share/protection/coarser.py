"""The breakdown that a table with too many hidden cells should drop."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.share.protection.margins import Key, Levels, dimensions

TOO_MANY = 1 / 3
"""Share of hidden cells above which a coarser breakdown is proposed, which is more useful than a table full of gaps."""


def propose_coarser(cells: Mapping[Key, int], threshold: int, levels: Levels) -> str | None:
    """Return, as a sentence, the breakdown without which the share of small cells is lowest; None if none helps.

    Only small counts are considered, not the cells hidden because of them, whose number depends on them.

    Args:
        cells: the counts of one source, stage and counting unit.
        threshold: counts from 1 to below it are hidden.
        levels: which codes are above which.

    >>> levels = Levels({"MX": None}, {})
    >>> rest = ("_T",) * (len(dimensions()) - 4)
    >>> cells = {("MX", "2021", "0101", sex, *rest): n for sex, n in (("_T", 9), ("M", 8), ("F", 1))}
    >>> propose_coarser(cells, 3, levels)
    'without the breakdown by sex 0 % of the cells are small, instead of 33 %'
    """
    now = _share_small(cells, threshold)
    best: tuple[float, str] = (now, "")
    for place, name in enumerate(dimensions()):
        codes = {key[place] for key in cells}
        depth = {code: len(levels.above(name, code)) for code in codes}
        deepest = max(depth.values(), default=0)
        if deepest == min(depth.values(), default=0):
            continue
        left = {key: count for key, count in cells.items() if depth[key[place]] < deepest}
        step = f"breakdown by {name}" if deepest == 1 else f"finest level of {name}"
        best = min(best, (_share_small(left, threshold), step))
    if not best[1]:
        return None
    return f"without the {best[1]} {100 * best[0]:.0f} % of the cells are small, instead of {100 * now:.0f} %"


def _share_small(cells: Mapping[Key, int], threshold: int) -> float:
    return sum(0 < count < threshold for count in cells.values()) / max(len(cells), 1)
