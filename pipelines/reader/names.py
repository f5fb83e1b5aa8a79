"""Categories, sexes, ages, stages and units by code or by name, as people write them; areas are in ``areas``."""

from __future__ import annotations

from iccs.classification import UnknownCode, load_classification
from pipelines.reader.areas import LANGUAGES, fold_name
from pipelines.reader.release import query
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist
from schemas.errors import UsageError


def find_category(text: str) -> str:
    """Return the code of the ICCS category that is meant by a code, or by its title in English, French or Spanish.

    Codes are repaired as in files (``101``, ``ICCS0101``). A name is never guessed: it must be the whole title,
    whatever its case and accents.

    Raises:
        UnknownCode: no category has this code or title; lists the nearest.
        UsageError: several categories have this title.

    >>> find_category("ICCS0101"), find_category("Homicidio intencional"), find_category("ROBBERY")
    ('0101', '0101', '0401')
    """
    classification = load_classification()
    try:
        return classification.normalise(text)
    except UnknownCode:
        wanted = fold_name(text)
        categories = [*classification, *classification.combined.values()]
        titled = [one.code for one in categories if wanted in {fold_name(one.title[name]) for name in LANGUAGES}]
        if not titled:
            raise
    if len(titled) > 1:
        raise UsageError(f"several categories are called {text!r}: {', '.join(titled)}; give the code of one")
    return str(titled[0])


def find_code(column: str, text: str, settings: Settings | None = None) -> str:
    """Return the code that is meant by a code in any case, or by its label in English, French or Spanish.

    Args:
        column: the list, ``sex`` or ``age`` of the published file.
        text: what was written; returned as it is if nothing in the list is meant, for the query to refuse.
        settings: where the published file is.

    Example::

        find_code("sex", "f"), find_code("sex", "Mujeres"), find_code("age", "15-19 years")
    """
    wanted = fold_name(text)
    for row in query(f"SELECT code, label_en, label_fr, label_es FROM out.{column}", settings).rows:
        if wanted in {fold_name(name) for name in row if name}:
            return str(row[0])
    return text


def find_listed(codelist: str, text: str) -> str:
    """Return the code that is meant by a code of a packaged list in any case, by its label, or as tables print it.

    Args:
        codelist: ``stage`` or ``counting_unit``.
        text: what was written; returned as it is if nothing in the list is meant, for the query to refuse.

    >>> find_listed("counting_unit", "victims"), find_listed("counting_unit", "Infraction")
    ('victim', 'offence')
    >>> find_listed("stage", "Held in prison"), find_listed("stage", "jailed")
    ('held', 'jailed')
    """
    wanted = fold_name(text)
    for one in load_codelist(codelist):
        written = (one.code, f"{one.code}s", one.label_en, one.label_fr, one.label_es)
        if wanted in {fold_name(name) for name in written if name}:
            return one.code
    return text
