"""The index of the search page, built with the site: the browser searches it without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.reader.site.content import Content
from pipelines.reader.words import LANGUAGES
from pipelines.system.printable import UNPRINTABLE, printable

INDEX_NAME = "search-index.js"


def write_index(
    content: Content,
    language: str,
    definitions: Mapping[str, str],
    pages: Mapping[str, str],
    columns: Mapping[str, str],
) -> str:
    """Return the index of one language as JavaScript that sets ``iccsIndex``.

    It has lists of ``[title, path, more words]``: of countries (with their regions as more words), categories (with
    their inclusions), and other pages; and ``figures``: for each category the places of its countries in the list, from
    which the browser makes the titles of the pages of one category and country.

    Args:
        content: what the site shows.
        language: of the titles; names and titles in the other languages are found, too.
        definitions: inclusions of each category, if there are any.
        pages: paths of the other pages by title.
        columns: what each column of the downloads is.
    """
    countries = {
        code: _entry(content.area_row(code), "area", language, f"country/{code}.html", code) for code in content.figures
    }
    regions: dict[str, set[str]] = {}
    for (code, _), rows in content.regions.items():
        regions.setdefault(code, set()).update(str(row[f"area_{one}"] or "") for row in rows for one in LANGUAGES)
    for code, names in regions.items():
        if code in countries:
            countries[code][2] = " ".join([countries[code][2], *sorted(names)])
    categories: dict[str, list[str]] = {}
    figures: dict[str, list[int]] = {}
    for place, (_, own) in enumerate(content.figures.items()):
        for iccs, rows in own.items():
            entry = _entry(rows[0], "category", language, f"category/{iccs}.html", iccs)
            categories.setdefault(
                iccs, [f"{iccs} {entry[0]}", entry[1], f"{entry[2]} {definitions.get(iccs, '')}".strip()]
            )
            figures.setdefault(iccs, []).append(place)
    others = [[title, path, ""] for title, path in pages.items()]
    others += [
        [str(row["title"]), f"quality/{name}.html", f"{name} {row['publisher']}"] for name, row in _shown(content)
    ]
    others += [[name, "dictionary.html", text] for name, text in columns.items()]
    index = {
        "countries": list(countries.values()),
        "categories": [categories[iccs] for iccs in sorted(categories)],
        "figures": [figures[iccs] for iccs in sorted(categories)],
        "others": others,
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    text = UNPRINTABLE.sub(lambda found: json.dumps(printable(found[0]))[1:-1], text)
    # A label that closes the script element would inject HTML if the file were inlined into a page.
    return f"iccsIndex = {text};\n".replace("<", "\\u003c")


def _entry(row: Mapping[str, Any], name: str, language: str, path: str, code: str) -> list[str]:
    names = {one: str(row[f"{name}_{one}"] or row[f"{name}_en"] or "") for one in LANGUAGES}
    more = dict.fromkeys(text for one, text in names.items() if one != language and text != names[language])
    return [names[language], path, " ".join([code, *more])]


def _shown(content: Content) -> list[tuple[str, dict[str, Any]]]:
    return [(name, content.sources[name]) for name in content.quality]
