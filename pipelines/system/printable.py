"""Texts of files made safe to show on a terminal or a page: without control sequences or invisible characters."""

from __future__ import annotations

import re

_JOINERS = r"(?<![\u0600-\u109f\u1780-\u18af])[\u200c\u200d]"
"""Between letters of Arabic, Indian, Khmer and Mongolian scripts a joiner is part of the spelling; elsewhere it is
invisible."""
UNPRINTABLE = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    rf"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|{_JOINERS}"
)
"""Control characters (C0 but the line feed, delete, C1), marks that reorder text, and invisible characters (joiners,
fillers, variation selectors, tags, surrogates), which a cell of a national file may contain. A terminal would obey the
first; the last make labels differ that look the same."""


def printable(text: str) -> str:
    r"""Return a text with control characters and invisible characters written out as escapes.

    >>> printable("\x1b]0;title\x07 M\u00e9xico\tx")
    '\\x1b]0;title\\x07 México x'
    >>> printable("To\u200btal"), printable("\u0645\u06cc\u200c\u0631")  # a spelling of Persian
    ('To\\u200btal', 'می\u200cر')
    """
    return UNPRINTABLE.sub(_written_out, text.replace("\t", " "))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def shown(value: object) -> object:
    r"""Return a value for a page, with texts, and HTML made of texts, made ``printable``.

    >>> shown("Robo\u202e 12"), shown(12)
    ('Robo\\u202e 12', 12)
    """
    if isinstance(value, str) and UNPRINTABLE.search(value):
        return type(value)(printable(value))
    return value
