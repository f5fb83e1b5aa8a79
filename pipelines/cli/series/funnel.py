"""``iccs funnel``: rates of the areas of a country, smoothed, and against the limits of a funnel."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.series.small_areas import SmallAreas
    from pipelines.system.settings import Settings


_MOST_LISTED, _FIRST_LISTED = 40, 12
"""Of more areas than the first number, so many are named."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "funnel", "compare the areas of a country: smoothed rates, funnel", series_arguments()
    )
    parser.add_argument("--area", required=True, help="country whose parts are compared, by code or name")
    parser.add_argument("--year", type=int, help="year of the rates (default: the last of the source)")
    parser.add_argument(
        "--level", choices=("admin1", "admin2"), default="admin1", help="provinces or municipalities (default: admin1)"
    )
    parser.add_argument("--map", metavar="FILE", dest="map_file", help="draw a map of the smoothed rates")
    parser.add_argument(
        "--boundaries",
        metavar="BOUNDARIES",
        help="outlines of the map, GeoJSON or TopoJSON (default: the bundled ones)",
    )
    parser.add_argument(
        "--property",
        default="id",
        metavar="NAME",
        help="property of BOUNDARIES that contains the area codes (default: id)",
    )
    parser.set_defaults(command=funnel_command)


def funnel_command(options: argparse.Namespace) -> int:
    """Print recorded and smoothed rates with limits, the highest first; draw funnel and map if asked."""
    from pipelines.reader.series.small_areas import read_small_areas
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    if options.boundaries and not options.map_file:
        raise UsageError("--boundaries is for a map: give --map FILE too")
    settings = load_settings(options.data)
    found = read_small_areas(series_query(options, settings), options.year, options.level, settings)
    _draw(found, options, settings)
    if options.json:
        document = {
            name: getattr(found, name)
            for name in ("level", "year", "spread", "common", "outside", "beyond_chance", "rows", "others")
        }
        pictures = {"plot": options.plot, "map": options.map_file, "limits_hold_common_rate": sorted(found.unsure)}
        print_json({**found.query.as_document(), **document, **pictures})
        return EXIT_DONE
    names = (
        "ref_area",
        "value",
        "rate_per_100k",
        "smoothed_rate",
        "smoothed_low",
        "smoothed_high",
        "own_weight",
        "funnel",
    )
    print_table(
        ["area", "events", "rate", "smoothed", "low", "high", "own weight", "funnel"],
        [
            [*(row[name] for name in names[:-1]), "" if row["funnel"] == "inside" else row["funnel"]]
            for row in found.rows
        ],
        title=f"{found.query.words}, {found.year}, {found.key.name}; per 100,000, smoothed with 95 % limits",
    )
    print_line()
    n = len(found.rows)
    print_line(
        f"all {n} areas together: {found.common:.2f}; {len(found.beyond_chance)} of them are outside 99.8 % of chance"
    )
    print_line(
        f"beyond chance the areas differ by {found.spread:.0%} of that rate (standard deviation); outside 99.8 % of "
        f"the funnel with it: {_listed(found.outside)}"
    )
    print_line(f"limits hold the common rate, so that the side is not known: {_listed(sorted(found.unsure))}")
    for name in filter(None, (options.plot, options.map_file)):
        print_line(f"picture: {name}")
    return EXIT_DONE


def _listed(areas: list[str]) -> str:
    """Name areas, of many how many they are and the first of them: a country has a thousand municipalities.

    >>> _listed([]), _listed(["MX-JAL"]), _listed(["MX-JAL"] * 60)[-13:]
    ('none', 'MX-JAL', '(all: --json)')
    """
    if len(areas) <= _MOST_LISTED:
        return ", ".join(areas) or "none"
    return f"{len(areas)} areas, {', '.join(areas[:_FIRST_LISTED])} ... (all: --json)"


def _draw(found: SmallAreas, options: argparse.Namespace, settings: Settings) -> None:
    from pipelines.reader.maps import map_boundaries
    from pipelines.reader.plots.funnel import plot_funnel
    from pipelines.reader.plots.map import plot_map
    from pipelines.reader.plots.style import check_picture_path, save_picture
    from pipelines.reader.release import query

    if options.map_file:
        check_picture_path(Path(options.map_file))
    if options.plot:
        save_picture(plot_funnel(found, options.lang, settings, style=options.style), Path(options.plot))
    if options.map_file:
        asked: dict[str, object] = {"area": found.query.area, "level": found.level}
        below = query(
            "SELECT code FROM out.area WHERE area_level = $level AND (parent = $area OR parent IN "
            "(SELECT code FROM out.area WHERE parent = $area))",
            settings,
            asked,
        ).rows
        shown = found.as_map({row[0] for row in below})
        outlines = map_boundaries(shown, Path(options.boundaries) if options.boundaries else None, options.property)
        picture = plot_map(shown, outlines, options.lang, settings, unsure=found.unsure, style=options.style)
        save_picture(picture, Path(options.map_file))
