"""``iccs evidence``: results on programmes, with what each leaves out and cannot show."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_language
from pipelines.cli.printing import figure_as, headings_in, print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "evidence", "print the results of studies on programmes (evaluations.csv of the project)"
    )
    parser.add_argument(
        "code", nargs="?", metavar="CODE", help="ICCS category, by code or title, with those inside it (default: all)"
    )
    parser.add_argument("--areas", nargs="+", default=[], metavar="AREA", help="areas, by code or name (default: all)")
    add_language(parser)
    parser.set_defaults(command=evidence_command)


def evidence_command(options: argparse.Namespace) -> int:
    """Print each result as its authors state it, followed by what it leaves out and cannot show."""
    from pipelines.reader.areas import find_area
    from pipelines.reader.names import find_category
    from pipelines.reader.series.evidence import read_evidence
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    areas = list(dict.fromkeys(find_area(text, settings) for text in options.areas))
    code = options.code and find_category(options.code)
    found = read_evidence(code, areas, settings)
    if options.json:
        print_json(found)
        return EXIT_DONE
    _print(found, options.lang)
    return EXIT_DONE


def _print(found: list[dict[str, Any]], language: str) -> None:
    from pipelines.reader.words import semicolon, word

    names = ("programme", "area", "since", "category", "design", "effect", "said by")
    print_table(
        headings_in(language, *names),
        [_row(row, language) for row in found],
        title=word("evidence title", language),
    )
    for row in found:
        lacks = [
            word(f"evidence without {part}", language) for part in (row["evidence_lacks"] or "").split("; ") if part
        ]
        line = word("evidence lacks" if lacks else "evidence cannot tell", language)
        print_line(
            line.format(programme=row["programme"], lacks=semicolon(language).join(lacks), limits=row["cannot_tell"])
        )


def _row(row: dict[str, Any], language: str) -> list[Any]:
    from iccs.classification import load_classification
    from pipelines.reader.comparison import code_words
    from pipelines.reader.words import word

    tree = load_classification()
    title = tree.get(row["iccs"]).title[language] if row["iccs"] in tree else ""
    design = row["study_design"] if language == "en" else code_words("study_design", row["study_design"], language)
    if row["compared_with"]:
        design = word("evidence compared", language).format(design=design, other=row["compared_with"])
    names = [row[name] for name in ("programme", "ref_area", "started")]
    return [*names, f"{row['iccs']} {title}".strip(), design, _effect(row, language), row["said_by"]]


def _effect(row: dict[str, Any], language: str) -> str:
    """Return the effect with its interval, as many digits as the authors give."""
    from pipelines.reader.comparison import code_words
    from pipelines.reader.words import word

    if row["effect"] is None:
        return word("evidence not given", language)
    shown = {
        name: figure_as(row[column], "g", language)
        for name, column in (
            ("effect", "effect"),
            ("low", "effect_low"),
            ("high", "effect_high"),
            ("level", "effect_confidence_percent"),
        )
        if row[column] is not None
    }
    key = "evidence no interval" if row["effect_low"] is None else "evidence effect"
    return word(key, language).format(measure=code_words("effect_measure", row["effect_measure"], language), **shown)
