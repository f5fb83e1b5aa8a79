"""Unread columns of incidents that contradict a constant of the source: another sex, another area.

``constants_and_flags`` does the same for tables. Words of persons' records are not kept: only a word for a sex, or the
name of an area, is shown.
"""

from __future__ import annotations

from pipelines.collect.headings.roles import is_about_suspects
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.constants_and_flags import is_of_areas, is_of_sex, may_be_in
from pipelines.harmonise.values.labels import sex_of_word
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called
from schemas.declarations import quote_identifier
from schemas.source import Source, SourceFolder

_MOST_WORDS = 400
_LEAST_KNOWN = 0.6


def find_words_against_constants(file: IncidentFile) -> dict[str, tuple[str, str, int]]:
    """Return the unread columns that contradict a constant: which one, by which word, and in how many rows.

    A file without such a column is not read again.
    """
    source = file.source
    names = [name for name in file.unread if name not in source.personal]
    sex, area = source.constants.get("sex"), source.constants.get("ref_area")
    columns = {
        **{name: "sex" for name in names if sex in ("M", "F") and is_of_sex(name) and not is_about_suspects(name)},
        **{name: "ref_area" for name in names if area and is_of_areas(name)},
    }
    found = {}
    if not columns:
        return {}
    with file.connection() as connection:
        for name, dimension in columns.items():
            words = connection.execute(
                f"SELECT trim({quote_identifier(name)}) AS word, count(*) FROM {file.rows([name])} WHERE word <> '' "
                f"GROUP BY word ORDER BY 2 DESC, 1 LIMIT {_MOST_WORDS}"
            ).fetchall()
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


def judge_words_against_constants(folder: SourceFolder, facts: FileFacts) -> Outcome:
    """Warn of columns of incidents that contradict a constant."""
    found = [
        f"{file.name}: {name!r} has {word!r} or the like in {rows:,} rows, but constants.{dimension} is "
        f"{folder.source.constants[dimension]}"
        for file, fact in facts
        for name, (dimension, word, rows) in fact.get("against_constants", {}).items()
        if not folder.source.has_checked(name)
    ]
    return Outcome.of_warning("constants_agree", len(facts), found)
