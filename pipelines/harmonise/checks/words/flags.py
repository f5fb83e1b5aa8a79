"""Flags in unused columns of tables: a figure with a flag (suppressed, provisional) is not a normal value.

The regular expressions match names of columns, or the words in them, in English, Spanish, French, Portuguese and
German; both are compared in lower case, with blanks for underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb

from pipelines.collect.header import fold, heading_words
from pipelines.harmonise.checks.words.doubted import Doubt, doubt_rows, figures_text
from pipelines.harmonise.checks.words.kinds_of_rows import cancelled_in
from pipelines.harmonise.checks.words.unused_columns import (
    UnusedColumn,
    UnusedWord,
    columns_of_words,
    words_in_used_rows,
)
from pipelines.system.outcomes import Outcome
from schemas.source import Source

_VARIANTS = re.compile(r"(?:population )?(?:variante?|scenario|escenario|sc[ée]nario|projection)s?")
_OBSERVED = re.compile(r"estimat\w*|observed|actual|estimaci[oó]n|observad[oa]|estimées?|beobachtet", re.IGNORECASE)
_FLAGS = re.compile(
    r"(?:(?:obs|observation|conf|confidentiality|data|value|figure|estimate) ?)?(?:status|flags?|symbols?"
    r"|foot ?notes?|notes?|remarks?"
    r"|comments?|quality|reliability|precision|precisi[oó]n|grade|cv (?:grade|category)|estado del dato"
    r"|observaci[oó]n(?:es)?|notas?|s[ií]mbolos?|calidad|statut|symboles?"
    r"|hinweise?|anmerkung(?:en)?)"
)
_NAMED_FLAGS = {
    "estimated": re.compile(r"imput(?:ed|ation)|estimated?|estimad[oa]|estimée?|estimee?|geschätzt|dato imputado"),
    "provisional": re.compile(r"provisional|preliminary|preliminar|provisoire|provis[oó]rio|vorläufig"),
    "forecast": re.compile(r"forecast|projected|projection"),
}
"""A column called after what its flag means (``imputed``), with yes or no."""
_ASKS = re.compile(r"(?:(?:is|es|est|é|ist|flag) )?(.+?)(?: (?:flag|ind|indicator|yn))?")
_YES = frozenset({"1", "y", "yes", "true", "t", "s", "si", "sí", "sim", "x", "oui", "j", "ja"})
_NO = frozenset({"0", "n", "no", "false", "f", "não", "nao", "non", "nein", ""})
_ON_ROWS = ("provisional", "estimated", "forecast")
_SHORT_FLAGS = re.compile(r".*(?:status|flag|symbol)s?")
_MEANINGS: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = (
    (
        "missing",
        re.compile(
            r"(?:data )?(?:missing|not (?:available|reported|collected)|no data|unavailable)\W*"
            r"|(?:dato )?no (?:disponible|reportad[oa]|informad[oa])|sin (?:dato|informaci[oó]n|reporte)"
            r"|non (?:disponible|communiqu[eé])|n[aã]o (?:dispon[ií]vel|informado)|keine angaben?|nicht verfügbar"
        ),
        frozenset({"m", "o", "l", ":", "n/a", "na", "nd", "s/d"}),
    ),
    (
        "suppressed",
        re.compile(
            r"(?:data )?(?:suppressed|confidential|withheld|secret|not (?:published|for publication))\W*"
            r"|(?:dato )?(?:confidencial|suprimido|reservado)|confidentiel(?:le)?|secret statistique|vertraulich"
            r"|geheim\w*"
        ),
        frozenset({"q", "c"}),
    ),
    (
        "forecast",
        re.compile(
            r"(?:is )?(?:forecasts?|projections?|projected|target|pron[oó]stico|proyecci[oó]n|pr[eé]vision"
            r"|prognose)\W*"
        ),
        frozenset({"f"}),
    ),
    (
        "provisional",
        re.compile(
            r"(?:(?:is|figures?|data|datos?|dados?|données) )*(?:provisional(?:es)?|preliminary|preliminar(?:es)?"
            r"|provisoires?"
            r"|provis[oó]rio|vorläufig\w*|tentative)(?: (?:figures?|data|value))?\W*"
        ),
        frozenset({"p"}),
    ),
    (
        "estimated",
        re.compile(
            r"(?:(?:is|figures?|data|dato) )*(?:estimated?|estimates|imputed|imputation|estimad[oa]|imputad[oa]"
            r"|estim[eé]e?|geschätzt)"
            r"(?: (?:figures?|data|value))?\W*"
        ),
        frozenset({"e", "i", "s"}),
    ),
    (
        "incomplete",
        re.compile(
            r"(?:(?:is|data|coverage) )*(?:incomplete|partial(?: (?:data|year|coverage))?|incomplet[oae]|parcial"
            r"|partielle?"
            r"|unvollständig)(?: (?:data|coverage))?\W*"
        ),
        frozenset(),
    ),
    (
        "unreliable",
        re.compile(
            r"(?:(?:is|estimates?|figures?|data|statistically|too|highly|very|potentially) )*"
            r"(?:unreliable|not reliable|low (?:reliability|precision|quality)"
            r"|imprecise)(?: (?:estimates?|for (?:general|most) use|for publication))?\W*"
            r"|(?:dato |estimaci[oó]n )?(?:poco (?:confiable|fiable|precis[oa])|no (?:confiable|fiable)"
            r"|baja precisi[oó]n)"
            r"|peu fiable|non fiable|pouco confi[aá]vel|unzuverlässig|unsicher|\*{2,}"
        ),
        frozenset({"**"}),
    ),
    (
        "to be used with caution",
        re.compile(
            r"(?:to be )?used? with (?:caution|care)\W*|interpret with (?:caution|care)\W*|(?:usar|use|utilizar) con"
            r" (?:precauci[oó]n|cautela|reserva)s?|(?:à utiliser |interpréter )*avec (?:prudence|précaution)"
            r"|usar com cautela"
            r"|mit vorsicht\b.*|precisi[oó]n moderada|\*"
        ),
        frozenset(),
    ),
)
"""What a flag means for its figure; the words for it; and its letters in SDMX and at Eurostat, in a column of flags."""


def check_flags(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    unused: Sequence[UnusedColumn],
    *,
    with_cancelled: bool,
) -> Outcome:
    """Warn of flags that are not read.

    Args:
        connection: has ``used_row`` and ``core``, and ``doubted``, which gets the figures of these rows.
        source: the source.
        unused: the columns of its tables of text that it does not use; none of incidents.
        with_cancelled: also warn of words that exclude a row; not if ``parts_unlike`` already has.
    """
    rule = "flags_unread"
    columns = [column for column in columns_of_words(source, unused) if not column.in_sql]
    flags = [column for column in columns if _is_flag(column) or _is_variant(column)]
    found = [(column, one) for column in flags for one in _flagged(connection, column)]
    if with_cancelled:
        found += [(column, one) for column in columns for one in _cancelled(connection, column)]
    for column, one in found:
        doubt_rows(connection, rule, column, one.words, one.text)
    return Outcome.of_warning(rule, len(flags), [one.text for _, one in found])


def flag_on_row(column: str, word: str) -> str | None:
    """Return what a word in a column of flags means for a row of incidents; None if it is no flag on its figure.

    >>> flag_on_row("data_status", "Provisional"), flag_on_row("status", "Open"), flag_on_row("accuracy", "Estimated")
    ('provisional', None, None)
    >>> flag_on_row("is_imputed", "1"), flag_on_row("imputed", "0"), flag_on_row("imputado", "SI")
    ('estimated', None, None)
    """
    name = heading_words(column)
    if (named := _named_flag(name)) and fold(word) in _YES:
        return named
    if not _FLAGS.fullmatch(name):
        return None
    return next((one for one, words, _ in _MEANINGS if one in _ON_ROWS and words.fullmatch(fold(word))), None)


def _is_flag(column: UnusedColumn) -> bool:
    asks = _named_flag(column.heading) and {fold(word) for word in column.words} <= _YES | _NO
    return bool(asks) or _FLAGS.fullmatch(column.heading) is not None


def _named_flag(name: str) -> str | None:
    """Return what the name of a column of yes and no says about the rows with yes."""
    asked = _ASKS.fullmatch(name)
    return next((one for one, words in _NAMED_FLAGS.items() if asked and words.fullmatch(asked[1])), None)


def _is_variant(column: UnusedColumn) -> bool:
    return _VARIANTS.fullmatch(column.heading) is not None


def _cancelled(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> Iterator[Doubt]:
    """Yield the words in a column that mean that figures which are used should not be counted."""
    words = frozenset(cancelled_in(column.name, column.words))
    found = [one for one in words_in_used_rows(connection, column) if one.word in words] if words else []
    if found:
        shown = ", ".join(map(repr, sorted({one.word for one in found})))
        rows, first = sum(one.rows for one in found), found[0]
        yield Doubt(
            f"{column.name!r} has {shown} (not to be counted) beside {figures_text(rows)} "
            f"(first: {first.file}, row {first.row})",
            tuple({one.word for one in found}),
        )


def _flagged(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> Iterator[Doubt]:
    """Yield the flags in a column of figures that are used, with their meaning."""
    by_meaning: dict[tuple[str, str], list[UnusedWord]] = {}
    short = _SHORT_FLAGS.fullmatch(column.heading) is not None and max(map(len, column.words)) <= 3
    is_confidentiality = column.heading.startswith("conf")
    for one in words_in_used_rows(connection, column):
        word = fold(one.word)
        if _is_variant(column) and not _OBSERVED.search(word):
            by_meaning.setdefault((one.word, "forecast"), []).append(one)
            continue
        if (named := _named_flag(column.heading)) and word in _YES:
            by_meaning.setdefault((one.word, named), []).append(one)
            continue
        for meaning, words, letters in _MEANINGS:
            if words.fullmatch(word) or (short and (word in letters) and not (is_confidentiality and word == "f")):
                by_meaning.setdefault((one.word, meaning), []).append(one)
    for (word, meaning), found in by_meaning.items():
        rows, zeros, first = sum(one.rows for one in found), sum(one.zeros for one in found), found[0]
        shown = f", {zeros:,} of them zero" if zeros and meaning in ("missing", "suppressed") else ""
        yield Doubt(
            f"{column.name!r} has {word!r} ({meaning}) beside {figures_text(rows)}{shown} "
            f"(first: {first.file}, row {first.row})",
            (word,),
        )
