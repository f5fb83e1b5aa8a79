"""The pages that put countries side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.reader.site.area_map import draw_area_map
from pipelines.reader.site.content import Rows
from pipelines.reader.site.pages.renderer import Page, Renderer, codes_in
from pipelines.reader.site.side_by_side import SideBySide, draw_courses, draw_dots, put_side_by_side


def compare_countries(site: Renderer) -> dict[str, SideBySide]:
    """Return the categories whose figures can be put side by side, with what is compared."""
    return {
        iccs: found
        for iccs, by_country in _shared_categories(site).items()
        if (found := put_side_by_side(by_country, site.language)) is not None
    }


def compared_pages(site: Renderer, compared: Mapping[str, SideBySide]) -> Iterator[Page]:
    """Yield a page for each category that is compared, and their list."""
    listed = []
    shared = _shared_categories(site)
    for iccs, found in compared.items():
        by_country = shared[iccs]
        category = site.label(next(iter(by_country.values()))[0], "category")
        listed.append({"iccs": iccs, "category": category, "ranked": len(found.ranked), "year": found.year})
        yield _compared(site, iccs, category, by_country, found)
    yield site.page("compared", "compare.html", site.text("Compare countries"), categories=listed)


def _shared_categories(site: Renderer) -> dict[str, dict[str, Rows]]:
    """The rows of the categories that several countries have, by category and country."""
    found: dict[str, dict[str, Rows]] = {}
    for code, own in site.content.figures.items():
        for iccs, rows in own.items():
            found.setdefault(iccs, {})[code] = rows
    return {iccs: found[iccs] for iccs in sorted(found) if len(found[iccs]) > 1}


def _others(site: Renderer, row: dict[str, Any], shared: set[str]) -> str:
    """The caveats of a figure except those that all figures of a table carry."""
    own = (code for code in codes_in(row["caveats"]) if code not in shared)
    return "; ".join(site.code_label("caveat", code) for code in own)


def _compared(site: Renderer, iccs: str, category: str, by_country: dict[str, Rows], found: SideBySide) -> Page:
    names = {code: site.label(rows[0], "area") for code, rows in by_country.items()}
    ranked = {row["ref_area"]: by_country[row["ref_area"]] for row in found.ranked}
    title = f"{iccs} {category}{site.text(': ')}" + site.text("countries side by side")
    unit = site.text("rate per 100,000 population")
    carried = [set(codes_in(row["caveats"])) for row in found.ranked]
    shared = set.intersection(*carried) if carried else set()
    shown = [
        row | {"name": names[row["ref_area"]], "counted": site.counted(row), "caveats": _others(site, row, shared)}
        for row in [*found.ranked, *found.unranked]
    ]
    return site.page(
        "compare",
        f"compare/{iccs}.html",
        title,
        iccs=iccs,
        year=found.year,
        unit=unit,
        counted=site.counted(found.ranked[0]) if found.ranked else "",
        composition=site.label(found.ranked[0], "composition") if found.ranked else "",
        shared=[site.code_label("caveat", code) for code in sorted(shared)],
        dots=draw_dots(found.ranked, names, f"{title}, {found.year}, {unit}", site.language) if ranked else "",
        courses=draw_courses(ranked, names, site.language) if ranked else [],
        map=draw_area_map(_mapped(site, shown, len(found.ranked)), None, title, site.language, site.outlines),
        ranked=shown[: len(found.ranked)],
        unranked=shown[len(found.ranked) :],
        elsewhere=[(code, names[code], *years) for code, years in found.elsewhere.items()],
        definition=site.definition(iccs),
        definition_language=site.definition_language,
        sources=[site.content.sources[name] for name in sorted({row["source"] for row in found.ranked})],
        populations=sorted({row["population_source"] or "" for row in found.ranked}),
        limits=any(row["ci_low"] is not None for row in found.ranked),
    )


def _mapped(site: Renderer, rows: Rows, ranked: int) -> Rows:
    """The rows of a map of countries; those that are not ranked are hatched, as their rates are not comparable."""
    directed = [row | {"direction": (site.trend(row) or {}).get("direction")} for row in rows]
    return [*directed[:ranked], *(row | {"is_compared": False} for row in directed[ranked:])]
