"""Texts that a spreadsheet would take for a formula, written so that it shows them as they are.

The law: a text from a publisher's file is data. Where it begins with = + - @ or a control character, a table that we
write for people to open in a spreadsheet has an apostrophe before it; reading the table takes the apostrophe off again.
"""

from __future__ import annotations

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def quote_formula(text: str) -> str:
    """Return a text as a cell that no spreadsheet computes.

    >>> quote_formula("=HYPERLINK(A1)"), quote_formula("Murder")
    ("'=HYPERLINK(A1)", 'Murder')
    """
    return f"'{text}" if text.removeprefix("'").startswith(_STARTS_FORMULA) else text


def unquote_formula(cell: str) -> str:
    """Return the text that ``quote_formula`` wrote as a cell.

    >>> unquote_formula("'-1"), unquote_formula("'s-Gravenhage")
    ('-1', "'s-Gravenhage")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].removeprefix("'").startswith(_STARTS_FORMULA) else cell
