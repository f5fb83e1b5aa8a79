"""``iccs compare``: areas side by side, and ranked where their figures are comparable."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import headings_in, print_json, print_line, print_table, rates_and_limits
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.comparison import Comparison
    from pipelines.system.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "compare", "put areas side by side, and rank those with comparable figures", series_arguments()
    )
    parser.add_argument(
        "--areas", nargs="+", metavar="AREA", help="areas, by code or name: MX Argentina DE (default: all countries)"
    )
    parser.add_argument("--year", type=int, help="year of the figures (default: the latest that most of them have)")
    parser.set_defaults(command=compare_command, area=None)


def compare_command(options: argparse.Namespace) -> int:
    """Print the figures of the areas, what each counts and why some are not ranked; draw the series if asked to."""
    from pipelines.reader.areas import find_area
    from pipelines.reader.comparison import compare_areas
    from pipelines.reader.series.courses import courses_of
    from pipelines.reader.words import word
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    areas = list(dict.fromkeys(find_area(text, settings) for text in options.areas)) if options.areas else None
    if areas is not None and len(areas) < 2:
        raise UsageError("--areas needs two or more areas to compare; for a single one: iccs trend CODE --area AREA")
    found = compare_areas(series_query(options, settings), areas, options.year, settings, options.lang)
    if options.plot:
        from pipelines.reader.plots.comparison import plot_compared
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_compared(found, options.lang, settings, style=options.style), Path(options.plot))
    courses = courses_of(found, settings, "en" if options.json else options.lang)
    if options.json:
        document = {name: value for name, value in vars(found).items() if name != "query"}
        told = courses and {**vars(courses), "sentence": courses.sentence}
        print_json({**found.query.as_document(), **document, "courses": told, "plot": options.plot})
        return EXIT_DONE
    print_comparison(found, options.lang, settings)
    if courses is not None:
        print_line(courses.sentence_in(options.lang))
    if options.plot:
        print_line(word("picture", options.lang).format(path=options.plot))
    return EXIT_DONE


def print_comparison(found: Comparison, language: str, settings: Settings) -> None:
    """Print a comparison with the definition of each figure."""
    from pipelines.reader.comparison import code_words, definition_words
    from pipelines.reader.words import semicolon, word

    print_ranking(found, language, settings)
    if found.unranked:
        print_line()
        print_table(
            headings_in(language, "not ranked", "area", "unit", "rate", "low", "high", "count", "why"),
            [
                [
                    row["ref_area"],
                    _name(row, language),
                    _unit(row, language),
                    *_figures(row),
                    semicolon(language).join(row["why"]),
                ]
                for row in found.unranked
            ],
            language=language,
        )
    for code, why in found.without.items():
        print_line(word("of area", language).format(area=code, why=why))
    print_line()
    print_table(
        headings_in(
            language, "area", "source", "stage and unit", "counted at", "composition", "population", "source words"
        ),
        [
            [
                row["ref_area"],
                row["source"],
                _unit(row, language),
                code_words("counted_at", row["counted_at"], language)
                if row["counted_at"]
                else word("not stated", language),
                row["iccs_made_from"] or word("as a whole", language),
                row["population_source"],
                definition_words(found.definitions[row["ref_area"]], language),
            ]
            for row in found.rows
        ],
        title=word("what each figure is", language),
    )


def print_ranking(found: Comparison, language: str, settings: Settings, most: int | None = None) -> None:
    """Print the ranked figures of a comparison, with what differs between them.

    Args:
        found: the comparison.
        language: language of title and names.
        settings: where the published file is.
        most: how many rows to print; all if None.
    """
    from pipelines.reader.plots.style import people_words
    from pipelines.reader.release import query
    from pipelines.reader.selection import kind_words
    from pipelines.reader.words import word

    (title,) = query(
        f"SELECT coalesce(title_{language}, title_en) FROM out.iccs WHERE code = $code",
        settings,
        {"code": found.query.iccs},
    ).rows[0]
    people = people_words(found.query.sex, found.query.age, language)
    counted = kind_words(found.query.stage or "", found.query.counting_unit or "", language)
    what = f"{found.query.iccs} {title}{people}, {found.year}, {counted}"
    if not found.ranked:
        print_line(word("no ranking", language).format(what=what))
        return
    print_table(
        headings_in(language, "place", "code", "area", "rate", "low", "high", "count", "status"),
        [
            [row["place"], row["ref_area"], _name(row, language), *_figures(row), row["obs_status"]]
            for row in found.ranked[:most]
        ],
        title=word("table title", language).format(what=what, figures=rates_and_limits(found.ranked, language)),
        language=language,
    )
    for remark in found.remarks:
        print_line(remark)


def _figures(row: dict[str, Any]) -> list[Any]:
    return [row["rate_per_100k"], row["ci_low"], row["ci_high"], row["events"]]


def _unit(row: dict[str, Any], language: str) -> str:
    from pipelines.reader.selection import kind_words

    return kind_words(row["stage"], row["counting_unit"], language)


def _name(row: dict[str, Any], language: str) -> str:
    return str(row[f"area_{language}"] or row["area_en"])
