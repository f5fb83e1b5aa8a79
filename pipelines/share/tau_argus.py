"""Tables with their suppression pattern in tau-argus format, so that an office can audit it with its own tool.

Each folder is one table with a total along each dimension: of one source, stage and counting unit, one year, one top
area, one top ICCS category, and one set of breakdowns. The remainder of a total over its published parts is a separate
part, which is never shown. **The files have the true counts** and must not be passed on.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.reader.release import OpenRelease
from pipelines.share.check import SharedSource
from pipelines.share.protection.counts import read_counts, read_levels
from pipelines.share.protection.margins import Key, Levels, dimensions, link_margins
from schemas.errors import UsageError

_REST, _REST_HERE = "(rest)", "~rest"
Rows = Mapping[Key, tuple[int, bool]]
"""The count of each cell, and whether it is shown."""


@dataclass(frozen=True)
class _Dimension:
    """One dimension of a table: its name, the code of its total, and each other code below the one above it."""

    name: str
    place: int
    total: str
    below: Mapping[str, Sequence[str]]

    def lines(self, code: str | None = None, depth: int = 0) -> Iterator[str]:
        """The lines of the .hrc file: what is below a code, each level with one sign more before it."""
        for part in self.below.get(code or self.total, ()):
            yield "@" * depth + part
            yield from self.lines(part, depth + 1)

    @property
    def is_hierarchy(self) -> bool:
        """Whether any code but the total has others below it."""
        return len(self.below) > 1


def write_tau_argus(release: OpenRelease, found: Sequence[SharedSource], folder: Path) -> int:
    """Write the tables of all sources that have hidden cells; return how many.

    Args:
        release: the published release, with every count.
        found: the outcome of ``check_sharing`` on it.
        folder: where to write; not there yet, or empty.

    Raises:
        UsageError: the folder has something in it, or cells have no total.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists and is not empty; give a new folder with --tau-argus")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    levels = read_levels(release.connection)
    number = 0
    for one in (one for one in found if one.outcome == "protected" and not (one.policy and one.policy.rounding)):
        counts = read_counts(release.connection, one.source)
        for series in one.series:
            rows = _rows(counts[series.stage, series.counting_unit], series.hidden, levels)
            for table in _tables(rows, levels):
                number += 1
                target = folder / f"{number:04}_{one.source}_{series.stage}_{series.counting_unit}"
                target.mkdir(mode=0o700)
                _write_table(target, table, levels)
    return number


def _rows(cells: Mapping[Key, int], hidden: frozenset[Key], levels: Levels) -> Rows:
    margins = link_margins(cells, levels)
    return {
        key: (count, published and key not in hidden)
        for key, count, published in zip(margins.keys, margins.counts, margins.published, strict=True)
    }


def _tables(rows: Rows, levels: Levels) -> Iterator[Rows]:
    """Give the cells of each table: those with the same codes at the top, and of each largest set of breakdowns."""
    groups: dict[Key, dict[Key, tuple[int, bool]]] = defaultdict(dict)
    known = [{key[place] for key in rows} for place in range(len(dimensions()))]
    for key, row in rows.items():
        named = zip(dimensions(), key, known, strict=True)
        groups[tuple(_top(name, code, codes, levels) for name, code, codes in named)][key] = row
    for _, group in sorted(groups.items()):
        used = {key: _broken_down(key, levels) for key in group}
        sets = set(used.values())
        for largest in sorted((one for one in sets if not any(one < other for other in sets)), key=sorted):
            yield {key: row for key, row in group.items() if used[key] <= largest}


def _top(name: str, code: str, known: Collection[str], levels: Levels) -> str:
    return [one for one in (code, *levels.above(name, code)) if one in known][-1]


def _broken_down(key: Key, levels: Levels) -> frozenset[tuple[str, int]]:
    """By which dimensions, and to which level of each, a cell is broken down."""
    pairs = zip(dimensions(), key, strict=True)
    return frozenset((name, level) for name, code in pairs for level in range(len(levels.above(name, code))))


def _dimensions(rows: Rows, levels: Levels) -> list[_Dimension]:
    found = []
    for place, name in enumerate(dimensions()):
        codes = {key[place] for key in rows}
        if len(codes) == 1:
            continue
        below: dict[str, list[str]] = defaultdict(list)
        for code in sorted(codes):
            if above := [one for one in levels.above(name, code) if one in codes]:
                below[above[0]].append(code)
        totals = codes - {code for parts in below.values() for code in parts}
        if len(totals) > 1:
            raise UsageError(f"{', '.join(sorted(totals)[:3])} have no total over {name}, which tau-argus needs")
        found.append(_Dimension(name, place, totals.pop(), below))
    return found


def _write_table(target: Path, rows: Rows, levels: Levels) -> None:
    """Write one table: ``table.tab``, ``table.rda``, ``table.hst`` and a ``.hrc`` for each hierarchy."""
    used = _dimensions(rows, levels)
    widest = {one.name: max(len(_plain(key[one.place])) for key in rows) for one in used}

    def written(one: _Dimension, code: str) -> str:
        return _plain(code).ljust(widest[one.name], "_")

    def codes(key: Key) -> str:
        return ";".join(written(one, key[one.place]) for one in used)

    described = ['<SEPARATOR> ";"', '<SAFE> "S"', '<UNSAFE> "U"', '<PROTECT> "P"']
    for one in used:
        described += [one.name.upper(), "  <RECODEABLE>", f'  <TOTCODE> "{written(one, one.total)}"']
        if one.is_hierarchy:
            name = f"{one.name}.hrc"
            described += ["  <HIERARCHICAL>", f'  <HIERCODELIST> "{name}"', '  <HIERLEADSTRING> "@"']
            signs = [(len(line) - len(line.lstrip("@")), line.lstrip("@")) for line in one.lines()]
            _write(target / name, ["@" * depth + written(one, code) for depth, code in signs])
    described += ["VALUE", "  <NUMERIC>", "  <DECIMALS> 0", "STATUS", "  <STATUS>"]
    _write(target / "table.rda", described)
    cells = sorted(rows.items())
    _write(target / "table.tab", [f"{codes(key)};{n};{'S' if shown else 'U'}" for key, (n, shown) in cells])
    _write(target / "table.hst", [f"{codes(key)};u" for key, (_, shown) in cells if not shown])


def _plain(code: str) -> str:
    return code.replace(_REST, _REST_HERE)


def _write(path: Path, lines: Sequence[str]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))
