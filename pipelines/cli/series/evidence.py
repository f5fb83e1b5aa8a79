"""``iccs evidence``: results on programmes, with what each leaves out and cannot show."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_json, print_line, print_table

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
    print_table(
        ["programme", "area", "since", "category", "design", "effect", "said by"],
        [_row(row) for row in found],
        title="As their authors state them; nothing is computed from them",
    )
    for row in found:
        lacks = f"lacks: {row['evidence_lacks']}; " if row["evidence_lacks"] else ""
        print_line(f"{row['programme']}: {lacks}cannot tell: {row['cannot_tell']}")
    return EXIT_DONE


def _row(row: dict[str, Any]) -> list[Any]:
    names = [row[name] for name in ("programme", "ref_area", "started")]
    design = row["study_design"] + (f", compared with {row['compared_with']}" if row["compared_with"] else "")
    return [*names, f"{row['iccs']} {row['title'] or ''}".strip(), design, _effect(row), row["said_by"]]


def _effect(row: dict[str, Any]) -> str:
    if row["effect"] is None:
        return "not given"
    kind = row["effect_measure"].replace("_", " ")
    if row["effect_low"] is None:
        return f"{kind} {row['effect']:g}, no interval"
    level = f"{row['effect_confidence_percent']:g} %"
    return f"{kind} {row['effect']:g} ({row['effect_low']:g} to {row['effect_high']:g}, {level})"
