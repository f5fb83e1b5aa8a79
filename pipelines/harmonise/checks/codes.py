"""Checks on the labels of national codes: codes that changed their meaning, and codes that are part of another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.collect.headings.labels_of_codes import said_beyond
from pipelines.harmonise.checks.words.doubted import doubt_codes
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.system.connection import run_sql
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_literal
from schemas.source import Source
from schemas.words_of_totals import plain

_MOST_SHOWN = 5
_STEM = 5
_MOST_LABELS = 5000
_MOST_A_CODE = 3
_LEAST_AGREE = 0.8
"""What makes an unused column that of the labels: how many words a code has at most on average, and the share of codes
with a word that agrees with the label of their link."""
_SMALL_WORDS = (
    r"(?:the|and|others?|for|with|without|from|not|del|los|las|con|sin|por|para|otr[oa]s?|una|que|des|les|avec|sans|autres?"
    r"|pour|dans|dos|das|com|sem|outr[oa]s?|der|die|und|mit|ohne|von|andere)"
)
LabelOfCode = tuple[str, str, str, str, str]
"""Of incidents: a column, a national code, a word beside it, the first and the last year of the rows with both."""

Labels = Mapping[frozenset[str], Collection[tuple[str, str]]]
"""The labels of a concordance, each as its stems, with the codes that have it and the category of each."""

_OF_WHICH = re.compile(
    r"\b(?:of which|thereof|de l[oa]s cuales|d[oa]s quais|dont|darunter|davon|included (?:in|above)|incl\. in"
    r"|incluid[oa]s? en|inclus[ea]?s? (?:dans|em|n[oa])|incluíd[oa]s? em|enthalten in)\b",
    re.IGNORECASE,
)


def check_codes(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    unused: Sequence[UnusedColumn],
    beside: Sequence[LabelOfCode],
    links: Path,
    mapped: Path,
) -> list[Outcome]:
    """Check the labels of national codes in the file against those of the concordance.

    Args:
        connection: has ``core``, and ``doubted``, which gets the figures of codes that may be wrong.
        source: the source.
        unused: the columns of the tables of text that the source does not name.
        beside: of incidents, what may be labels in the columns that the source does not name.
        links: Parquet file of the links of the concordance.
        mapped: Parquet file of the counts that went through each.
    """
    return [_check_meanings(connection, source, unused, beside, links), _check_parts(connection, source, links, mapped)]


def _check_meanings(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    unused: Sequence[UnusedColumn],
    beside: Sequence[LabelOfCode],
    links: Path,
) -> Outcome:
    """Warn of codes whose label in the file is that of another code, or means something else than in the concordance.

    It does if the two have no word in common, or if the label in the file says that the figures are something else.

    If the source does not name the column of labels, the column whose words agree with most links is taken.
    """
    rule = "code_means_another"
    whose = _whose_labels(connection, links)
    if "national_label" in source.columns:
        rows = run_sql(connection, "harmonise/labels_of_codes", links=quote_literal(str(links))).fetchall()
    elif "national_code" in source.columns:
        rows = [row for column in unused for row in _labels_beside(connection, column, links, whose)]
        rows += _labels_of_incidents(connection, beside, links, whose)
    else:
        rows = []
    if not rows:
        return Outcome.not_applicable(rule)
    found, spans = [], []
    for code, label, meant, first, last in rows:
        said = next(said_beyond(label, meant, source), "")
        if said or are_different(label, meant) or is_of_another(code, label, whose):
            span = first if first == last else f"{first} to {last}"
            in_file = f"{label!r} in the file{f' ({span})' if span else ''}"
            found.append(f"{code}: {in_file}{f' says {said}' if said else ''}, {meant!r} in the concordance")
            spans.append((code, first or "", last or ""))
    doubt_codes(connection, rule, spans, "; ".join(found[:1]))
    return Outcome.of_warning(rule, len(rows), found)


def _whose_labels(connection: duckdb.DuckDBPyConnection, links: Path) -> Labels:
    """Return the codes that have each label in the concordance, each with its category; a label as its stems."""
    statement = "SELECT DISTINCT national_code, national_label, iccs_code FROM read_parquet($links)"
    whose: dict[frozenset[str], set[tuple[str, str]]] = {}
    for code, label, iccs in connection.execute(statement, {"links": str(links)}).fetchall():
        if label and (words := stems(label)):
            whose.setdefault(words, set()).add((code, iccs or ""))
    return whose


def is_of_another(code: str, label: str, whose: Labels) -> bool:
    """Tell whether a label is that of other codes in the concordance, of another category, and not of this one.

    Homicidio doloso and Homicidio culposo have a word in common, and are not the same.

    >>> whose = {stems("Homicidio doloso"): {("1", "0101")}, stems("Homicidio culposo"): {("2", "0103")}}
    >>> is_of_another("1", "HOMICIDIO CULPOSO", whose), is_of_another("1", "Homicidios dolosos", whose)
    (True, False)
    """
    of = whose.get(stems(label), ())
    own = {category for codes in whose.values() for one, category in codes if one == code}
    return bool(of) and code not in {one for one, _ in of} and own.isdisjoint(category for _, category in of)


def _labels_beside(
    connection: duckdb.DuckDBPyConnection, column: UnusedColumn, links: Path, whose: Labels
) -> list[tuple[str, str, str, str, str]]:
    """Return each code with each word beside it, if the column holds the labels of the codes; otherwise nothing.

    A column of groups has fewer words than there are codes.
    """
    if len(column.words) < 2 or not any(map(stems, column.words[:_MOST_SHOWN])):
        return []
    rows = run_sql(
        connection,
        "harmonise/labels_beside_codes",
        raw=column.table,
        column=column.quoted,
        links=quote_literal(str(links)),
        most=str(_MOST_LABELS),
    ).fetchall()
    return rows if _are_labels(rows, whose) else []


def _are_labels(rows: Sequence[tuple[str, str, str, str, str]], whose: Labels) -> bool:
    """Whether these are codes with their labels: most have a word of theirs in the concordance, or another's label."""
    codes = {code for code, *_ in rows}
    agree = {code for code, word, meant, *_ in rows if stems(word) & stems(meant) or stems(word) in whose}
    words = {word for _, word, *_ in rows}
    is_label = len(codes) <= len(words) <= len(rows) <= _MOST_A_CODE * len(codes)
    return is_label and len(codes) > 1 and len(agree) >= _LEAST_AGREE * len(codes)


def _labels_of_incidents(
    connection: duckdb.DuckDBPyConnection, beside: Sequence[LabelOfCode], links: Path, whose: Labels
) -> list[tuple[str, str, str, str, str]]:
    """Return each code with each word next to it in any file, of the columns that have the labels of the codes."""
    if not beside:
        return []
    meant: dict[str, set[str]] = {}
    statement = "SELECT DISTINCT national_code, national_label FROM read_parquet($links)"
    for code, label in connection.execute(statement, {"links": str(links)}).fetchall():
        meant.setdefault(code, set()).add(label or "")
    spans: dict[str, dict[tuple[str, str], list[str]]] = {}
    for column, code, word, first, last in beside:
        if code in meant:
            spans.setdefault(column, {}).setdefault((code, word), []).extend((first, last))
    found = []
    for pairs in spans.values():
        rows = [
            (code, word, " / ".join(sorted(meant[code])), min(years), max(years))
            for (code, word), years in sorted(pairs.items())
        ]
        found += rows if _are_labels(rows, whose) else []
    return found


def are_different(one: str, other: str) -> bool:
    """Tell whether two labels have no word in common; False if one of them has no words, such as a code.

    Words of three or more letters are compared by their first five, without accents.

    >>> are_different("Robo", "Fraude"), are_different("Homicidios", "HOMICIDIO DOLOSO"), are_different("12", "Robo")
    (True, False, False)
    """
    mine, theirs = stems(one), stems(other)
    return bool(mine and theirs) and not mine & theirs


def stems(label: str) -> frozenset[str]:
    """Return the words that labels are compared by: of three letters or more, without accents and endings.

    >>> sorted(stems("Robos con violencia")), stems("12")
    (['robo', 'viole'], frozenset())
    """
    words = (word for word in re.findall(r"[^\W\d_]{3,}", plain(label)) if not re.fullmatch(_SMALL_WORDS, word))
    return frozenset((word.removesuffix("s") if len(word) > 3 else word)[:_STEM] for word in words)


def _check_parts(connection: duckdb.DuckDBPyConnection, source: Source, links: Path, mapped: Path) -> Outcome:
    """Warn of codes labelled as part of another (of which, darunter) that are counted in addition to it."""
    files = {"links": quote_literal(str(links)), "mapped": quote_literal(str(mapped))}
    rows = run_sql(connection, "harmonise/codes_in_use", **files).fetchall()
    contain = source.parent_counts == "include_children"
    codes = Counter(iccs for _, iccs in {(code, iccs) for code, _, iccs in rows})
    found, parts = [], []
    for code, label, iccs in rows:
        match = _OF_WHICH.search(f"{label} {code}")
        if match and (codes[iccs] > 1 or not contain):
            found.append(f"{code}: {match[0]!r} in {label!r}, counted in {iccs}")
            parts.append((code, "", ""))
    doubt_codes(connection, "part_beside_whole", parts, "; ".join(found[:1]))
    return Outcome.of_warning("part_beside_whole", len(rows), found)
