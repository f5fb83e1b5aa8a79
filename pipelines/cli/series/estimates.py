"""``iccs estimates``: survey estimates and published ratios with their errors, beside recorded counts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_style
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.system.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "estimates", "print survey estimates and published ratios, with their sampling errors"
    )
    parser.add_argument(
        "code", nargs="?", metavar="CODE", help="ICCS category, by code or title, with those inside it (default: all)"
    )
    parser.add_argument("--areas", nargs="+", default=[], metavar="AREA", help="areas, by code or name (default: all)")
    parser.add_argument("--sdg", metavar="NUMBER", help="only figures of this SDG indicator, e.g. 16.3.2")
    parser.add_argument("--sex", default="_T", help="sex, by code or name: F, Female, _O (default: _T, all)")
    parser.add_argument(
        "--plot", metavar="FILE", help="picture for one category and area: estimates next to recorded counts"
    )
    add_style(parser)
    parser.add_argument(
        "--lang", choices=("en", "fr", "es"), default="en", help="language of caveats and the picture (default: en)"
    )
    parser.set_defaults(command=estimates_command)


def estimates_command(options: argparse.Namespace) -> int:
    """Print the figures as published, the trend lines through them, and recorded counts of the same year."""
    from pipelines.reader.areas import find_area
    from pipelines.reader.names import find_category, find_code
    from pipelines.reader.release import check_code
    from pipelines.reader.series.estimates import read_estimates
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    areas = list(dict.fromkeys(find_area(text, settings) for text in options.areas))
    options.code = options.code and find_category(options.code)
    options.sex = check_code("sex", find_code("sex", options.sex, settings), settings)
    found = read_estimates(options.code, areas, options.sdg, options.sex, settings)
    if options.plot:
        _plot(options, areas, settings)
    if options.json:
        print_json(vars(found))
        return EXIT_DONE
    print_table(
        [
            *("area", "period", "category", "in the source", "measure", "of"),
            *("estimate", "low", "high", "unit", "status", "source"),
        ],
        [_row(row) for row in found.figures],
        title="As published; low and high at the source's confidence level, otherwise 95 %",
    )
    for text in _caveat_lines(found.figures, options.lang):
        print_line(text)
    for line in found.lines:
        print_line(_line(line))
    if found.beside:
        print_table(
            [
                *("area", "year", "category", "measure", "of the survey", "estimate", "low", "high"),
                *("recorded", "of", "source", "share", "differences"),
            ],
            [_beside(row) for row in found.beside],
            title="Recorded counts next to the estimates: figures of two populations, never one series",
        )
        for text in _caveat_lines(found.beside, options.lang):
            print_line(text)
    return EXIT_DONE


def _plot(options: argparse.Namespace, areas: list[str], settings: Settings) -> None:
    from pathlib import Path

    from pipelines.reader.plots.dark_figure import plot_dark_figure
    from pipelines.reader.plots.style import check_picture_path, save_picture
    from schemas.errors import UsageError

    path = Path(options.plot)
    check_picture_path(path)
    if options.code is None or len(areas) != 1 or options.sdg:
        raise UsageError("--plot: name one category and one area (iccs estimates 0401 --areas Australia --plot FILE)")
    asked = (options.code, areas[0], options.sex, options.lang, settings)
    save_picture(plot_dark_figure(*asked, style=options.style), path)
    if not options.json:
        print_line(f"picture: {path}")


def _row(row: dict[str, Any]) -> list[Any]:
    limits = ("estimate", "lower_limit", "upper_limit")
    status = row["missing_reason"] or row["obs_status"]
    names = [row["ref_area"], row["time_period"], row["iccs"], row["national_label"], row["measure"]]
    names.append(f"{row['counting_unit']}s: {_universe(row)}")
    return [*names, *(row[name] for name in limits), row["unit_of_measure"], status, row["source"]]


def _caveat_lines(rows: list[dict[str, Any]], language: str) -> list[str]:
    """Return a line for each caveat, with the areas and periods whose figures carry it.

    >>> row = {"ref_area": "AU", "time_period": "2021", "caveats": "sampling_error_not_given;figures_rounded"}
    >>> _caveat_lines([row, row | {"time_period": "2022", "caveats": "sampling_error_not_given"}], "en")
    ['caveat figures_rounded: AU 2021', 'caveat sampling_error_not_given: AU 2021-2022']
    """
    from pipelines.reader.comparison import caveat_line

    found: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        for caveat in filter(None, (row["caveats"] or "").split(";")):
            found.setdefault(caveat, {}).setdefault(row["ref_area"], set()).add(row["time_period"])
    return [
        caveat_line(caveat, "; ".join(f"{area} {_spans(periods)}" for area, periods in sorted(areas.items())), language)
        for caveat, areas in sorted(found.items())
    ]


def _spans(periods: set[str]) -> str:
    from iccs.periods import year_spans

    if all(period.isdigit() for period in periods):
        return year_spans(sorted(map(int, periods)))
    return ", ".join(sorted(periods))


def _universe(row: dict[str, Any]) -> str:
    from schemas.declarations import attribute_columns

    parts = [row[name] for name in ("age", *attribute_columns()) if row.get(name, "_T") != "_T"]
    return " ".join([row["universe"], *parts])


def _line(line: dict[str, Any]) -> str:
    from pipelines.statistics.wording import signed_text

    return (
        f"{line['ref_area']} {line['iccs']} {line['national_label']}, {line['measure']} ({line['source']}): "
        f"{line['direction']}, "
        f"{line['first_year']}-{line['last_year']}, n = {line['n']}, {signed_text(line['slope_per_year'])} a year "
        f"({signed_text(line['lower_limit'])} to {signed_text(line['upper_limit'])})"
        + (f"; caveats: {line['caveats'].replace(';', ', ')}" if line["caveats"] else "")
    )


def _beside(row: dict[str, Any]) -> list[Any]:
    survey = [row[name] for name in ("ref_area", "time_period", "iccs", "measure")]
    survey += [f"{row['survey_counting_unit']}s: {_universe(row)}"]
    survey += [row[name] for name in ("estimate", "lower_limit", "upper_limit")]
    recorded = [row["recorded"], f"{row['recorded_counting_unit']}s", row["recorded_source"]]
    return [*survey, *recorded, row["recorded_share"], row["differences"]]
