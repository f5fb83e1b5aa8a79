"""Findings of rules, with names instead of codes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.reader.site.content import Content

_PLACE = re.compile(r"(?P<start>^|; )(?P<area>[A-Z]{2}(?:-\w+)?)(?: (?P<iccs>\d{2,6}))?(?=[ :])")


def names_of_codes(content: Content) -> dict[str, str]:
    """Return the English names of the areas and categories on a site by code; the texts of rules are English."""
    rows = [rows[0] for own in content.figures.values() for rows in own.values()]
    rows += [row for regions in content.regions.values() for row in regions]
    areas = {row["ref_area"]: str(row["area_en"]) for row in rows}
    titles = {row["iccs"]: f"{row['iccs']} {row['category_en']}" for row in rows if "category_en" in row}
    return areas | titles


def name_places(detail: str, names: Mapping[str, str]) -> str:
    """Return the finding of a rule with the names of areas and categories; unknown codes stay.

    >>> name_places("AR-B 0206 2009: 22, usually 90; XK 2011: 1", {"AR-B": "Buenos Aires", "0206": "0206 Negligence"})
    'Buenos Aires, 0206 Negligence, 2009: 22, usually 90; XK 2011: 1'
    """

    def name(found: re.Match[str]) -> str:
        area, iccs = found["area"], found["iccs"]
        if area not in names:
            return found[0]
        if iccs is None or iccs not in names:
            return f"{found['start']}{names[area]}" + (f" {iccs}" if iccs else "")
        follows_period = detail[found.end() : found.end() + 1] == " "
        return f"{found['start']}{names[area]}, {names[iccs]}" + ("," if follows_period else "")

    return _PLACE.sub(name, detail)
