"""The Kyoto themes in the published file, and which figures exist for each."""

from __future__ import annotations

import duckdb

from iccs.themes import Theme, load_themes
from pipelines.system.connection import insert_rows, run_sql
from schemas.declarations import quote_identifier, quote_literal


def load_themes_and_coverage(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.theme`` from the table of themes, and ``out.theme_coverage`` from ``out.observation``."""
    themes = load_themes()
    insert_rows(connection, "out.theme", [_row(theme) for theme in themes])
    counted = [
        {
            "theme_id": quote_literal(theme.theme_id),
            "categories": ", ".join(quote_literal(code) for code in theme.iccs),
            "conditions": _conditions(theme),
        }
        for theme in themes
        if theme.iccs
    ]
    run_sql(connection, "publish/theme_coverage", themes=counted)


def _row(theme: Theme) -> dict[str, str | None]:
    return {
        "theme_id": theme.theme_id,
        "paragraph": theme.paragraph,
        "theme_en": theme.name.en,
        "theme_fr": theme.name.fr,
        "theme_es": theme.name.es,
        "iccs_selection": ";".join(theme.iccs) or None,
        "attribute_filter": ";".join(f"{one.attribute}={'|'.join(one.codes)}" for one in theme.filters) or None,
        "indicator_wanted": theme.indicator_wanted,
        "note": theme.note,
    }


def _conditions(theme: Theme) -> str:
    parts = [
        f"{quote_identifier(one.attribute)} IN ({', '.join(quote_literal(code) for code in one.covers)})"
        for one in theme.filters
    ]
    return " AND ".join(parts) or "true"
