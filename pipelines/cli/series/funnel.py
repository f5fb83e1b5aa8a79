"""``iccs funnel``: rates of the areas of a country, smoothed and against funnel plot limits."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import figure_as, headings_in, print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.series.small_areas import SmallAreas
    from pipelines.system.settings import Settings


_MOST_LISTED, _FIRST_LISTED = 40, 12
"""If there are more areas than the first number, as many as the second are named."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "funnel", "compare the areas of a country: smoothed rates and funnel plot", series_arguments()
    )
    parser.add_argument("--area", required=True, help="country whose parts are compared, by code or name")
    parser.add_argument("--year", type=int, help="year of the rates (default: the last of the source)")
    parser.add_argument(
        "--level", choices=("admin1", "admin2"), default="admin1", help="provinces or municipalities (default: admin1)"
    )
    parser.add_argument(
        "--method",
        choices=("marshall", "bym"),
        default="marshall",
        help=(
            "smooth towards the rate of all areas (marshall), or also towards that of neighbours (bym) (default: "
            "marshall)"
        ),
    )
    parser.add_argument("--map", metavar="FILE", dest="map_file", help="draw a map of the smoothed rates")
    parser.add_argument(
        "--boundaries",
        metavar="BOUNDARIES",
        help="outlines of the map and of neighbours, GeoJSON or TopoJSON (default: the bundled ones)",
    )
    parser.add_argument(
        "--property",
        default="id",
        metavar="NAME",
        help="property of BOUNDARIES that contains the area codes (default: id)",
    )
    parser.set_defaults(command=funnel_command)


def funnel_command(options: argparse.Namespace) -> int:
    """Print recorded and smoothed rates with limits, highest first; draw funnel and map if asked to."""
    from pipelines.collect.boundaries import read_boundaries
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.series.small_areas import read_small_areas
    from pipelines.reader.words import word
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    if options.boundaries and not options.map_file and options.method == "marshall":
        raise UsageError("--boundaries is for a map or neighbours: also give --map FILE or --method bym")
    settings = load_settings(options.data)
    outlines = read_boundaries(Path(options.boundaries), options.property) if options.boundaries else None
    query = series_query(options, settings)
    found = read_small_areas(query, options.year, options.level, settings, method=options.method, boundaries=outlines)
    every = _areas_of(found, settings)
    _draw(found, every, options, settings)
    left_out = sorted(every - {row["ref_area"] for row in found.rows})
    if options.json:
        document = {
            name: getattr(found, name)
            for name in ("level", "year", "method", "spread", "common", "outside", "beyond_chance", "rows", "others")
        }
        document["left_out"] = left_out
        document["neighbourhood"] = found.neighbourhood and asdict(found.neighbourhood)
        pictures = {"plot": options.plot, "map": options.map_file, "limits_hold_common_rate": sorted(found.unsure)}
        print_json({**found.query.as_document(), **document, **pictures})
        return EXIT_DONE
    _print_rates(found, options.lang)
    _print_spread(found, left_out, options.lang)
    for caveat, areas in found.as_map(set()).caveats.items():
        where = word("all areas", options.lang) if len(areas) == len(found.rows) else _listed(areas, options.lang)
        print_line(caveat_line(caveat, where, options.lang))
    for name in filter(None, (options.plot, options.map_file)):
        print_line(word("picture", options.lang).format(path=name))
    return EXIT_DONE


def _print_rates(found: SmallAreas, language: str) -> None:
    from pipelines.reader.words import word

    names = ["ref_area", "value", "rate_per_100k"]
    headings = headings_in(language, "area", "events", "rate")
    limits = headings_in(language, "low", "high")
    if found.neighbourhood is None:
        names += [*found.smoothed, "own_weight"]
        headings += [word("column smoothed", language), *limits, word("column own weight", language)]
    else:
        names += ["smoothed_rate", *found.smoothed, "bym_above"]
        headings += ["marshall", "bym", *limits, word("column P above", language)]
    series = f"{found.query.in_words(language)}, {found.year}, {found.key.named(language)}"
    print_table(
        [*headings, word("column funnel", language)],
        [
            [
                *(row[name] for name in names),
                "" if row["funnel"] == "inside" else word(f"funnel {row['funnel']}", language),
            ]
            for row in found.rows
        ],
        title=word("smoothed title", language).format(series=series),
        language=language,
    )
    around = found.neighbourhood
    if around is not None:
        said = word("P above note", language).format(
            pairs=around.pairs,
            origin=around.origin,
            sigma=figure_as(around.sigma[0], ".2f", language),
            share=f"{100 * around.phi[0]:.0f}",
            error=f"{100 * around.phi[1]:.0f}",
        )
        print_line(said)
        print_line(word("shrunk alone", language).format(areas=_listed(list(around.alone), language)))


def _print_spread(found: SmallAreas, left_out: list[str], language: str) -> None:
    """Print how far the areas differ, which of them stand out, and which have no rate."""
    from pipelines.reader.words import word

    print_line()
    rate = figure_as(found.common, ".2f", language)
    together = word("all together", language)
    print_line(together.format(n=len(found.rows), rate=rate, outside=len(found.beyond_chance)))
    areas = _listed(found.outside, language)
    print_line(word("beyond chance", language).format(share=f"{100 * found.spread:.0f}", areas=areas))
    print_line(word("limits include common", language).format(areas=_listed(sorted(found.unsure), language)))
    if left_out:
        print_line(word("left out", language).format(areas=_listed(left_out, language)))


def _listed(areas: list[str], language: str) -> str:
    """Name areas; if there are many, their number and the first few: a country may have thousands of municipalities.

    >>> _listed([], "en"), _listed(["MX-JAL"], "en"), _listed(["MX-JAL"] * 60, "en")[-13:]
    ('none', 'MX-JAL', '(all: --json)')
    """
    from pipelines.reader.words import word

    if len(areas) <= _MOST_LISTED:
        return ", ".join(areas) or word("no areas", language)
    return word("many areas", language).format(n=len(areas), first=", ".join(areas[:_FIRST_LISTED]))


def _areas_of(found: SmallAreas, settings: Settings) -> set[str]:
    """Return all areas of the country at the level."""
    from pipelines.reader.release import query

    below = query(
        "SELECT code FROM out.area WHERE area_level = $level AND (parent = $area OR parent IN "
        "(SELECT code FROM out.area WHERE parent = $area))",
        settings,
        {"area": found.query.area, "level": found.level},
    )
    return {code for (code,) in below.rows}


def _draw(found: SmallAreas, every: set[str], options: argparse.Namespace, settings: Settings) -> None:
    from pipelines.reader.maps import map_boundaries
    from pipelines.reader.plots.funnel import plot_funnel, smoothing_notes
    from pipelines.reader.plots.map import plot_map
    from pipelines.reader.plots.style import check_picture_path, save_picture

    if options.map_file:
        check_picture_path(Path(options.map_file))
    if options.plot:
        save_picture(plot_funnel(found, options.lang, settings, style=options.style), Path(options.plot))
    if options.map_file:
        shown = found.as_map(every)
        outlines = map_boundaries(shown, Path(options.boundaries) if options.boundaries else None, options.property)
        remarks = smoothing_notes(found, options.lang, settings)
        picture = plot_map(
            shown, outlines, options.lang, settings, unsure=found.unsure, remarks=remarks, style=options.style
        )
        save_picture(picture, Path(options.map_file))
