"""Words of values.csv whose meaning does not depend on the source: unknown, and total.

A label that means unknown, or a total, must not have the code of anything else.
"""

from __future__ import annotations

import re

from schemas.words_of_totals import TOTALS, plain

_NOUN = r"(?:sex|sexo|sexe|gender|genero|geschlecht|ages?|edad|alter|idade|place|region|area|province|state|lugar)"
_UNKNOWN = re.compile(
    rf"(?:{_NOUN} )?(?:un-?known|unspecified|undetermined|unidentified|unclassified|undisclosed|unstated"
    r"|not (?:stated|known|specified|recorded|reported|determined|identified|given|available|disclosed|collected)"
    r"|no (?:especificad[oa]s?|identificad[oa]s?|determinad[oa]s?|informad[oa]s?|consta|registrad[oa]s?|reportad[oa]s?"
    r"|disponible|se sabe|indicad[oa]s?)"
    r"|sin (?:especificar|informacion|datos?|determinar|identificar|registro)|se (?:ignora|desconoce)|desconocid[oa]s?"
    r"|ignorad[oa]s?|nao (?:informad[oa]|identificad[oa]|especificad[oa]|declarad[oa]|consta)|sem informacao"
    r"|inconnue?s?|non (?:renseigne|precise|determine|declare|specifie|identifie)e?s?|indetermine?e?s?"
    r"|indeterminad[oa]s?"
    r"|unbekannte?s?|(?:ohne|keine) angabe|sconosciut[oaei]|non (?:noto|specificato|indicato)|nieznan[yea]|onbekend"
    r"|okand[at]?|ukjent|ukendt|tuntematon|неизвестно|неизвестный|не (?:указан|установлен)[оаы]?)"
    rf"(?: {_NOUN})?"
)
_NOT_OF_PERSONS = frozenset({"measure", "value", "obs_status", "precision", "age_unit"})
_NINES = frozenset({"9", "99", "-9"})
_CODES_OF_UNKNOWN = frozenset({"_U", "UNIDENTIFIED", "STRANGER"})
"""Codes for unknown, including those of an unidentified weapon and of an offender whom the victim does not know."""


def is_unknown(word: str) -> bool:
    """Tell whether a label says that something is not known.

    >>> is_unknown("No identificado"), is_unknown("Sex not stated"), is_unknown("Other or unknown")
    (True, True, False)
    """
    return _UNKNOWN.fullmatch(plain(word)) is not None


def word_problem(dimension: str, word: str, code: str) -> str | None:
    """Return what is wrong with the code of a label of unknown or of a total; None if nothing is.

    >>> word_problem("sex", "Unknown", "_T")
    "sex 'Unknown' has the code _T, but the word means that it is not known: its code is _U."
    >>> word_problem("sex", "Total", "M"), word_problem("ref_area", "Not stated", "ZA-_U")
    ("sex 'Total' has the code M, but the word means a total: its code is _T.", None)
    >>> word_problem("sex", "9", "F")
    "sex '9' has the code F, but the word means that it is not known in lists of 1, 2 and 9: its code is _U."
    """
    if dimension in _NOT_OF_PERSONS:
        return None
    says = f"{dimension} {word!r} has the code {code}, but the word means"
    is_place = dimension == "ref_area"
    if is_unknown(word) and code not in _CODES_OF_UNKNOWN:
        if not is_place:
            return f"{says} that it is not known: its code is _U."
        if "-" in code and not code.endswith("-_U"):
            return f"{says} that the place is not known: its code is {code.split('-')[0]}-_U."
    if dimension == "sex" and word.strip() in _NINES and code in ("M", "F"):
        return f"{says} that it is not known in lists of 1, 2 and 9: its code is _U."
    if plain(word) in TOTALS:
        if is_place and "-" in code and not code.endswith("-_U"):
            return f"{says} a total of areas: its code is that of the country, or its rows are excluded."
        if dimension in ("sex", "age") and code not in ("_T", "_U"):
            return f"{says} a total: its code is _T."
    return None
