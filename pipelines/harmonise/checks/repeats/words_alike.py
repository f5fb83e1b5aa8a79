"""Two labels of one code with the same figures: rows given in two languages, or under an old and a new code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.harmonise.statements import Grain
from pipelines.system.connection import column_names, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import breakdown_columns
from schemas.source import SourceFolder

_LEAST_FIGURES = 5
_LEAST_DIFFERENT = 3
_LEAST_SHARE = 0.95
"""How many figures above zero two labels must have in common, how many different numbers among these, and in what share
of the figures of either, as small or constant counts are equal by chance."""
_MOST_PAIRS = 1000
_MOST_SHOWN = 5


@dataclass(frozen=True)
class _Pair:
    """Two labels of one code, and the figures that they have in common: a row of ``words_alike.sql``."""

    code: str
    first: str
    second: str
    figures: int
    value: float
    file: str | None
    row: int | None
    different_values: Sequence[float]
    codes_of_several_words: int


def check_words_alike(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> Outcome:
    """Refuse a source in which two labels of one code have the same figures: they would be added up.

    Args:
        connection: has ``core`` and ``tally_part``.
        folder: the source.
        grain: of its rows; of incidents, only the words for national codes are kept.

    Raises:
        DataRefused: two labels of one code have the same figures.
    """
    columns = column_names(connection, "core")
    keys = [name for name in ("measure", "iccs", "ref_area", "time_period", *breakdown_columns()) if name in columns]
    dimensions = ["national_code"] if _has_codes_of_one_category(connection, columns) else []
    dimensions += _dimensions_of_several_words(folder) if grain == "cell" else []
    problems = []
    for name in dimensions:
        code = "iccs" if name == "national_code" else name
        found = run_sql(
            connection,
            "harmonise/words_alike",
            keys=", ".join(f"core.{key}" for key in keys),
            same_keys=" AND ".join(f"one.{key} IS NOT DISTINCT FROM other.{key}" for key in keys),
            code=code,
            word="CAST(core.national_code AS VARCHAR)" if name == "national_code" else f"tally_part.{name}_word",
            words="" if name == "national_code" else " JOIN tally_part USING (cell)",
            least_share=str(_LEAST_SHARE),
            most=str(_MOST_PAIRS),
        ).fetchall()
        problems += [_problem(folder, name, pair) for pair in _too_alike([_Pair(*row) for row in found])]
    if problems:
        raise DataRefused(problems)
    return Outcome.of_refusal("words_alike", len(dimensions))


def _too_alike(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Return the pairs of labels that are too alike for chance, judged one by one, or else those of all codes together.

    A short table in two languages has few figures of each code.
    """
    enough = [
        pair for pair in pairs if pair.figures >= _LEAST_FIGURES and len(pair.different_values) >= _LEAST_DIFFERENT
    ]
    if enough or not pairs:
        return enough[:_MOST_SHOWN]
    by_code = {pair.code: pair for pair in reversed(pairs)}
    figures = sum(pair.figures for pair in by_code.values())
    different = {value for pair in by_code.values() for value in pair.different_values}
    together = len(by_code) > 1 and len(by_code) == pairs[0].codes_of_several_words
    is_enough = together and figures >= _LEAST_FIGURES and len(different) >= _LEAST_DIFFERENT
    return list(by_code.values())[:_MOST_SHOWN] if is_enough else []


def _has_codes_of_one_category(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> bool:
    if "national_code" not in columns:
        return False
    pairs = "SELECT DISTINCT iccs, national_code FROM core"
    return bool(connection.execute(f"SELECT iccs FROM ({pairs}) GROUP BY iccs HAVING count(*) > 1 LIMIT 1").fetchone())


def _dimensions_of_several_words(folder: SourceFolder) -> list[str]:
    """The dimensions in which values.csv gives several words one code; areas if it has any, as codes are words too."""
    codes = Counter((dimension, code) for dimension, _, code in folder.words)
    several = {dimension for (dimension, _), words in codes.items() if words > 1 or dimension == "ref_area"}
    return [name for name in ("ref_area", *breakdown_columns()) if name in folder.source.columns and name in several]


def _problem(folder: SourceFolder, dimension: str, pair: _Pair) -> Problem:
    return Problem(
        rule="words_alike",
        source=folder.source_id,
        file=pair.file,
        row=pair.row,
        column=folder.source.columns.get(dimension, dimension),
        value=pair.second,
        found=f"{pair.first!r} and {pair.second!r} both mean {pair.code} and have the same figures, {pair.figures:,} "
        f"of them, {pair.value:,.10g} together: added up, each is counted twice.",
    )
