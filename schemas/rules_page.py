"""The page ``docs/when_it_refuses.md``: every rule, what it means and what to do, from the catalogue.

``python -m schemas.rules_page > docs/when_it_refuses.md`` writes it.
"""

from __future__ import annotations

import sys
from importlib import resources

from schemas.codelists import load_codelist
from schemas.declarations import ATTRIBUTES, Rule, load_rules, parse_yaml

_SECTIONS = {
    "reading": (
        "Reading a file",
        "A file that fails is refused with its whole source; nothing of the source is published.",
    ),
    "cells": (
        "Reading a row or cell",
        "A row that fails goes to quarantine (`iccs quality SOURCE --rejected`). The source is refused if more than "
        "its `rejected_share_limit` fails, which is 0 unless source.yml sets another.",
    ),
    "source": ("A source as a whole", "After every row has its category."),
    "figures": ("The figures of a source", "On totals by area, period and category, before they are stored."),
    "structure": ("The structure of the figures", "Codes, keys and completeness of the same figures."),
    "publication": ("Sources against each other", "While a release is built; they only warn."),
}


def write_rules_page() -> str:
    """Return the page of all rules as Markdown.

    >>> write_rules_page().splitlines()[0]
    '# When it refuses or warns'
    """
    lines = [
        "# When it refuses or warns",
        "",
        "Generated from `schemas/rules/`; do not edit. Each message names its rule; here is why the rule exists and",
        "what to do. A rule of severity *error* refuses: the last good vintage of the source stays published.",
        "A *warning* publishes, and where the rule has a caveat, the cells it found carry it. The outcome of every",
        "rule is in `out.quality`, the largest findings are in `out.quality_cell` and in `iccs quality SOURCE`.",
    ]
    rules = load_rules()
    for file, (title, note) in _SECTIONS.items():
        lines += ["", f"## {title}", "", note]
        for declared in parse_yaml(resources.files("schemas").joinpath("rules", f"{file}.yml").read_text("utf-8")):
            name = declared.replace(ATTRIBUTES, "weapon")  # one of the attributes, which all have the same rule
            lines += ["", *_section(declared, rules[name])]
    return "\n".join(lines) + "\n"


def _section(declared: str, rule: Rule) -> list[str]:
    facts = [rule.severity]
    if rule.caveat is not None:
        label = next(code.label_en for code in load_codelist("caveat") if code.code == rule.caveat)
        facts.append(f"caveat `{rule.caveat}` ({label})")
    if len(rule.applies_to) == 1:
        facts.append(f"{rule.applies_to[0]}s only")
    elif "estimate" in rule.applies_to:
        *others, last = (f"{kind}s" for kind in rule.applies_to)
        facts.append(f"{', '.join(others)} and {last}")
    return [
        f"### {declared.replace(ATTRIBUTES, '<attribute>')}",
        "",
        f"*{'; '.join(facts)}*",
        "",
        rule.reason,
        "",
        f"**What to do:** {rule.what_to_do}",
    ]


if __name__ == "__main__":
    sys.stdout.write(write_rules_page())
