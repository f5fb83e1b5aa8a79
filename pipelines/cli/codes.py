"""What the command codes prints: one ICCS category with its branch and definition, or a search."""

from __future__ import annotations

import textwrap
from typing import Literal

from iccs.classification import load_classification
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.system.errors import EXIT_DONE
from schemas.errors import UsageError

Language = Literal["en", "fr", "es"]


def show_code_command(codes: list[str], language: Language, as_json: bool) -> int:
    """Print each category: where it stands in the tree, what it is, what it holds and what it leaves out."""
    classification = load_classification()
    found = [classification.normalise(code) for code in codes]
    if as_json:
        print_json([_record(code, language) for code in found])
        return EXIT_DONE
    for code in found:
        _print_category(code, language)
    return EXIT_DONE


def _record(code: str, language: Language) -> dict[str, object]:
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


def search_command(text: str, language: Language, as_json: bool) -> int:
    """Print the categories whose titles, terms or inclusions come nearest to some words."""
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
        print_line("a search suggests; the definition decides: iccs codes CODE")
    else:
        print_line("nothing found; try fewer or other words")
    return EXIT_DONE
