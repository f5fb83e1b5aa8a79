"""``iccs areas``: areas that have figures, with their codes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, add_language
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "areas", "list the areas that have figures, or search them by name or country")
    parser.add_argument("text", nargs="?", metavar="TEXT", help="part of a code or name: MX, mexico, nord")
    add_language(parser, "names")
    parser.set_defaults(command=areas_command)


def areas_command(options: argparse.Namespace) -> int:
    """Print the areas with figures; without a search text, the countries and the number of parts of each."""
    from pipelines.reader.areas import list_areas
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    areas = list_areas(options.text, load_settings(options.data))
    if options.json:
        print_json(areas)
        return EXIT_DONE
    parts = [area for area in areas if area["area_level"] != "country"]
    shown = areas if options.text else [area for area in areas if area["area_level"] == "country"]
    if not shown:
        print_line(f"no area with figures has {options.text!r} in its code or name; all: iccs areas")
        return EXIT_DONE
    print_table(
        ["code", "name", "level", "part of", "sources", "from", "to"],
        [
            [
                area["code"],
                area[f"name_{options.lang}"] or area["name_en"],
                area["area_level"],
                area["parent"],
                area["sources"],
                area["first_period"],
                area["last_period"],
            ]
            for area in shown
        ],
    )
    if parts and not options.text:
        print_line(f"and {len(parts):,} regions and municipalities; for those of a country: iccs areas MX")
    return EXIT_DONE
