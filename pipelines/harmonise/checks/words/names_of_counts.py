"""Names of columns that make a row of incidents count more or less than once: numbers of victims or cases, weights."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.words_of_totals import plain


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_QUANTITIES = _set(
    "quantity qty count counts tally frequency freq total number numbers num no nr n nb nbre nombre effectif effectifs"
    " frequence cantidad cantidades cant numero num nro conteo frecuencia suma recuento quantidade qtd qtde numero"
    " contagem frequencia adad anzahl anz haufigkeit fallzahl opferzahl fallzahlen opferanzahl menge"
)
_MAY_NUMBER_ROWS = _set("no nr n num number numbers numero nro nombre nb total")
"""Alone, they may number the rows, or be a name: a column of them is one of counts where they repeat."""
_EVENTS = _set(
    "cases incidents offences offenses crimes events records reports occurrences casos hechos delitos incidentes"
    " eventos sucesos denuncias registros ocurrencias ocorrencias fatos crimes homicides homicidios murders"
    " infractions faits affaires evenements falle taten delikte straftaten vorfalle"
)
_VICTIMS = _set(
    "victims killed dead deaths fatalities victimas vicimas muertos muertes fallecidos fallecimientos occisos decesos"
    " vitimas mortos mortes obitos victimes morts tues deces opfer tote todesopfer getotete vics dahaya aldahaya"
)
_PERSONS = _set("persons people personas personnes personen pessoas individuals individuos")
_SINGULAR = _set("victim victima vitima victime case caso hecho")
"""With a word for a quantity before them (num_victim), as files shorten it."""
_BESIDE = _set(
    "of de del der des du d den the los las dos das por per affected involved recorded reported registered"
    " registrados registradas involucrados involucradas afectados afectadas mortales fatales"
)
_WEIGHT = re.compile(
    r"weights?|weighting|wgts?|wt|pesos?|ponder\w*|pond|poids|gewichte?|gewichtung\w*|fex\w*|expansi\w*|expans\w*"
    r"|hochrechn\w*|extrapol\w*|grossing|multiplicador|multiplier|gewichtungsfaktor|hochrechnungsfaktor"
)
_FACTOR = re.compile(r"factor(es)?|fator(es)?|facteurs?|faktor|fac|fact|fct|coef\w*|inflation|raising|f")
_OF_FACTORS = _set(
    "exp expansion expansao final anual trimestral mensual hogar per persona muestral sample survey population pop"
    " raising inflation year annual ponderado extrapolacion correction"
)
_OF_BODIES = _set(
    "kg g gr grs lb lbs oz pounds kilos gramos body vic victim suspect offender drug drugs droga drogas height"
)
"""What is weighed: a column of the weight of a person, or of a drug, says nothing of how often a row counts."""


_DEAD = _set(
    "killed dead deaths fatalities homicides muertos muertas muertes fallecidos fallecidas occisos mortos mortes"
    " obitos morts tues deces tote getotete homicidios"
)
_INJURED = _set(
    "injured wounded injuries injury lesionados lesionadas heridos heridas feridos feridas blesses blessees verletzte"
    " sobrevivientes survivors"
)


def of_dead_and_injured(columns: Iterable[str]) -> tuple[str, str] | None:
    """Return the columns with the dead and with the injured, by their names; None if there are no two.

    >>> of_dead_and_injured(["n_killed", "n_injured", "n"]), of_dead_and_injured(["muertos", "total"])
    (('n_killed', 'n_injured'), None)
    """
    words = {name: set(words_of(name)) for name in columns}
    dead = [name for name, of in words.items() if of & _DEAD and not of & _INJURED]
    injured = [name for name, of in words.items() if of & _INJURED and not of & _DEAD]
    return (dead[0], injured[0]) if len(dead) == len(injured) == 1 else None


def words_of(column: str) -> list[str]:
    """Return the words of the name of a column, in lower case and without accents.

    >>> words_of("NumVictims"), words_of("Número_de_víctimas")
    (['num', 'victims'], ['numero', 'de', 'victimas'])
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return [word for word in re.split(r"[\W_\d]+", plain(parted)) if word]


def is_weight(column: str) -> bool:
    """Tell whether a column, by its name, has a weight of each row.

    >>> [is_weight(name) for name in ("Gewicht", "factor", "FAC_PER", "fex_c", "peso_kg", "risk_factor", "weapon")]
    [True, True, True, True, False, False, False]
    """
    words = words_of(column)
    if not words or _OF_BODIES.intersection(words):
        return False
    if any(map(_WEIGHT.fullmatch, words)):
        return True
    is_factor = [_FACTOR.fullmatch(word) is not None for word in words]
    others = {word for word, one in zip(words, is_factor, strict=True) if not one} - _BESIDE
    return any(is_factor) and others <= _OF_FACTORS and (words != ["f"])


def is_count(column: str, of_persons: bool) -> bool:
    """Tell whether a column, by its name, has the number of what is counted in each row.

    Args:
        column: its name.
        of_persons: whether persons are counted, so that a row of several victims is several.

    >>> [is_count(name, True) for name in ("n_victimas", "Fallzahl", "deaths", "qtd_vitimas", "case_no", "victim")]
    [True, True, True, True, False, False]
    >>> is_count("killed", False), is_count("cases", False), is_count("weapon", True)
    (False, True, False)
    """
    words = [word for word in words_of(column) if word not in _BESIDE]
    persons = (_VICTIMS | _PERSONS) if of_persons else frozenset[str]()
    things = _EVENTS | persons
    singular = words[1:] and words[0] in _QUANTITIES and words[-1] in _SINGULAR
    known = _QUANTITIES | things | (_SINGULAR if singular else frozenset())
    return bool(words) and all(word in known for word in words)


def may_number_rows(column: str) -> bool:
    """Tell whether the name of a column of counts may as well be that of the number of a row.

    >>> may_number_rows("No."), may_number_rows("n_victims")
    (True, False)
    """
    return all(word in _MAY_NUMBER_ROWS for word in words_of(column))
