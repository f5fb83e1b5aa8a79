"""Words that exclude a row from what is counted: cancelled, attempted, about a suspect, of an age in months.

They are looked for in columns that the source does not use, in tables and in files of incidents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.harmonise.checks.words.row_words import (
    A_RECORD,
    ACTION,
    AT,
    ATTEMPTED,
    ATTEMPTED_OR_COMPLETED,
    CANCELLED,
    CHANGED,
    END_OF_VALIDITY,
    FIRST_EDITION,
    IS_ATTEMPTED,
    IS_CANCELLED,
    IS_COMPLETED,
    IS_DAY,
    IS_VALID,
    LAST_EDITION,
    NO,
    NO_END,
    NO_UNIT,
    NOT_VALID,
    OCCURRED,
    OF_CANCELLING,
    OF_RECORD,
    OF_STATUS,
    OTHER_DEATHS,
    RECORDS,
    REPORTED,
    SURVIVED,
    SUSPECTS,
    UNITS_OF_AGE,
    VICTIMS,
    YEARS_OF_AGE,
    YES,
)
from schemas.words_of_totals import plain

A_DAY = "a day"
"""In place of the day on which a row was cancelled."""
HOMICIDE = "0101"
"""The ICCS category that holds no attempts: those of other crimes stay in the category of the crime."""


def cancelled_in(column: str, words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean that a row is not to be counted.

    >>> cancelled_in("status", ["Open", "Unfounded"]), cancelled_in("deleted", ["0", "1"]), cancelled_in("n", ["1"])
    (['Unfounded'], ['1'], [])
    >>> cancelled_in("is_valid", ["0", "1"]), cancelled_in("deleted_at", ["2024-03-05"])
    (['0'], ['2024-03-05'])
    >>> cancelled_in("action", ["insert", "update"])
    ['update']
    """
    if is_day_of_cancelling(column):
        return [word for word in words if word == A_DAY or (re.search("[1-9]", word) and not re.search(NO_END, word))]
    if ACTION.fullmatch(plain(column.replace("_", " "))):
        return [word for word in words if CHANGED.fullmatch(plain(word))]
    meant = _words_meaning(column, words, CANCELLED, IS_CANCELLED, YES)
    said = re.compile(rf"({A_RECORD.pattern}) ({CANCELLED.pattern})")
    meant += [word for word in words if word not in meant and said.fullmatch(plain(word))]
    name = _words_of_name(column)
    if any(map(OF_STATUS.fullmatch, name)) and all(
        OF_STATUS.fullmatch(one) or OF_RECORD.fullmatch(one) for one in name
    ):
        found = [word for word in words if NOT_VALID.fullmatch(plain(word))]
        meant += [word for word in found if word not in meant]
    return meant or (
        _words_meaning(column, words, CANCELLED, IS_VALID, NO) if IS_VALID.fullmatch(plain(column)) else []
    )


def other_deaths_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean a death that is no intentional homicide.

    >>> other_deaths_in(["Homicidio", "Suicidio"]), other_deaths_in(["Doloso", "Culposo"])
    (['Suicidio'], ['Culposo'])
    """
    return [word for word in words if OTHER_DEATHS.fullmatch(plain(word))]


def attempted_in(column: str, words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean that a crime was only attempted, or that its victim survived.

    >>> attempted_in("grado", ["Consumado", "Tentativa"]), attempted_in("completed", ["Y", "N"])
    (['Tentativa'], ['N'])
    >>> attempted_in("outcome", ["Dead", "Injured"]), attempted_in("weapon", ["Knife"])
    (['Injured'], [])
    """
    if ATTEMPTED_OR_COMPLETED.fullmatch(plain(column)) and {plain(word) for word in words} <= {"a", "c"}:
        return [word for word in words if plain(word) == "a" and len(words) > 1]
    meant = _words_meaning(column, words, ATTEMPTED, IS_ATTEMPTED, YES) or _words_meaning(
        column, words, SURVIVED, IS_COMPLETED, NO
    )
    return meant if len(meant) < len(words) else []


def suspects_in(words: Sequence[str]) -> list[str]:
    """Return the words for suspects of a column that has words for victims too.

    >>> suspects_in(["VICTIMA", "IMPUTADO"]), suspects_in(["Knife"])
    (['IMPUTADO'], [])
    """
    texts = [(word, plain(word)) for word in words]
    found = [word for word, text in texts if SUSPECTS.fullmatch(text)]
    return found if any(VICTIMS.fullmatch(text) for _, text in texts) else []


def units_of_age_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column that are units of ages other than years, if all of its words are units.

    >>> units_of_age_in(["Meses", "Años"]), units_of_age_in(["years"]), units_of_age_in(["May"])
    (['Meses'], [], [])
    """
    texts = [(word, plain(word)) for word in words]
    if not texts or not all(
        UNITS_OF_AGE.fullmatch(text) or YEARS_OF_AGE.fullmatch(text) or text in NO_UNIT for _, text in texts
    ):
        return []
    return [word for word, text in texts if UNITS_OF_AGE.fullmatch(text)]


def is_day_of_cancelling(column: str) -> bool:
    """Whether a column, by its name, has the day on which a row was cancelled, of those that were.

    The last day on which a row was valid, which has been replaced then, is one.

    >>> is_day_of_cancelling("deleted_at"), is_day_of_cancelling("fecha_anulacion"), is_day_of_cancelling("deleted")
    (True, True, False)
    >>> is_day_of_cancelling("valid_to"), is_day_of_cancelling("vigente_hasta"), is_day_of_cancelling("valid_from")
    (True, True, False)
    """
    words = _words_of_name(column)
    if END_OF_VALIDITY.fullmatch(" ".join(words)):
        return True
    is_day = any(IS_DAY.fullmatch(word) or AT.fullmatch(word) for word in words)
    return is_day and any(map(OF_CANCELLING.fullmatch, words))


def records_in(words: Sequence[str]) -> dict[str, str]:
    """Return what each word of a column says that a row is, by counting unit, if all of them do, and not the same.

    >>> records_in(["Hecho", "Víctima"]), records_in(["Incident", "Offender"]), records_in(["Victim"])
    ({'Hecho': 'incident', 'Víctima': 'victim'}, {'Incident': 'incident', 'Offender': 'person'}, {})
    """
    found = {
        word: unit for word in words for unit, names in RECORDS.items() if names.fullmatch(plain(word).rstrip("s"))
    }
    return found if len(found) == len(words) and len(set(found.values())) > 1 else {}


def editions_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean the first of two editions, if it has both.

    >>> editions_in(["Preliminary", "Final"]), editions_in(["Final"])
    (['Preliminary'], [])
    """
    first = [word for word in words if FIRST_EDITION.fullmatch(plain(word))]
    return first if any(LAST_EDITION.fullmatch(plain(word)) for word in words) else []


def is_day_of_crime(column: str) -> bool:
    """Whether a column has, by its name, the day on which a crime was committed.

    >>> is_day_of_crime("date_occurred"), is_day_of_crime("FechaHecho"), is_day_of_crime("incident_type")
    (True, True, False)
    """
    words = _words_of_name(column)
    return any(map(OCCURRED.fullmatch, words)) and any(map(IS_DAY.fullmatch, words)) and not is_about_report(column)


def is_about_report(column: str) -> bool:
    """Whether a column is, by its name, about the report or the registration of a crime.

    >>> is_about_report("date_reported"), is_about_report("fecha_denuncia"), is_about_report("date")
    (True, True, False)
    """
    return any(map(REPORTED.fullmatch, _words_of_name(column)))


def _words_of_name(column: str) -> list[str]:
    return re.split(r"[\W_]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)))


def _words_meaning(
    column: str, words: Sequence[str], meaning: re.Pattern[str], flag: re.Pattern[str], values: frozenset[str]
) -> list[str]:
    """The words of a column with a meaning; if its name asks (``deleted``), the answers with that meaning."""
    if flag.fullmatch(plain(column)):
        answers = [word for word in words if plain(word) in values]
        return answers if all(plain(word) in YES | NO for word in words) else []
    return [word for word in words if meaning.fullmatch(plain(word))]
