"""``iccs codes``: ICCS categories with their branch and definition, or a search."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Literal

from pipelines.cli.arguments import add_command, add_language
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands

Language = Literal["en", "fr", "es"]


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "codes", "show an ICCS category, by code or title, or search: codes search TEXT", data=False
    )
    parser.add_argument("words", nargs="+", metavar="CODE | search TEXT")
    add_language(parser, "titles and search")
    parser.set_defaults(command=codes_command)


def codes_command(options: argparse.Namespace) -> int:
    """Print categories, or the answer to a search."""
    from pipelines.system.errors import EXIT_DONE

    if options.words[0] == "search":
        _search(" ".join(options.words[1:]), options.lang, options.json)
    else:
        _show(options.words, options.lang, options.json)
    return EXIT_DONE


def _show(codes: list[str], language: Language, as_json: bool) -> None:
    """Print each category: its place in the tree, definition, inclusions and exclusions."""
    from pipelines.reader.names import find_category

    found = [find_category(code) for code in codes]
    if as_json:
        print_json([_record(code, language) for code in found])
        return
    for code in found:
        _print_category(code, language)


def _record(code: str, language: Language) -> dict[str, object]:
    from iccs.classification import load_classification

    classification = load_classification()
    combined = classification.combined.get(code)
    if combined is not None:
        return {"code": code, "title": combined.title[language], "members": combined.members}
    category = classification.get(code)
    text = category.definition("es" if language == "es" else "en")
    return {
        "code": code,
        "level": category.level,
        "title": category.title[language],
        "ancestors": [above.code for above in classification.ancestors(code)],
        "children": [below.code for below in classification.children(code)],
        "description": text.description,
        "inclusions": text.inclusions,
        "exclusions": text.exclusions,
    }


def _print_category(code: str, language: Language) -> None:
    from iccs.classification import load_classification

    classification = load_classification()
    combined = classification.combined.get(code)
    if combined is not None:
        print_line(f"{code}  {combined.title[language]} (a combination outside the ICCS tree)")
        for member in combined.members:
            print_line(f"  {member}  {classification.get(member).title[language]}")
        return
    for depth, category in enumerate([*reversed(classification.ancestors(code)), classification.get(code)]):
        print_line(f"{'  ' * depth}{category.code}  {category.title[language]}")
    depth = classification.get(code).level
    for child in classification.children(code):
        print_line(f"{'  ' * depth}{child.code}  {child.title[language]}")
    text = classification.get(code).definition("es" if language == "es" else "en")
    for label, content in (
        ("definition", text.description),
        ("includes", text.inclusions),
        ("excludes", text.exclusions),
    ):
        if content:
            print_line(f"\n{label}:")
            print_line(textwrap.fill(content, 100, initial_indent="  ", subsequent_indent="  "))
    print_line("\nUNODC, International Classification of Crime for Statistical Purposes, Version 1.0")
    if language == "fr":
        print_line("French titles are translations made for this project; the definition is given in English.")


def _search(text: str, language: Language, as_json: bool) -> None:
    """Print the categories whose titles, terms or inclusions are nearest to some words."""
    from iccs.search import search

    if not text.strip():
        raise UsageError('codes search needs words, e.g. iccs codes search "car theft"')
    hits = search(text, lang=language)
    if as_json:
        print_json(
            [{"code": h.code, "title": h.title, "score": h.score, "field": h.field, "matched": h.matched} for h in hits]
        )
    elif hits:
        print_table(
            ["code", "title", "score", "found in", "text"],
            [[h.code, h.title, h.score, h.field, textwrap.shorten(h.matched, 70)] for h in hits],
        )
        print_line("check the definition before using a category: iccs codes CODE")
    else:
        print_line("nothing found; try fewer or other words")
