"""The content of ``out.coverage``: the disaggregation declared by a source and that of its figures."""

from __future__ import annotations

from schemas.declarations import breakdown_columns, quote_literal
from schemas.source import Source

# The largest share of unknown codes at which a breakdown is called full.
FULL_AT_MOST_UNKNOWN = 0.05


def coverage_parts(source: Source) -> dict[str, str]:
    """Return the parts of ``sql/coverage.sql`` for one source: dimensions, and which measures declare them."""
    pairs = []
    for name, measure in ((name, measure) for measure in source.measures for name in breakdown_columns()):
        if any(name in one.by and (not one.measures or measure in one.measures) for one in source.breakdowns):
            pairs.append((measure, name))
    if "ref_area" in source.columns or source.boundaries is not None:
        pairs += [(measure, "geography") for measure in source.measures]
    return {
        "dimensions": ", ".join(breakdown_columns()),
        "dimension_texts": ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in breakdown_columns()),
        "declared": ", ".join(f"({quote_literal(m)}, {quote_literal(n)})" for m, n in pairs) or "(NULL, NULL)",
        "events": "true" if source.rows == "events" else "false",
        "full": str(FULL_AT_MOST_UNKNOWN),
    }
