"""What the pages say of the bundled release is what it has: warnings by source, and counts of series, months and maps.

Expected values are the sentences of the pages: they were written from an earlier release, and a rule or a method that
has changed since makes them wrong without any other test noticing.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

DOCS = Path(__file__).parents[2] / "docs"
SOURCES = {"Argentina": "ar_snic", "Eurostat": "eu_crim_off_cat", "Mexico": "mx_sesnsp_victims"}
HEADING = "## Warnings on the bundled files"

SENTENCES = [
    (
        "methodology.md",
        "SELECT format('{} of {} series with p', count(decisive_years), count(*)) FROM out.trend WHERE p_value < 0.05",
    ),
    (
        "methodology.md",
        "SELECT format('{} of {:,} tested months are alerts', count(*) FILTER (is_alert), count(*)) FROM out.alert",
    ),
    (
        "methodology.md",
        "SELECT format('has {:,} such maps', count(*)) FROM (SELECT DISTINCT country, area_level, source, iccs, stage, "
        "counting_unit, sex, time_period FROM out.smoothed_rate)",
    ),
    (
        "methodology.md",
        "SELECT format('{} populations and {:,} rates', (SELECT count(*) FROM out.population "
        "WHERE backcast_years > 0), (SELECT count(rate_per_100k) FROM out.rate WHERE backcast_years > 0))",
    ),
    ("sharing.md", "SELECT format('A release of {:,} cells', count(*)) FROM out.observation"),
]
"""A page, and a query whose answer is part of a sentence on it."""


def _documented() -> dict[tuple[str, str], tuple[int, int | None]]:
    """Return failing and checked figures by source and rule, from the table of the page."""
    page = (DOCS / "quality_of_rules.md").read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]
    found: dict[tuple[str, str], tuple[int, int | None]] = {}
    source = ""
    for first, rules in re.findall(r"^\| ?([^|]*?) ?\| ([^|]*) \|", page, flags=re.MULTILINE):
        source = SOURCES.get(first, source)
        for name, failing, checked in re.findall(r"`([a-z_*]+)` \(([\d,]+)(?: each)?(?: of ([\d,]+))?", rules):
            names = [f"{part}{name[1:]}" for part in ("sex", "age")] if name.startswith("*") else [name]
            for one in names:
                found[source, one] = (int(failing.replace(",", "")), int(checked.replace(",", "")) if checked else None)
    return found


def test_the_page_has_every_warning_of_the_bundled_release_and_no_other(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT source, rule, failing, checked FROM out.quality WHERE outcome = 'warned'"
        ).fetchall()
    documented = _documented()
    there = {(source, rule): (failing, checked) for source, rule, failing, checked in rows}
    assert documented.keys() == there.keys()
    for key, (failing, checked) in documented.items():
        assert failing == there[key][0], key
        assert checked in (None, there[key][1]), key


@pytest.mark.parametrize(("page", "statement"), SENTENCES)
def test_counts_on_the_pages_are_those_of_the_bundled_release(page: str, statement: str, published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        (said,) = connection.execute(statement).fetchone() or ("",)
    text = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    assert said in text
