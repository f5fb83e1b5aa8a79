"""How a source writes its figures: the marks allowed, which of them look alike, units, and when years begin."""

from __future__ import annotations

BLANKS = " \u00a0\u202f\u2009\u2007\u2008\u200a\u2002\u2003\u2004\u2005\u2006\u205f\u3000"
"""Space, no-break, narrow no-break, thin, figure, punctuation, hair and wider spaces: the same mark on paper."""

APOSTROPHES = "'\u2019\u2018\u02bc\u00b4\u0060\u2032\uff07"
"""Apostrophe, both quotation marks, modifier letter, acute and grave accent, prime: the same mark on paper."""

_ALIKE = (BLANKS, APOSTROPHES)

OTHER_DIGITS = "".join(
    chr(zero + digit)
    for zero in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x0ED0, 0x1040, 0x17E0, 0xFF10)
    for digit in range(10)
)
"""Digits of nine scripts, zero to nine of each: Arabic (eastern and Persian), Devanagari, Bengali, Thai, Lao, Burmese,
Khmer, and the wide ones of East Asia."""
THEIR_VALUES = "0123456789" * (len(OTHER_DIGITS) // 10)


def in_ascii(text: str) -> str:
    """Return a text with the digits of other scripts as 0 to 9.

    >>> in_ascii("\u0661\u0662 \u0e52\u0e55"), in_ascii("1876\u00b2")
    ('12 25', '1876²')
    """
    return text.translate(str.maketrans(OTHER_DIGITS, THEIR_VALUES))


def alike(mark: str) -> str:
    """Return every character that looks like this thousands or decimal mark, including the mark itself.

    >>> alike(","), "’" in alike("'")
    (',', True)
    """
    return next((family for family in _ALIKE if mark in family), mark)


def checked_mark(mark: str) -> str:
    """Return the thousands or decimal mark; raise ValueError if it could be part of a number or a word.

    A digit, a letter or a sign used as a mark would remove a character from the figure: 1721 would become 172.
    """
    if not mark:
        return mark
    if len(mark) != 1:
        raise ValueError(f"{mark!r} must be one character, or left out")
    if mark.isalnum() or mark in '+-\u2212[]^\\"' or (not mark.isprintable() and mark not in BLANKS):
        raise ValueError(f"{mark!r} cannot be a mark between digits: digits, letters and signs are part of the number")
    return mark


def checked_multiplier(number: int) -> int:
    """Return how many units a number stands for; raise ValueError unless it is a power of ten."""
    if number < 1 or not set(str(number)) <= {"0", "1"} or str(number).count("1") > 1:
        raise ValueError(
            f"{number} must be 1, 10, 100, 1000 ...: the figures of the file are in units, tens, hundreds, thousands"
        )
    return number


def checked_month(text: str) -> str:
    """Return the month in which a year begins, from 02 to 12; raise ValueError for any other text."""
    if text not in {f"{month:02d}" for month in range(2, 13)}:
        raise ValueError(
            f'{text!r} must be a month from "02" to "12", in quotes; years that begin in January do not need this key'
        )
    return text


def checked_start(value: object) -> bool | str:
    """Return whether figures are cumulative, or the month since which, from 02 to 12; raise ValueError for all else."""
    if not isinstance(value, bool) and value not in {f"{month:02d}" for month in range(2, 13)}:
        raise ValueError('must be true, false, or the month in which the sums begin, from "02" to "12", in quotes')
    return value if isinstance(value, bool) else str(value)


def check_marks(thousands: str, decimal: str, decimal_given: bool, notes: tuple[str, ...]) -> None:
    """Raise ValueError for marks with which a figure would lose or gain digits.

    Args:
        thousands: between groups of digits, empty for none.
        decimal: before the fraction.
        decimal_given: whether the declaration gives it.
        notes: marks that may follow a number.
    """
    if thousands and thousands in alike(decimal):
        other = "," if decimal == "." else "."
        default = "" if decimal_given else f"; decimal is {decimal!r} if not given"
        raise ValueError(
            f"thousands: {thousands!r} is the decimal mark as well{default}: 12.5 would be the same as 125; declare "
            f'the other mark as well (decimal: "{other}")'
        )
    if decimal in BLANKS:
        raise ValueError("decimal: a blank separates numbers; write the mark before the fraction")
    for note in notes:
        bare = note.strip()
        if set(bare) & set("%‰"):
            raise ValueError(
                f"marks: {note!r} means that the number is a share, but it would be published as a count; declare a "
                "measure with figures: ratio and unit: percent, and remove the sign in reshape.sql"
            )
        if (
            not bare
            or bare[0].isdecimal()  # a raised digit, as in 1876², is a note
            or bare[0] in f"+-\u2212{alike(decimal)}{alike(thousands) if thousands else ''}"
        ):
            raise ValueError(
                f"marks: {note!r} cannot follow a number: it begins with a character that may be part of one, so that "
                "1721 could be 172 with a mark; write it as in the file, with its brackets, or remove it in "
                "reshape.sql"
            )
