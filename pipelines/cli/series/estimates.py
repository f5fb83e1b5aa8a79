"""``iccs estimates``: survey estimates and published ratios with their errors, beside recorded counts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_language, add_style
from pipelines.cli.printing import headings_in, print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.series.estimates import Estimates
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
    add_language(parser, "tables, lines and the picture")
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
    _print(found, options.lang)
    return EXIT_DONE


def _print(found: Estimates, language: str) -> None:
    from pipelines.reader.words import word

    names = ("area", "period", "category", "in the source", "measure", "of")
    print_table(
        headings_in(language, *names, "estimate", "low", "high", "unit", "status", "source"),
        [_row(row, language) for row in found.figures],
        title=word("estimates title", language),
        language=language,
    )
    for text in _caveat_lines(found.figures, language):
        print_line(text)
    for line in found.lines:
        print_line(_line(line, language))
    if found.beside:
        survey = ("area", "year", "category", "measure", "of the survey", "estimate", "low", "high")
        print_table(
            headings_in(language, *survey, "recorded count", "of", "source", "share", "differences"),
            [_beside(row, language) for row in found.beside],
            title=word("beside title", language),
            language=language,
        )
        for text in _caveat_lines(found.beside, language):
            print_line(text)


def _plot(options: argparse.Namespace, areas: list[str], settings: Settings) -> None:
    from pathlib import Path

    from pipelines.reader.plots.dark_figure import plot_dark_figure
    from pipelines.reader.plots.style import check_picture_path, save_picture
    from pipelines.reader.words import word
    from schemas.errors import UsageError

    path = Path(options.plot)
    check_picture_path(path)
    if options.code is None or len(areas) != 1 or options.sdg:
        raise UsageError("--plot: name one category and one area (iccs estimates 0401 --areas Australia --plot FILE)")
    asked = (options.code, areas[0], options.sex, options.lang, settings)
    save_picture(plot_dark_figure(*asked, style=options.style), path)
    if not options.json:
        print_line(word("picture", options.lang).format(path=path))


def _row(row: dict[str, Any], language: str) -> list[Any]:
    limits = ("estimate", "lower_limit", "upper_limit")
    status = _label("missing_reason", row["missing_reason"], language) or row["obs_status"]
    names = [row[name] for name in ("ref_area", "time_period", "iccs", "national_label", "measure")]
    unit = _label("unit_of_measure", row["unit_of_measure"], language)
    people = _people(row, row["counting_unit"], language)
    return [*names, people, *(row[name] for name in limits), unit, status, row["source"]]


def _label(codelist: str, code: str | None, language: str) -> str | None:
    """Return a code in English, and its label in other languages."""
    from pipelines.reader.comparison import code_words

    return code if code is None or language == "en" else code_words(codelist, code, language)


def _people(row: dict[str, Any], counting_unit: str, language: str) -> str:
    """Return what was counted of whom."""
    from pipelines.reader.words import word

    return word("units of people", language).format(
        units=word(f"units {counting_unit}", language), people=_universe(row, language)
    )


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


def _universe(row: dict[str, Any], language: str) -> str:
    from schemas.declarations import attribute_columns

    parts = [row[name] for name in ("age", *attribute_columns()) if row.get(name, "_T") != "_T"]
    return " ".join([_whom(row["universe"], language), *parts])


def _whom(universe: str, language: str) -> str:
    """Return a population: its code in English, its label without remarks in other languages.

    >>> _whom("persons", "en"), _whom("persons", "es")
    ('persons', 'personas')
    """
    return (_label("universe", universe, language) or "").partition(" (")[0].lower()


def _line(line: dict[str, Any], language: str) -> str:
    from pipelines.reader.series.trends import direction_words
    from pipelines.reader.words import figure_in, semicolon, word
    from pipelines.statistics.wording import signed_text

    slope, low, high = (
        figure_in(signed_text(line[name]), language) for name in ("slope_per_year", "lower_limit", "upper_limit")
    )
    text = word("line of estimates", language).format(
        area=line["ref_area"],
        iccs=line["iccs"],
        label=line["national_label"],
        measure=line["measure"],
        source=line["source"],
        direction=direction_words(line["direction"], language),
        first=line["first_year"],
        last=line["last_year"],
        n=line["n"],
        slope=slope,
        low=low,
        high=high,
    )
    if not line["caveats"]:
        return text
    codes = word("carries", language).format(codes=line["caveats"].replace(";", ", "))
    return f"{text}{semicolon(language)}{codes}"


def _beside(row: dict[str, Any], language: str) -> list[Any]:
    from pipelines.reader.words import word

    survey = [row[name] for name in ("ref_area", "time_period", "iccs", "measure")]
    survey += [_people(row, row["survey_counting_unit"], language)]
    survey += [row[name] for name in ("estimate", "lower_limit", "upper_limit")]
    units = word(f"units {row['recorded_counting_unit']}", language)
    recorded = [row["recorded"], units, row["recorded_source"], row["recorded_share"]]
    return [*survey, *recorded, _differences(row, language)]


def _differences(row: dict[str, Any], language: str) -> str:
    """Return the differences between an estimate and the count beside it, which the release has in English."""
    from pipelines.reader.words import reworded, semicolon, word
    from schemas.codelists import load_codelist

    def period(text: str) -> str:
        told = (one for one in load_codelist("reference_period") if one.label_en.lower() == text.lower())
        label = next((str(getattr(one, f"label_{language}")) for one in told), text)
        return label[:1].lower() + label[1:]

    places = {
        "survey": lambda _: word(f"units {row['survey_counting_unit']}", language),
        "recorded": lambda _: word(f"units {row['recorded_counting_unit']}", language),
        "people": lambda text: text.replace(row["universe"], _whom(row["universe"], language)),
        "period": period,
        "relation": lambda text: word(f"relation {text}", language),
    }
    parts = row["differences"].split("; ")
    return semicolon(language).join(reworded(part, "difference ", language, places) for part in parts)
