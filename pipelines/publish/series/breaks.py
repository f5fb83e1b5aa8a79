"""Breaks in series, and the bridges over them: the factors for counts from before a break."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from iccs.periods import period_index
from pipelines.statistics.bridging import overlap_factor
from pipelines.statistics.rates import FEWEST_EVENTS
from pipelines.system.connection import fetch_arrow, insert_rows
from schemas.areas import area_changes
from schemas.declarations import no_attributes_sql
from schemas.definition.publication import Bridge as DeclaredBridge
from schemas.source import Source

MOST_GAP_BEFORE = 0.01
"""How far, as a share, the source of an overlap may differ from the series before the break in common years."""

SERIES_KEY = ("source", "ref_area", "iccs", "stage", "counting_unit", "sex")


@dataclass(frozen=True)
class Bridge:
    """A break that can be crossed: its first step (year or month), and the factor for earlier counts, with limits."""

    at: int
    factor: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """The factor in words: ``x 1.380, 1.362 to 1.398``."""
        limits = "" if self.low == self.high else f", {self.low:.3f} to {self.high:.3f}"
        return f"x {self.factor:.3f}{limits}"


@dataclass(frozen=True)
class Breaks:
    """The breaks of one series: ``cuts``, across which nothing is compared, and ``bridges``, in years or months."""

    cuts: tuple[int, ...] = ()
    bridges: tuple[Bridge, ...] = ()

    @property
    def all(self) -> list[int]:
        """Every step at which the series breaks, bridged or not."""
        return sorted({*self.cuts, *(bridge.at for bridge in self.bridges)})

    def inside(self, first: int, last: int) -> Breaks:
        """Return those after the first step, up to the last."""
        if not self.cuts and not self.bridges:  # as in most series
            return self
        return Breaks(
            tuple(at for at in self.cuts if first < at <= last),
            tuple(bridge for bridge in self.bridges if first < bridge.at <= last),
        )

    def multipliers(self, steps: Sequence[int]) -> tuple[list[float], list[float], list[float]]:
        """Return the multipliers of each count: with the bridges' factors, their lower and their upper limits.

        They are 1 from the last bridge on. A step is converted over the bridges up to the next cut, not beyond.

        >>> breaks = Breaks((2004,), (Bridge(2002, 2.0, 1.5, 3.0), Bridge(2006, 1.1, 1.1, 1.1)))
        >>> breaks.multipliers([2001, 2002, 2005, 2006])[0]
        [2.0, 1.0, 1.1, 1.0]
        """
        if not self.bridges:
            ones = [1.0] * len(steps)
            return ones, ones, ones
        columns: list[list[float]] = [[], [], []]
        for step in steps:
            end = min((cut for cut in self.cuts if cut > step), default=None)
            crossed = [one for one in self.bridges if one.at > step and (end is None or one.at < end)]
            for column, name in zip(columns, ("factor", "low", "high"), strict=True):
                product = 1.0
                for bridge in crossed:
                    product *= getattr(bridge, name)
                column.append(product)
        return columns[0], columns[1], columns[2]

    def handling(self, first: int, last: int) -> str:
        """Return how the breaks of a series were handled, given the first and last steps used."""
        parts = [f"break in {', '.join(map(str, self.cuts))}; used {first}-{last}"] if self.cuts else []
        parts += [f"bridged in {one.at} ({one.words})" for one in self.inside(first, last).bridges]
        return "; ".join(parts) or "no break declared"


def insert_breaks(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.series_break``, and ``out.series_bridge`` for the breaks that declare a bridge, from the observations.

    A break is declared by a source, for categories, or by the lists of areas, for an area that lost or gained a part.
    """
    rows = []
    declared: dict[tuple[str, str, str], DeclaredBridge] = {}
    for source in sources:
        for entry in source.breaks:
            bridge = entry.bridge
            for code in entry.iccs or (None,):
                rows.append(
                    {
                        "source": source.source_id,
                        "iccs": code,
                        "ref_area": None,
                        "time_period": entry.period,
                        "note": entry.note,
                        "bridge_basis": bridge.basis if bridge else None,
                        "bridge_reference": (bridge.reference or None) if bridge else None,
                        "overlap_source": bridge.overlap if bridge else None,
                    }
                )
                if bridge is not None and code is not None:
                    declared[source.source_id, code, entry.period] = bridge
    rows += _border_breaks(connection)
    insert_rows(connection, "out.series_break", rows)
    if not declared:
        return
    found = fetch_arrow(connection, "publish/series_overlap", no_attributes=no_attributes_sql()).to_pylist()
    made = [_bridged(series, declared[series["source"], series["iccs"], series["time_period"]]) for series in found]
    insert_rows(connection, "out.series_bridge", made)


def _border_breaks(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of ``out.series_break`` for areas whose borders changed inside the figures of a source."""
    changes = area_changes()
    names = ("area", "period", "other", "gained", "note")
    columns = {name: pa.array([getattr(change, name) for change in changes]) for name in names}
    connection.register("border_change", pa.table(columns))
    found = fetch_arrow(connection, "publish/border_breaks").to_pylist()
    connection.unregister("border_change")
    empty = dict.fromkeys(("iccs", "bridge_basis", "bridge_reference", "overlap_source"))
    return [empty | row for row in found]


def series_break_at(period: str, obs_status: str) -> str | None:
    """Return the period from which a series is not comparable with earlier ones, if this cell starts such a run.

    Only the status B means that. A caveat is passed on to every total that includes the cell, but a break of a part is
    not one of the total.

    >>> series_break_at("2014", "B"), series_break_at("2015", "A")
    ('2014', None)
    """
    return period if obs_status == "B" else None


class SeriesBreaks:
    """The breaks of every series of a release: those of its source and category, or area, with their bridges.

    A break of a category is also one of all its ancestors, which include it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._declared: dict[tuple[str, str | None, str | None], set[str]] = {}
        for source, iccs, area, period in connection.execute(
            "SELECT source, iccs, ref_area, time_period FROM out.series_break"
        ).fetchall():
            self._declared.setdefault((source, iccs, area), set()).add(period)
        self._bridges: dict[tuple[str, ...], dict[str, tuple[float, float, float]]] = {}
        for *key, period, factor, low, high in connection.execute(
            f"SELECT {', '.join(SERIES_KEY)}, time_period, bridge_factor, bridge_low, bridge_high "
            "FROM out.series_bridge WHERE bridge_factor IS NOT NULL"
        ).fetchall():
            self._bridges.setdefault(tuple(key), {})[period] = (factor, low, high)

    def of(self, key: Sequence[str], marked: Iterable[str | None] = (), freq: str = "A") -> Breaks:
        """Return the breaks of one series as steps: years, or months counted through.

        Args:
            key: source, area, category, stage, counting unit, sex.
            marked: periods at which cells start a break (:func:`series_break_at`); with a declared bridge it is one.
            freq: A or M.
        """
        source, area, iccs = key[:3]
        bridges = self._bridges.get(tuple(key), {})
        declared = {
            period
            for (of, code, where), periods in self._declared.items()
            if of == source and (where == area if where else code is None or code.startswith(iccs))
            for period in periods
        }
        made = tuple(Bridge(_step(at, freq), *bridges[at]) for at in sorted(bridges))
        cuts = {_step(at, freq) for at in declared.union(marked) if at is not None and at not in bridges}
        return Breaks(tuple(sorted(cuts - {bridge.at for bridge in made})), made)


def _step(period: str, freq: str) -> int:
    return period_index(period if freq == "M" else period[:4], freq)


def _bridged(series: dict[str, Any], declared: DeclaredBridge) -> dict[str, Any]:
    """Return the row of ``out.series_bridge`` of one series; without a factor if the overlap does not support one."""
    years, old, new = (series[name] or [] for name in ("years", "old_counts", "new_counts"))
    row = {name: series[name] for name in (*SERIES_KEY, "time_period")} | {
        "bridge_factor": declared.factor,
        "bridge_low": declared.low or declared.factor,
        "bridge_high": declared.high or declared.factor,
        "overlap_years": len(years),
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
        "old_count": sum(old) if years else None,
        "new_count": sum(new) if years else None,
        "bridge_basis": declared.basis,
        "method": "factor as declared" + ("" if declared.low else ", without limits: taken as exact"),
    }
    if declared.overlap is None:
        return row
    reason = _unusable(series, declared.overlap)
    if reason:
        return row | {"method": f"not bridged: {reason}"}
    factor = overlap_factor(old, new)
    return row | {
        "bridge_factor": factor.value,
        "bridge_low": factor.low,
        "bridge_high": factor.high,
        "method": "ratio of sums over the overlap; the wider of the limits between its years and exact Poisson limits",
    }


def _unusable(series: dict[str, Any], overlap: str) -> str:
    """Return why an overlap gives no factor; empty if it does."""
    if not series["years"]:
        return f"no year from the break on is also in {overlap}"
    if min(sum(series["old_counts"]), sum(series["new_counts"])) < FEWEST_EVENTS:
        return f"fewer than {FEWEST_EVENTS} events in the overlap"
    old, new = series["old_before"], series["new_before"]
    if old is not None and abs(new - old) > MOST_GAP_BEFORE * old:
        return f"before the break {overlap} counts {old:,.0f} where this series counts {new:,.0f}: not its definition"
    return ""
