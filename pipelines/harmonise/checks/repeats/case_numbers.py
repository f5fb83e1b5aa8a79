"""Case numbers in an unread column that recur: an incident with a row for each of its updates is counted repeatedly.

Case numbers are compared within a file and between files; of each file a sample of their hashes is kept for that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import duckdb

from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.system.connection import fetch_row
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import Source, SourceFolder
from schemas.words_of_totals import plain

_NUMBER = (
    r"(id|no|nr|nro|n|num|nbr|number|numero|folio|code|clave|key|ref|reference|uid|uuid|identifier|nummer|zeichen)"
)
_DOCUMENT = (
    r"dni|curp|rut|cpf|nif|nie|ssn|cedula|passport|pasaporte|documento|(num|nro|numero|tipo y numero) ?(de )?documento"
)
_OF_UNIT = {
    "incident": r"(case ?file|case|incident|inc|file|record|report|rpt|event|crime|complaint|cmplnt|occurrence|occ|cr"
    r"|fir|dr|cad|caso|incidente|hecho|expediente|carpeta|denuncia|evento|noticia|suceso|proceso|causa|affaire|dossier"
    r"|fait|procedure|akten?|fall|vorgangs?|tagebuch|processo|ocorrencia|boletim|bo|inquerito|fato)",
    "victim": rf"(victim|victima|victime|vitima|opfer|person|persona|personne|personen|{_DOCUMENT})",
    "person": r"(person|persona|personne|personen|suspect|offender|accused|imputado|detenido|arrestee|defendant|inmate"
    rf"|interno|{_DOCUMENT})",
    "offence": r"(offen[cs]e|charge|count|delito|infraction|tat|delikt)",
}
_OF_UNIT["case"] = _OF_UNIT["incident"]
_ALONE = (
    rf"|{_NUMBER}|folio|expediente|carpeta( de)?( investigacion)?|aktenzeichen|incident|case|caso|case ?file|ticket"
    r"|unique ?id|nuc|nunc|spoa|ruc|rit|rol|rd|bo|boletim( de ocorrencia)?|noticia criminal|fir|docket"
    r"|crime ref(erence)?( number)?"
)
"""Parts of the names of columns of case numbers, by what is counted. If each row is an incident, a column called just
``number`` or ``id`` has its number."""
_ORDER = r"(no|nr|nro|n|num|nbr|number|numero|seq|sequence|sec|secuencia|orden|order|index|idx|counter|item|lfd nr)"
_PARTS = {
    "victim": r"victim|victima|victime|vitima|opfer|person|persona|personne|pessoa",
    "person": r"suspect|offender|accused|arrestee|defendant|imputado|detenido|person|persona|personne|pessoa",
    "offence": r"offen[cs]e|delito|infraction|delikt|crime",
    "charge": r"charge|count|cargo",
    "": r"weapon|arma|waffe|arme|property|bien|vehicle|vehiculo|fahrzeug|update|movement|movimiento|hearing",
}
_VERSION = r"version|revision|rev|edition|update|actualizacion|fassung"
"""What rows of one incident may be numbered by, beside the unit that is counted: its victims, weapons, versions."""
_MOST_PARTS = 99
_CANONICAL = (
    (r"[^a-z0-9]+", "-"),
    (r"([a-z])-|-([a-z])", r"\1\2"),
    (r"(^|[^0-9])0+([0-9])", r"\1\2"),
    (r"^-+|-+$|r$", ""),
)
"""Replacements after which two spellings of one number are equal: case, punctuation, leading zeros, and the letter
appended to a case that was reopened do not matter."""
_SKETCH = 2000
_MOST_FILES = 50
_MOST_HASHES = 500_000
"""Of the hashes of each number with its day and area, how many of the lowest are kept for a file, how many files are
compared, and how many hashes: enough to estimate what two files have in common."""
_CODES = re.compile(r"(.* )?(code|clave|key|n|no)( .*)?")
_LEAST_OF_NUMBERS = 0.02
_LEAST_NUMBERS = 50
"""From what share of the rows, and what number, different values make a column one of case numbers even if each occurs
many times (as in a file of the open cases of each month), unless its name may be that of a code."""
_LEAST_REPEATED = 5
_LEAST_SHARE_REPEATED = 0.005
_LEAST_DIFFERENT = 0.4
"""How many rows, and what share of all, must repeat a number; and the share of different values from which a column is
one of case numbers in any case."""


def find_case_numbers(file: IncidentFile) -> dict[str, dict[str, Any]]:
    """Return, for each unread column of case numbers: rows with a number, different numbers, and a sketch of these.

    Nothing is returned for a source that names the column under ``id``. A file without such a column is not read again.
    """
    pattern = _names_of_numbers(file.source)
    if pattern is None:
        return {}
    names = [name for name in file.unread if pattern.fullmatch(_spaced(name))]
    if not names:
        return {}
    beside = [file.source.columns.get(name) for name in ("time_period", "ref_area")]
    others = [name for name in beside if name is not None and name in file.table.kept]
    with file.connection() as connection:
        rows = file.rows((*names, *others))
        return {
            name: {"rows": count, "different": different, "sketch": _sketch(connection, rows, name, others, different)}
            for name, (count, different) in _numbers(connection, rows, names).items()
            if _are_numbers(name, count, different)
        }


def find_numbered_parts(file: IncidentFile) -> dict[str, int]:
    """Return, for each column that numbers the victims, weapons or versions of an incident, its rows above the first.

    The column may be part of the declared ``id``: it is the row that is not what is counted.
    """
    used = {*file.source.columns.values(), *file.source.personal}
    names = [name for name in file.table.kept if name not in used and _numbers_parts(file.source, name)]
    if not names:
        return {}
    with file.connection() as connection:
        return _rows_of_parts(connection, file.rows(names), names)


def _numbers_parts(source: Source, column: str) -> bool:
    """Tell whether a column, by its name, numbers what the rows of one incident are, which is not what is counted."""
    units = {measure.counting_unit for measure in source.measures.values()}
    things = "|".join(words for unit, words in _PARTS.items() if unit not in units)
    if "value" in source.columns or (units == {"victim"} and re.search(_PARTS["victim"], _spaced(column))):
        return False
    of = r"((of|de|del|der|du) )?(the |la )?"
    pattern = rf"({things}) ?{of}{_ORDER}|{_ORDER} ?{of}({things})|({_VERSION})( {_ORDER})?"
    return re.fullmatch(pattern, _spaced(column)) is not None


def _rows_of_parts(connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str]) -> dict[str, int]:
    """Return how many rows have a number above the first, of columns that count from one (or nought) in each record."""
    numbers = [f"TRY_CAST({quote_identifier(name)} AS BIGINT)" for name in names]
    found = ", ".join(
        f"count(*) FILTER ({one} > 1), coalesce(max({one}), 0), count(*) FILTER ({one} <= 1), "
        f"count({_plain(name)}) - count({one})"
        for name, one in zip(names, numbers, strict=True)
    )
    values = fetch_row(connection, f"SELECT {found} FROM {rows}")
    columns = zip(names, values[::4], values[1::4], values[2::4], values[3::4], strict=True)
    return {
        name: int(later)
        for name, later, highest, first, others in columns
        if later >= _LEAST_REPEATED and highest <= _MOST_PARTS and first * highest >= later and not others
    }


def _sketch(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, others: Sequence[str], different: int
) -> list[int]:
    """Return a sketch of a column: the lowest hashes of its different numbers, each hashed with its day and area."""
    texts = ", ".join(_plain(one) for one in (name, *others))
    most = 2**64 * min(
        4 * _SKETCH / max(different, 1), 1
    )  # below it are four times as many as wanted: no need to sort all
    statement = (
        f"SELECT DISTINCT one FROM (SELECT hash({texts}) AS one FROM {rows} WHERE {_plain(name)} IS NOT NULL) "
        f"WHERE one::DOUBLE <= {most} ORDER BY one LIMIT {_SKETCH}"
    )
    return [int(one) for (one,) in connection.execute(statement).fetchall()]


def check_case_numbers(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Warn of case numbers that recur in a table with one row for each case.

    Args:
        connection: where the tables of text are read.
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    pattern = _names_of_numbers(folder.source) if folder.source.rows != "cells" else None
    columns = [one for one in unused if pattern is not None and pattern.fullmatch(_spaced(one.name))]
    found = [
        _describe(name, rows, different)
        for column in columns
        for name, (rows, different) in _numbers(connection, column.table, [column.name]).items()
        if _are_numbers(name, rows, different) and _is_again(rows, different)
    ]
    added_up = [] if folder.source.rows == "cells" else unused
    for column in (one for one in added_up if not one.in_sql and _numbers_parts(folder.source, one.name)):
        found += [_part_message(*part) for part in _rows_of_parts(connection, column.table, [column.name]).items()]
    return Outcome.of_warning("numbers_repeated", len(columns), found)


def _describe(name: str, rows: int, different: int) -> str:
    return f"{name!r} has {different:,} different numbers in {rows:,} rows"


def _part_message(name: str, rows: int) -> str:
    return f"{name!r} numbers what the rows of one record are: it is above 1 in {rows:,} rows"


def _spaced(name: str) -> str:
    """The name of a column in lower case, with a blank between its words.

    >>> _spaced("victimID"), _spaced("Número_de_caso")
    ('victim id', 'numero de caso')
    """
    return " ".join(re.split(r"[\W_]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))).strip()


def _names_of_numbers(source: Source) -> re.Pattern[str] | None:
    """Return the names that columns of case numbers have; None if a row of the source is not one case."""
    units = {measure.counting_unit for measure in source.measures.values()}
    unit = next(iter(units)) if len(units) == 1 else ""
    if source.id or "value" in source.columns or unit not in _OF_UNIT:
        return None
    thing, alone = _OF_UNIT[unit], _ALONE if unit in ("incident", "case") else ""
    alone += rf"|{_DOCUMENT}" if unit in ("victim", "person") else ""
    return re.compile(rf"{_NUMBER} ?((of|de|del|der|du) )?{thing}|{thing} ?((of|de|del|der|du) )?{_NUMBER}{alone}")


def _plain(name: str) -> str:
    """The SQL of a number as it is written, save for capitals: accents and inner blanks may tell two cases apart."""
    return f"nullif(lower(trim({quote_identifier(name)}::VARCHAR)), '')"


def _canonical(name: str) -> str:
    return canonical_number(quote_identifier(name))


def canonical_number(expression: str) -> str:
    """Return the SQL for a case number in a canonical form, the same for all its spellings."""
    text = f"lower(trim({expression}::VARCHAR))"
    for pattern, new in _CANONICAL:
        text = f"regexp_replace({text}, {quote_literal(pattern)}, {quote_literal(new)}, 'g')"
    return f"nullif({text}, '')"


def _numbers(connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return how many rows have a number in each column, and how many of these numbers are different."""
    counts = ", ".join(
        f"count({text}), count(DISTINCT hash({text})) FILTER ({text} IS NOT NULL)" for text in map(_canonical, names)
    )
    found = fetch_row(connection, f"SELECT {counts} FROM {rows}")
    pairs = zip(names, found[::2], found[1::2], strict=True)
    return {name: (int(rows), int(different)) for name, rows, different in pairs if rows}


def _are_numbers(name: str, rows: int, different: int) -> bool:
    """Whether a column has the number of an incident in each row, be it in one row of the file or in several.

    >>> _are_numbers("case", 1080, 900), _are_numbers("case_code", 1080, 60), _are_numbers("case_number", 1080, 60)
    (True, False, True)
    """
    certain = different >= max(_LEAST_NUMBERS, _LEAST_OF_NUMBERS * rows) and not _CODES.fullmatch(_spaced(name))
    return certain or different >= _LEAST_DIFFERENT * rows


def _is_again(rows: int, different: int) -> bool:
    """Whether too many rows repeat a number for this to be an accident.

    >>> _is_again(1080, 900), _is_again(1080, 1080)
    (True, False)
    """
    return rows - different >= max(_LEAST_REPEATED, _LEAST_SHARE_REPEATED * rows)


def judge_case_numbers(facts: FileFacts) -> Outcome:
    """Warn of case numbers that recur in files of incidents, within a file or in two of them."""
    found = [
        f"{file.name}: {_describe(name, one['rows'], one['different'])}"
        for file, fact in facts
        for name, one in fact.get("numbers", {}).items()
        if _is_again(one["rows"], one["different"])
    ]
    found += [
        f"{file.name}: {_part_message(*part)}"
        for file, fact in facts
        for part in fact.get("numbered_parts", {}).items()
    ]
    found += [
        f"{file.name}: {near:,} identifiers (id) differ from another one only in leading zeros, signs or capitals"
        for file, fact in facts
        if (near := fact.get("repeats", {}).get("near"))
    ]
    found += _numbers_of_two_files(facts)
    return Outcome.of_warning("numbers_repeated", len(facts), found)


def _numbers_of_two_files(facts: FileFacts) -> list[str]:
    """Return, as text, the files that have case numbers of another file with the same day and area: later updates."""
    sketches = [
        (file.name, name, one["sketch"], one["different"])
        for file, fact in facts
        for name, one in fact.get("numbers", {}).items()
    ]
    highest = [_highest(sketch) for *_, sketch, _ in sketches]
    limit = sorted(one for *_, sketch, _ in sketches for one in sketch)[:_MOST_HASHES][-1:]
    files_of: dict[tuple[str, int], list[int]] = {}
    for number, (_, name, sketch, _) in enumerate(sketches):
        for one in sketch:
            if one <= limit[0]:
                files_of.setdefault((name, one), []).append(number)
    common = Counter(pair for numbers in files_of.values() for pair in combinations(numbers[:_MOST_FILES], 2))
    findings = []
    for (one, other), shared in sorted(common.items()):
        (first, name, *_), (second, _, sketch, different) = sketches[one], sketches[other]
        compared = sum(hashed <= min(highest[one], highest[other], limit[0]) for hashed in sketch)
        if shared >= _LEAST_REPEATED and shared >= _LEAST_SHARE_REPEATED * compared:
            both = shared / max(compared, shared) * different
            findings.append(
                f"{second}: about {both:,.0f} of {different:,} numbers in {name!r} are in {first} too, with the same "
                "day and area"
            )
    return findings


def _highest(sketch: Sequence[int]) -> int:
    """The hash up to which a sketch is complete; one that is shorter than allowed has every number."""
    return sketch[-1] if len(sketch) >= _SKETCH else 2**64
