"""``iccs latest``: the latest months of a series, what they will probably reach, and whether one is unusually high."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands

_HEADINGS = (
    "column month",
    "as published",
    "column will come to",
    "column low",
    "column high",
    "column expected",
    "column limit",
    "column exceedance",
    "alert",
)
"""Words of the headings of the columns."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "latest",
        "show the latest months: which are still filling up, which are unusually high",
        series_arguments(),
    )
    parser.add_argument("--area", required=True, help="area, by code or name: MX-SIN, Sinaloa")
    parser.set_defaults(command=latest_command)


def latest_command(options: argparse.Namespace) -> int:
    """Print the latest months as published, with nowcast and early warning; draw them if asked to."""
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.series.latest import read_latest
    from pipelines.reader.words import word
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    found = read_latest(series_query(options, settings, "M"), settings, "en" if options.json else options.lang)
    if options.plot:
        from pipelines.reader.plots.latest import plot_latest
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_latest(found, options.lang, settings, style=options.style), Path(options.plot))
    if options.json:
        document = {
            "months": found.months,
            "sentences": found.sentences,
            "no_nowcast": found.no_nowcast or None,
            "no_alert": found.no_alert or None,
            "editions": found.editions,
            "plot": options.plot,
        }
        print_json({**found.series.query.as_document(), **document})
        return EXIT_DONE
    names = (
        "time_period",
        "value",
        "nowcast",
        "nowcast_low",
        "nowcast_high",
        "count_expected",
        "count_upper",
        "exceedance",
    )
    print_table(
        [word(heading, options.lang) for heading in _HEADINGS],
        [
            [*(row[name] for name in names), word("yes", options.lang) if row["is_alert"] else ""]
            for row in found.months
        ],
        title=found.series.titled(options.lang),
        decimals=1,
        language=options.lang,
    )
    print_line()
    for sentence in found.sentences:
        print_line(sentence)
    for caveat, months in found.caveats.items():
        print_line(caveat_line(caveat, months, options.lang))
    if options.plot:
        print_line(word("picture", options.lang).format(path=options.plot))
    return EXIT_DONE
