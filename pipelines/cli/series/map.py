"""``iccs map``: rates of one year by area, on a map and as a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import headings_in, print_json, print_line, print_table, rates_and_limits
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.maps import MapRates
    from pipelines.system.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "map", "show rates of one year by area, as a table or map", series_arguments())
    parser.add_argument("--area", help="area whose parts are shown, by code or name: MX, Mexico (default: countries)")
    parser.add_argument("--year", type=int, help="year of the rates (default: the last of the source)")
    parser.add_argument(
        "--boundaries", metavar="FILE", help="outlines, GeoJSON or TopoJSON (default: the bundled ones)"
    )
    parser.add_argument(
        "--property",
        default="id",
        metavar="NAME",
        help="property of FILE that contains the area codes (default: id)",
    )
    parser.add_argument(
        "--disputed",
        default="declared",
        metavar="SET",
        help="borders to draw as disputed: a set from boundaries/disputed.csv, or none (default: as declared)",
    )
    parser.set_defaults(command=map_command)


def map_command(options: argparse.Namespace) -> int:
    """Print the rates by area, highest first, and what is missing; draw the map if asked to."""
    from pipelines.reader.maps import read_map_rates
    from pipelines.reader.words import word
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    if options.boundaries and not options.plot:
        raise UsageError("--boundaries is for a picture: also give --plot FILE")
    settings = load_settings(options.data)
    language = "en" if options.json else options.lang
    found = read_map_rates(series_query(options, settings), options.year, settings, language)
    undrawn = _draw(found, options, settings) if options.plot else []
    if options.json:
        document = {name: value for name, value in vars(found).items() if name not in ("query", "key")}
        document["rows"] = {
            code: row | {"class": found.class_of(code) + 1, "fewer_events": found.is_few(code)}
            for code, row in found.rows.items()
        }
        print_json({**found.query.as_document(), **document, "without_outline": undrawn, "plot": options.plot})
        return EXIT_DONE
    _print(found, undrawn, options.lang, settings)
    if options.plot:
        print_line(word("picture", language).format(path=options.plot))
    return EXIT_DONE


def _draw(found: MapRates, options: argparse.Namespace, settings: Settings) -> list[str]:
    """Draw the map; return the areas without an outline."""
    from pipelines.reader.maps import map_boundaries
    from pipelines.reader.plots.map import plot_map
    from pipelines.reader.plots.style import save_picture

    outlines = map_boundaries(found, Path(options.boundaries) if options.boundaries else None, options.property)
    save_picture(
        plot_map(found, outlines, options.lang, settings, disputed=options.disputed, style=options.style),
        Path(options.plot),
    )
    return [code for code in found.codes if code not in outlines.shapes]


def _print(found: MapRates, undrawn: list[str], language: str, settings: Settings) -> None:
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.plots.style import people_words
    from pipelines.reader.release import query
    from pipelines.reader.words import word
    from schemas.comparison import load_comparison_rules

    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    # A rate whose rank is down to chance is not ranked with the others: it comes after them.
    ranked = sorted(found.rows.values(), key=lambda row: (found.is_few(row["ref_area"]), -row["rate_per_100k"]))
    symbols = [", ".join(_symbols(row, found.is_few(row["ref_area"]), language)) for row in ranked]
    place = word("asked by country" if found.query.area is None else "asked below", language)
    shown = place.format(iccs=found.query.iccs, area=found.query.area)
    people = people_words(found.query.sex, found.query.age, language)
    what = f"{shown}, {found.year}{people}, {found.key.named(language)}"
    figures = rates_and_limits(found.rows.values(), language)
    print_line(word("table title", language).format(what=what, figures=figures))
    headings = ("area", "name", "value", "rate", "low", "high", "class", *(["status"] if any(symbols) else []))
    print_table(
        headings_in(language, *headings),
        [
            [
                row["ref_area"],
                names[row["ref_area"]],
                *(row[column] for column in ("value", "rate_per_100k", "ci_low", "ci_high")),
                found.class_of(row["ref_area"]) + 1,
                *([symbol] if any(symbols) else []),
            ]
            for row, symbol in zip(ranked, symbols, strict=True)
        ],
        language=language,
    )
    if any(symbols):
        print_line(word("status and few", language).format(n=load_comparison_rules().fewest_events))
    for caveat, areas in found.caveats.items():
        where = word("all areas", language) if len(areas) == len(found.rows) else ", ".join(areas)
        print_line(caveat_line(caveat, where, language))
    _print_absent(found, undrawn, names, language)


def _print_absent(found: MapRates, undrawn: list[str], names: dict[str, str], language: str) -> None:
    """Print which areas have no rate or are not on the map, and why; and the other series."""
    from pipelines.reader.comparison import code_words
    from pipelines.reader.maps import NO_FIGURE
    from pipelines.reader.selection import SeriesKey
    from pipelines.reader.words import word
    from schemas.codelists import load_codelist

    reasons = {code.code: code_words("no_rate_reason", code.code, language) for code in load_codelist("no_rate_reason")}
    reasons[NO_FIGURE] = word("no figure", language)
    for missing, reason in found.missing.items():
        key = "area without rate" if reason in reasons else "area not compared"
        why = reasons.get(reason, reason.replace("_", " "))
        print_line(word(key, language).format(area=f"{missing} {names[missing]}", reason=why))
    for key, areas in (("undrawn", undrawn), ("other series undrawn", found.elsewhere)):
        if areas:
            print_line(word(key, language).format(areas=", ".join(f"{at} {names[at]}" for at in areas)))
    if found.others:
        others = ", ".join(SeriesKey.of_name(name).named(language) for name in found.others)
        print_line(word("other series", language).format(names=others))


def _symbols(row: dict[str, Any], few: bool, language: str) -> list[str]:
    from pipelines.reader.words import word

    return [*([row["obs_status"]] if row["obs_status"] != "A" else []), *([word("few", language)] if few else [])]
