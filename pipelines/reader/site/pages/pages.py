"""All pages of a site in one language, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.reader.site.area_map import KnownOutlines
from pipelines.reader.site.content import Content
from pipelines.reader.site.evidence import evidence_rows
from pipelines.reader.site.pages.comparisons import compare_countries, compared_pages
from pipelines.reader.site.pages.countries import country_page, figure_page
from pipelines.reader.site.pages.front import (
    category_pages,
    changes_of_release,
    home_page,
    methods_page,
    quality_pages,
    query_page,
    search_index,
    theme_pages,
)
from pipelines.reader.site.pages.renderer import Page, Renderer
from pipelines.reader.site.query_file import ReadyQuery
from pipelines.reader.site.search_index import INDEX_NAME
from schemas.declarations import load_columns


class Pages:
    """Renders the pages of one language."""

    def __init__(
        self,
        content: Content,
        language: str,
        queries: Sequence[ReadyQuery] = (),
        megabytes: float = 0,
        outlines: KnownOutlines | None = None,
    ) -> None:
        """Prepare what all pages share.

        Args:
            content: what the pages show.
            language: the language of the pages.
            queries: the questions that the query page offers; without any, there is no such page.
            megabytes: how much the query page loads.
            outlines: those already made for the pages in another language.
        """
        self._queries, self._megabytes = queries, megabytes
        self._site = Renderer(content, language, outlines or KnownOutlines(), can_be_asked=bool(queries))

    def every(self) -> Iterator[Page]:
        """Yield the path of each page, relative to the folder of the language, and its text."""
        site = self._site
        figures = site.content.figures
        compared = compare_countries(site)
        yield home_page(site)
        for code, categories in figures.items():
            yield country_page(site, code)
            for iccs in categories:
                yield figure_page(site, code, iccs)
        yield from category_pages(site, compared)
        yield from compared_pages(site, compared)
        yield from theme_pages(site)
        evidence = evidence_rows(site.content.evidence, site.language)
        yield site.page("evidence", "evidence.html", site.text("Evidence on programmes"), rows=evidence)
        yield from quality_pages(site)
        yield methods_page(site)
        yield site.page("releases", "releases.html", site.text("Releases"), changes=changes_of_release(site))
        columns = load_columns()
        names = next((list(row) for own in figures.values() for rows in own.values() for row in rows), [])
        known = [(name, columns[name].comment) for name in names if name in columns]
        yield site.page("dictionary", "dictionary.html", site.text("Data dictionary"), columns=known)
        if self._queries:
            yield query_page(site, self._queries, self._megabytes)
        yield site.page("search", "search.html", site.text("Search"), index_name=INDEX_NAME)
        yield INDEX_NAME, search_index(site, dict(known))
