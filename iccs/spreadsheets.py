"""Texts that a spreadsheet would treat as formulas, written so that it shows them unchanged.

Rule: a text from a publisher's file is data. If it begins with = + - @ or a control character, it gets an apostrophe in
tables that we write for spreadsheets; reading the table removes the apostrophe again.
"""

from __future__ import annotations

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def quote_formula(text: str) -> str:
    """Return a text as a cell that no spreadsheet evaluates.

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
