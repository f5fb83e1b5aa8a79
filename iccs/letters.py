"""Letters compared without what languages and keyboards write differently."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss"})


def without_accents(text: str) -> str:
    """Return a text with its accents removed, in the case it has.

    >>> without_accents("Género"), without_accents("Región Ñuble")
    ('Genero', 'Region Nuble')
    """
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def base_letters(text: str) -> str:
    """Return a text in lower case and in the letters a to z: without accents, joined letters apart.

    >>> base_letters("Œuvre"), base_letters("Straße")
    ('oeuvre', 'strasse')
    """
    return without_accents(text.lower().translate(_LETTERS))
