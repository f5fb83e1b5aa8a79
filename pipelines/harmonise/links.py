"""Step 4, classify: national codes -> ICCS by the reviewed concordance; parent counts stay at the parent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from iccs.classification import load_classification
from iccs.concordance import Concordance, ConcordanceError, Link, concordance_columns, read_concordance
from iccs.drafts import DRAFT, set_drafts_aside
from pipelines.collect.read import RawTable
from pipelines.harmonise.conform import Conformed, open_cells
from pipelines.harmonise.quarantine import keep_rejected
from pipelines.system.connection import connect, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.declarations import breakdown_columns, quote_literal
from schemas.errors import UsageError, nearest_values
from schemas.source import Source, SourceFolder

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
_OUT_OF_SCOPE = {
    "not_crime": "Not an offence in the ICCS; reason in the concordance.",
    "too_wide": "Spans several ICCS sections; no category below level 1 contains all of it.",
    "counted_elsewhere": "A part or a sum whose counts are in another linked row.",
    "pending": "Waiting for a definition from the publisher.",
    DRAFT: "The link is a draft that nobody has reviewed; drafts are used only with --with-drafts.",
}


@dataclass(frozen=True)
class Classified:
    """Result of step 4, as Parquet files.

    ``core``: one row for each used cell and link: codes, iccs, weighted value.
    ``excluded``: one row for each cell left out: cell, rule. ``rejected``: as in step 3, with unlinked codes added.
    ``links``: the concordance as used (empty for populations). ``mapped``: counts by link, measure, year and sex.
    """

    source_id: str
    cells: Path
    core: Path
    excluded: Path
    rejected: Path
    links: Path
    mapped: Path
    rows: int
    rejected_count: int
    sum_in_raw: float

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"{self.rows:,} observations with an ICCS code"


def classify(folder: SourceFolder, conformed: Conformed, settings: Settings, work: Path) -> Classified:
    """Give every cell its ICCS category, share and implied tags.

    Raises:
        UsageError: a source of counts without a concordance.
        ConcordanceError: the concordance breaks its own rules.
        DataRefused: a national code with counts has no link in its period.
    """
    core, excluded = work / "core.parquet", work / "excluded.parquet"
    rejected, links = work / "rejected-final.parquet", work / "links.parquet"
    mapped = work / "mapped.parquet"
    with connect(settings) as connection:
        open_cells(connection, conformed.cells)
        connection.register("link_list", link_table(checked_concordance(folder)))
        run_sql(connection, "harmonise/links")
        run_sql(
            connection,
            "harmonise/classify",
            rejected_before=quote_literal(str(conformed.rejected)),
            population="true" if folder.source.kind == "population" else "false",
            filled=filled_columns(folder.source),
            conflicts=_conflicts(),
            code_column=quote_literal(folder.source.columns.get("national_code", "national_code")),
            excluded=quote_literal(str(excluded)),
            core=quote_literal(str(core)),
            mapped=quote_literal(str(mapped)),
        )
        _refuse_unlinked(connection, folder, conformed.raw, settings)
        for name, target in (("rejected", rejected), ("link", links)):
            connection.execute(f"COPY {name} TO {quote_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
        (rows,) = fetch_row(connection, "SELECT count(*) FROM read_parquet($core)", {"core": str(core)})
        (rejected_count,) = fetch_row(connection, "SELECT count(DISTINCT cell) FROM rejected")
    return Classified(
        folder.source_id,
        conformed.cells,
        core,
        excluded,
        rejected,
        links,
        mapped,
        rows,
        rejected_count,
        conformed.sum_in_raw,
    )


def checked_concordance(folder: SourceFolder) -> Concordance | None:
    """Return the concordance of a source as a run uses it, None for a population.

    Drafts are set aside unless the source is run with them.

    Raises:
        UsageError: a source of counts without a concordance.
        ConcordanceError: it breaks its own rules, or nothing of it has been reviewed.
    """
    if folder.source.kind == "population":
        return None
    if folder.concordance is None:
        raise UsageError(f"source {folder.source_id}: there is no iccs/concordances/{folder.source_id}.csv")
    concordance = read_concordance(folder.concordance)
    errors = [problem for problem in concordance.check(load_classification()) if problem.severity == "error"]
    if errors:
        raise ConcordanceError(errors)
    return concordance if folder.with_drafts else set_drafts_aside(concordance)


def link_table(concordance: Concordance | None) -> pa.Table:
    """Return the links in the order of their file, with weight and validity typed.

    ``proposed`` is the category of a link that is not used because it, or one that shares its counts, is a draft.
    """
    set_aside = concordance.set_aside if concordance else {}
    links: tuple[Link, ...] = concordance.links if concordance else ()
    text = {
        name: pa.array([link.text_of(name) or None for link in links], pa.string())
        for name in concordance_columns()
        if name != "weight"
    }
    return pa.table(
        {
            **text,
            "weight": pa.array([float(link.share) for link in links], pa.float64()),
            "first_day": pa.array([link.validity[0] for link in links], pa.date32()),
            "last_day": pa.array([link.validity[1] for link in links], pa.date32()),
            "proposed": pa.array([set_aside.get(place) for place in range(len(links))], pa.string()),
        }
    )


def filled_columns(source: Source) -> str:
    """Fill a tag that the file does not give; it is unknown where a breakdown needs it and no link has it."""
    parts = []
    for name in breakdown_columns():
        measures = [
            measure
            for measure in source.measures
            for breakdown in source.breakdowns
            if name in breakdown.by and (not breakdown.measures or measure in breakdown.measures)
        ]
        known = f"CASE WHEN used.{name} IN ('_T', '_U') THEN coalesce(link.{name}, used.{name}) ELSE used.{name} END"
        if measures and name not in source.columns:
            wanted = ", ".join(quote_literal(measure) for measure in dict.fromkeys(measures))
            known = f"CASE WHEN used.measure IN ({wanted}) THEN coalesce(nullif({known}, '_T'), '_U') ELSE {known} END"
        parts.append(f"{known} AS {name}")
    return ",\n    ".join(parts)


def _conflicts() -> str:
    return " OR ".join(
        f"(link.{name} IS NOT NULL AND used.{name} NOT IN ('_T', '_U') AND used.{name} <> link.{name})"
        for name in breakdown_columns()
    )


def _refuse_unlinked(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, settings: Settings
) -> None:
    known = [row[0] for row in connection.execute("SELECT DISTINCT national_code FROM link").fetchall()]
    problems = [
        Problem(
            rule="unlinked_national_code",
            source=folder.source_id,
            file=file,
            sheet=sheet,
            row=row,
            column=column,
            value=code,
            found=f"The national code {code!r} has no link to the ICCS that holds for {period}.",
            nearest=nearest_values(code, [item for item in known if item != code]),
            cells=cells,
        )
        for file, sheet, row, column, code, period, cells in run_sql(connection, "harmonise/unlinked").fetchall()
    ]
    if problems:
        keep_rejected(connection, raw, settings)
        raise DataRefused(problems)


def out_of_scope_reason(rule: str) -> str:
    """Return the reason of an exclusion made by the concordance (``out_of_scope_not_crime`` ...)."""
    return _OUT_OF_SCOPE[rule.removeprefix("out_of_scope_")]


def code_spans(concordance: Concordance) -> list[tuple[str, date, date, list[Link]]]:
    """Return (national code, first day, last day, links) for each stretch of days in which the same links hold."""
    by_code: dict[str, list[Link]] = {}
    for link in concordance.links:
        by_code.setdefault(link.national_code, []).append(link)
    spans = []
    for code, links in by_code.items():
        starts = sorted({link.validity[0] for link in links} | {_next(link.validity[1]) for link in links})
        for first, following in zip(starts, [*starts[1:], None], strict=True):
            last = LAST_DAY if following is None else following - timedelta(days=1)
            held = [link for link in links if link.validity[0] <= first and link.validity[1] >= last]
            if held and first <= last:
                spans.append((code, first, last, held))
    return spans


def _next(day: date) -> date:
    return day if day >= LAST_DAY else day + timedelta(days=1)
