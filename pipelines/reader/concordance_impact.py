"""The effect of a concordance on the figures: coverage at each level, and what a new version would change."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from iccs.classification import load_classification
from iccs.concordance import Concordance, read_concordance
from pipelines.reader.release import Result, open_published, query
from pipelines.system.settings import Settings
from pipelines.system.sql import fill_sql
from schemas.comparison import no_percent_sql, percent_change_sql
from schemas.errors import UsageError

SHARES = (
    "linked",
    "level_2",
    "level_3",
    "level_4",
    "combined",
    "residual",
    "split",
    "draft",
    "not_crime",
    "too_wide",
    "counted_elsewhere",
)


def mapping_coverage(settings: Settings) -> Result:
    """Return, for each source and counting unit, the share of its counts linked, and how (per cent).

    ``level_2`` to ``level_4`` are the ICCS level of the target, ``residual`` targets are "other ..." categories,
    ``split`` went by weights, ``draft`` is not reviewed (linked only in a run with drafts); the last three have no
    ICCS category, with the reason.
    """
    classification = load_classification()
    residuals = [category.code for category in classification if classification.is_residual(category.code)]
    shares = ", ".join(f"coalesce({name}, 0) / nullif(total, 0) * 100 AS {name}" for name in SHARES)
    return query(fill_sql("reader/mapping_coverage", shares=shares), settings, {"residuals": residuals})


def concordance_impact(source_id: str, old: Path, new: Path, settings: Settings) -> Result:
    """Return how much each ICCS category of a source changes between two versions of its concordance.

    The counts come from the published file; each version maps them by its own links, weights and validity.

    Raises:
        ConcordanceError: a version is not a concordance.
        UsageError: the source is not in the published file.
    """
    versions = pa.concat_tables([_version("old", read_concordance(old)), _version("new", read_concordance(new))])
    with open_published(settings) as connection:
        known = connection.execute(
            "SELECT count(*) FROM out.mapping_count WHERE source = $s", {"s": source_id}
        ).fetchall()
        if not known[0][0]:
            raise UsageError(f"the published file has no counts of source {source_id!r}; run it first")
        connection.register("versions", versions)
        found = connection.execute(
            fill_sql(
                "reader/concordance_impact",
                percent=percent_change_sql("old_count", "new_count"),
                no_percent=no_percent_sql("old_count", "new_count"),
            ),
            {"source": source_id},
        )
        names = tuple(column[0] for column in found.description or ())
        return Result(names, [tuple(row) for row in found.fetchall()])


def _version(name: str, concordance: Concordance) -> pa.Table:
    links = concordance.links
    return pa.table(
        {
            "version": pa.array([name] * len(links), pa.string()),
            "national_code": pa.array([link.national_code for link in links], pa.string()),
            "iccs": pa.array([link.iccs_code or None for link in links], pa.string()),
            "weight": pa.array([float(link.share) for link in links], pa.float64()),
            "first_day": pa.array([link.validity[0] for link in links], pa.date32()),
            "last_day": pa.array([link.validity[1] for link in links], pa.date32()),
        }
    )
