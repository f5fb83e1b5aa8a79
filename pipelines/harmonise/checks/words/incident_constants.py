"""Unread columns of incidents that contradict a constant of the source: another sex, another area.

``constants`` does the same for tables. Words of persons' records are not kept: only a word for a sex, or the
name of an area, is shown.
"""

from __future__ import annotations

from pipelines.collect.headings.roles import is_about_suspects
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.constants import (
    is_of_areas,
    is_of_countries,
    is_of_sex,
    may_be_in,
    other_countries,
)
from pipelines.harmonise.checks.words.dead_and_injured import is_of_homicides, rows_with_injured, sum_message
from pipelines.harmonise.checks.words.names_of_counts import of_dead_and_injured
from pipelines.harmonise.values.labels import sex_of_word
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called
from schemas.declarations import quote_identifier
from schemas.source import Source, SourceFolder

_COUNTRY = "country"
"""In place of a constant: that of most rows."""
_SUM = "sum"
"""In place of a constant: that the column of counts has the dead alone."""
_MOST_WORDS = 400
_LEAST_KNOWN = 0.6


def find_words_against_constants(file: IncidentFile) -> dict[str, tuple[str, str, int]]:
    """Return the unread columns that contradict a constant: the column, the word, and the number of rows.

    A file without such a column is not read again.
    """
    source = file.source
    names = [name for name in file.unread if name not in source.personal]
    sex, area = source.constants.get("sex"), source.constants.get("ref_area")
    columns = {
        **{name: "sex" for name in names if sex in ("M", "F") and is_of_sex(name) and not is_about_suspects(name)},
        **{name: "ref_area" for name in names if area and is_of_areas(name)},
        **{name: _COUNTRY for name in names if not area and "ref_area" in source.columns and is_of_countries(name)},
    }
    found: dict[str, tuple[str, str, int]] = {}
    pair, value = of_dead_and_injured(names), source.columns.get("value")
    sums = (value, *pair) if pair and value in file.table.kept and is_of_homicides(file.folder) else None
    if not columns and sums is None:
        return {}
    with file.connection() as connection:
        if sums is not None and (rows := rows_with_injured(connection, file.rows(sums), *sums)):
            found[sums[0]] = (_SUM, f"{sums[1]!r} and {sums[2]!r}", rows)
        for name, dimension in columns.items():
            words = connection.execute(
                f"SELECT trim({quote_identifier(name)}) AS word, count(*) FROM {file.rows([name])} WHERE word <> '' "
                f"GROUP BY word ORDER BY 2 DESC, 1 LIMIT {_MOST_WORDS}"
            ).fetchall()
            if dimension == _COUNTRY:
                most, others = other_countries({str(word): int(number) for word, number in words})
                if others:
                    rows = sum(int(number) for word, number in words if word in others)
                    found[name] = (f"{_COUNTRY} {most}", others[0], rows)
                continue
            is_known = sex_of_word if dimension == "sex" else areas_called
            if sum(bool(is_known(word)) for word, _ in words) < max(_LEAST_KNOWN * len(words), 1):
                continue
            other = [
                (word, number) for word, number in words if is_known(word) and not _agrees(source, dimension, word)
            ]
            if other:
                found[name] = (dimension, str(other[0][0]), sum(int(number) for _, number in other))
    return found


def _agrees(source: Source, dimension: str, word: str) -> bool:
    constant = source.constants[dimension]
    return sex_of_word(word) == constant if dimension == "sex" else may_be_in(word, constant)


def _message(source: Source, name: str, dimension: str, word: str, rows: int) -> str:
    if dimension == _SUM:
        return sum_message(name, word, rows)
    has = f"{name!r} has {word!r} or the like in {rows:,} rows"
    if dimension.startswith(_COUNTRY):
        return f"{has}, and {dimension.removeprefix(_COUNTRY).strip()!r} in most others"
    return f"{has}, but constants.{dimension} is {source.constants[dimension]}"


def judge_words_against_constants(folder: SourceFolder, facts: FileFacts) -> Outcome:
    """Warn of columns of incidents that contradict a constant."""
    found = [
        f"{file.name}: {_message(folder.source, name, dimension, word, rows)}"
        for file, fact in facts
        for name, (dimension, word, rows) in fact.get("against_constants", {}).items()
        if not folder.source.has_checked(name)
    ]
    return Outcome.of_warning("constants_agree", len(facts), found)
