"""A draft concordance from the candidates of each label, for a person to edit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from iccs.concordance import Link, concordance_columns
from iccs.spreadsheets import quote_formula
from iccs.suggest.candidates import LabelToCode, Suggestion, suggest
from iccs.suggest.text import LabelLanguage


def draft_concordance(
    labels: Sequence[LabelToCode],
    lang: LabelLanguage,
    exclude_source: str | None = None,
) -> list[Link]:
    """Return a concordance to edit: one draft link for each national code, with the candidates in its note.

    The link leads to the safe category; if there is none, the code is listed as pending. Nothing is decided: the
    relation is `partial` and the status `draft` until a person has read the definitions. A pair of code and label
    given twice is written once.

    Raises:
        ValueError: a national code is blank or has two labels; also as `suggest`.
    """
    distinct = list(dict.fromkeys(labels))
    by_code: dict[str, LabelToCode] = {}
    for national in distinct:
        if not national.code.strip():
            raise ValueError(f"the label {national.label!r} has no national code: give each category one")
        earlier = by_code.setdefault(national.code, national)
        if earlier is not national:
            raise ValueError(
                f"national code {national.code!r} has two labels, {earlier.label!r} and {national.label!r}: "
                "use the column that distinguishes the categories as the code, or join the parts"
            )
    return [_draft(suggestion) for suggestion in suggest(distinct, lang, exclude_source=exclude_source)]


def write_concordance(links: Iterable[Link], path: Path) -> None:
    """Write links as a concordance file: CSV, UTF-8, one header row, safe to open in a spreadsheet.

    A text that a spreadsheet would take for a formula is prefixed with an apostrophe, which `read_concordance` removes.

    Raises:
        FileExistsError: if the file exists; a draft must never replace a reviewed table.
    """
    text = io.StringIO(newline="")
    rows = ([quote_formula(cell) for cell in link.row.values()] for link in links)
    csv.writer(text, lineterminator="\n").writerows([concordance_columns(), *rows])
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())


def _draft(suggestion: Suggestion) -> Link:
    national, safe = suggestion.national, suggestion.safe_code
    if safe is None:
        why = (
            "no common category below level 1" if suggestion.candidates else ("nothing in the ICCS resembles the label")
        )
        note = f"Draft: {why}. {_listed(suggestion)}".strip()
        return Link(national.code, national.label, "", "none", out_of_scope="pending", basis="label", note=note)
    attributes = {"attempted": "ATTEMPTED"} if suggestion.attempted else {}
    return draft_link(national, safe, "partial", f"Draft: read the definition. {_listed(suggestion)}", attributes)


def draft_link(
    national: LabelToCode,
    iccs_code: str,
    relation: str,
    note: str,
    attributes: Mapping[str, str] = MappingProxyType({}),
) -> Link:
    """Return a draft link of a national category, which says nothing of threats, aiding and the like."""
    return Link(
        national.code,
        national.label,
        iccs_code,
        relation,
        attributes=attributes,
        threats="unknown",
        aiding="unknown",
        accomplice="unknown",
        conspiracy="unknown",
        incitement="unknown",
        basis="label",
        note=note,
    )


def _listed(suggestion: Suggestion) -> str:
    """Return the candidates in one line: code, title, score, words for it, what speaks against it."""
    shown = []
    for candidate in suggestion.candidates:
        words = f", for: {', '.join(candidate.words)}" if candidate.words else ""
        against = f", against: {'; '.join(candidate.against)}" if candidate.against else ""
        shown.append(f"{candidate.code} {candidate.title} ({candidate.score:.2f}{words}{against})")
    return f"Candidates: {' | '.join(shown)}" if shown else ""
