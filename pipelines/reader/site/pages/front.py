"""The pages beside those of countries: the front page, categories, commitments, quality, methods and the search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pipelines.reader.site.content import Rows
from pipelines.reader.site.pages.renderer import Page, Renderer, last_figure
from pipelines.reader.site.quality import name_places, names_of_codes
from pipelines.reader.site.query_file import ReadyQuery
from pipelines.reader.site.search_index import write_index

_WEB = ("https://", "http://")


def home_page(site: Renderer) -> Page:
    """Return the front page: countries, commitments, what the release changed, and why figures are missing."""
    countries, gated = [], dict[str, int]()
    for code, categories in site.content.figures.items():
        years = [row["time_period"] for rows in categories.values() for row in rows if row["value"] is not None]
        name = site.label(site.content.area_row(code), "area")
        if years:
            about = {"categories": len(categories), "first": min(years), "last": max(years)}
            countries.append({"code": code, "name": name, **about})
        elif not categories:
            countries.append({"code": code, "name": name, "categories": 0})
        for row in (row for rows in categories.values() for row in rows if row["value"] is None):
            reason = site.reason(row) or site.text("no figure")
            gated[reason] = gated.get(reason, 0) + 1
    return site.page(
        "home",
        "index.html",
        site.text("Crime figures in the ICCS"),
        countries=sorted(countries, key=lambda country: country["name"]),
        changes=changes_of_release(site),
        gated=sorted(gated.items(), key=lambda item: -item[1]),
        themes=[
            {"id": theme["theme_id"], "name": site.label(theme, "theme"), "countries": met}
            for theme in site.content.themes
            if (met := len({row["country"] for row in theme["coverage"] if row["conditions_met"]}))
        ],
    )


def changes_of_release(site: Renderer) -> Rows:
    """Return what the release changed, in words."""
    changes = site.content.changes
    return [row | {"what": site.code_label("release_change", row["release_change"])} for row in changes]


def category_pages(site: Renderer, compared: Collection[str]) -> Iterator[Page]:
    """Yield a page for each category, with the countries that have it, and their list."""
    categories: dict[str, Rows] = {}
    for own in site.content.figures.values():
        for iccs, rows in own.items():
            if (row := last_figure(rows)) is not None:
                categories.setdefault(iccs, []).append(row)
    listed = []
    for iccs, rows in sorted(categories.items()):
        name = site.label(rows[0], "category")
        countries = sorted((site.label(row, "area"), row["ref_area"]) for row in rows)
        listed.append({"iccs": iccs, "category": name, "countries": countries})
        groups: dict[tuple[str, ...], Rows] = {}
        for row in rows:
            key = (row["source"], row["stage"], row["counting_unit"], row["iccs_made_from"] or "")
            about = {"name": site.label(row, "area"), "caveats": site.label(row, "caveats")}
            groups.setdefault(key, []).append(row | about | {"sentence": site.sentence(row)})
        shown: list[dict[str, Any]] = [
            {
                "counted": site.counted(own[0]),
                "source": key[0],
                "composition": site.label(own[0], "composition"),
                "rows": sorted(own, key=lambda row: row["name"]),
            }
            for key, own in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        ]
        title = f"{iccs} {name}"
        is_compared = iccs in compared
        yield site.page("category", f"category/{iccs}.html", title, iccs=iccs, groups=shown, compared=is_compared)
    yield site.page("categories", "categories.html", site.text("Categories"), categories=listed)


def theme_pages(site: Renderer) -> Iterator[Page]:
    """Yield a page for each commitment, with the figures that measure it, and their list."""
    counted = (code for code, own in site.content.figures.items() if own)
    names = {code: site.label(site.content.area_row(code), "area") for code in counted}
    listed = []
    for theme in site.content.themes:
        rows = [
            row | {"name": names.get(row["country"], row["country"] or ""), "counted": site.counted(row)}
            for row in theme["coverage"]
        ]
        name = site.label(theme, "theme")
        met = {row["country"] for row in rows if row["conditions_met"]}
        others = {row["country"] for row in rows} - met
        listed.append({**theme, "name": name, "countries": len(met), "of_its_categories": len(others)})
        path = f"theme/{theme['theme_id']}.html"
        yield site.page("theme", path, name, theme=theme, rows=sorted(rows, key=lambda row: row["name"]))
    card = [
        {"code": code, "name": name, "marks": [_measured(theme["coverage"], code) for theme in listed]}
        for code, name in sorted(names.items(), key=lambda item: item[1])
    ]
    yield site.page("themes", "themes.html", site.text("Commitments"), themes=listed, card=card)


def quality_pages(site: Renderer) -> Iterator[Page]:
    """Yield a page for each source, with the outcome of every rule, and their list."""
    rows, names = [], names_of_codes(site.content)
    for name, rules in site.content.quality.items():
        source = site.content.sources[name]
        outcomes = [row["outcome"] for row in rules]
        numbers = {
            "passed": outcomes.count("passed"),
            "warned": outcomes.count("warned"),
            "failed": outcomes.count("failed") + outcomes.count("errored"),
        }
        rows.append({"source": name, "title": source["title"], **numbers})
        link = str(source["url"]).startswith(_WEB)
        path = f"quality/{name}.html"
        named_rules = [row | {"detail": name_places(row["detail"] or "", names)} for row in rules]
        yield site.page("source", path, source["title"], source=source, rules=named_rules, link=link)
    yield site.page("quality", "quality.html", site.text("Quality"), rows=rows)


def query_page(site: Renderer, queries: Sequence[ReadyQuery], megabytes: float) -> Page:
    """Return the page on which the release is queried in the browser."""
    example = next((code for code, own in site.content.figures.items() if own), "MX")
    title = site.text("Query the release")
    return site.page("ask", "ask.html", title, queries=queries, megabytes=megabytes, example=example)


def search_index(site: Renderer, columns: dict[str, str]) -> str:
    """Return the index that the search page reads."""
    codes = {iccs for own in site.content.figures.values() for iccs in own}
    defined = {iccs: site.definition(iccs) for iccs in codes}
    pages = {
        site.text("Categories"): "categories.html",
        site.text("Compare countries"): "compare.html",
        site.text("Commitments"): "themes.html",
        site.text("Evidence on programmes"): "evidence.html",
        site.text("Quality"): "quality.html",
        site.text("Methods"): "methods.html",
        site.text("Releases"): "releases.html",
    } | {site.label(theme, "theme"): f"theme/{theme['theme_id']}.html" for theme in site.content.themes}
    inclusions = {iccs: found.inclusions for iccs, found in defined.items() if found is not None}
    return write_index(site.content, site.language, inclusions, pages, columns)


def methods_page(site: Renderer) -> Page:
    """Return the page of methods, sources and licences."""
    sources = site.content.sources
    return site.page(
        "methods",
        "methods.html",
        site.text("Methods"),
        sources=[row for name, row in sources.items() if name not in site.content.withheld],
        withheld=[sources[name] for name in site.content.withheld],
    )


def _measured(coverage: Rows, country: str) -> str:
    """What figures a country has for one commitment: totals, and their breakdowns; blank if none.

    They are in brackets if they are of its categories but lack the attribute that the commitment is about.
    """
    own = [row for row in coverage if row["country"] == country]
    met = [row for row in own if row["conditions_met"]]
    letters = {"by_sex": "S", "by_age": "A", "by_region": "R"}
    divided = "".join(letter for by, letter in letters.items() if any(row[by] for row in met or own))
    return f"T{divided}" if met else f"(T{divided})" if own else ""
