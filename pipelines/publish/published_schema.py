"""The schema ``out`` of the published file: its tables, views and macros, created empty with their comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from itertools import takewhile

import duckdb

from iccs.ages import AGE_STATUS_BANDS, ICCS_AGE_BANDS, parse_age
from pipelines.system.functions import shared_functions
from pipelines.system.sql import fill_text, needed_values
from schemas.codelists import load_codelist
from schemas.comparison import load_comparison_rules
from schemas.declarations import (
    DeclarationError,
    attribute_columns,
    create_table_sql,
    load_columns,
    load_tables,
    quote_identifier,
    quote_literal,
    uncompared_sql,
)
from schemas.definition.survey import UNIT_COUNTS

_CODED_ARGUMENTS = ("iccs", "area", "sex", "age")  # of macros, each with its code list in schema out
_CREATES = re.compile(r"^CREATE (?:OR REPLACE )?(VIEW|MACRO) ([\w.]+)", re.MULTILINE)
_MOST_PAIRS = 200
"""Pairs of years with quantiles of Student's t written out; above, those of the normal distribution are used."""

_OF_ATTRIBUTES = {
    "own_attributes": "one.{0}",
    "same_attributes": "other.{0} = one.{0}",
    "police_totals": "police.{0} = '_T'",
    "survey_totals": "survey.{0} = '_T'",
}
"""What views and macros repeat for every attribute, by the name of the place in their text."""

_READS = re.compile(r"^-- reads: *(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class PublishedStatement:
    """A view or macro of schema ``out``, as written in ``schemas/published/out/<name>.sql``.

    Attributes:
        name: with its schema; the same as the path of the file.
        kind: ``VIEW`` or ``MACRO``, as in its CREATE statement.
        text: of the file, with placeholders.
    """

    name: str
    kind: str
    text: str

    @property
    def comment(self) -> str:
        """The header of the file, filled and without the tables it reads: what the view or macro is, and its grain."""
        header = takewhile(lambda line: line.startswith("--"), fill_published(self).strip().splitlines())
        lines = [line.removeprefix("--").strip() for line in header]
        return " ".join(line for line in lines if not line.startswith("reads:"))

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables and views that it reads, as its header says."""
        return tuple(name for line in _READS.findall(self.text) for name in re.split(r", *", line.strip()))


def parse_statement(name: str, text: str) -> PublishedStatement:
    """Return a published statement, its kind read from the CREATE.

    Raises:
        DeclarationError: the file creates something else than one view or macro of its own name.

    >>> parse_statement("out.x", "CREATE VIEW out.x AS SELECT 1 AS one").kind
    'VIEW'
    """
    created = _CREATES.findall(text)
    if [target for _, target in created] != [name]:
        path = f"schemas/published/{name.replace('.', '/')}.sql"
        found = ", ".join(f"CREATE {kind} {target}" for kind, target in created) or "no CREATE VIEW or CREATE MACRO"
        raise DeclarationError(
            f"{path}: found {found}; the path of a file is the name of what it creates, so it must contain exactly one "
            f"CREATE VIEW {name} or CREATE MACRO {name}."
        )
    return PublishedStatement(name, created[0][0], text)


@cache
def load_published() -> tuple[PublishedStatement, ...]:
    """Return the views and macros of schema ``out``, each after those that it reads.

    Raises:
        DeclarationError: see :func:`parse_statement`; or views that read one another in a circle.
    """
    folder = resources.files("schemas").joinpath("published", "out")
    found = [
        parse_statement(f"out.{entry.name.removesuffix('.sql')}", entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda item: item.name)
        if entry.name.endswith(".sql")
    ]
    return tuple(order_statements(found))


def order_statements(statements: Iterable[PublishedStatement]) -> list[PublishedStatement]:
    """Return statements so that each comes after those that it reads; by name where either could be first.

    Raises:
        DeclarationError: some read one another in a circle.
    """
    named = {statement.name: statement for statement in sorted(statements, key=lambda item: item.name)}
    graph = {name: [read for read in statement.reads if read in named] for name, statement in named.items()}
    try:
        return [named[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise DeclarationError(f"schemas/published: views read one another: {' -> '.join(error.args[1])}.") from error


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables, the views and the macros of schema ``out``, as declared, with their comments."""
    connection.execute("CREATE SCHEMA out")
    for table in load_tables().values():
        for statement in create_table_sql(table):
            connection.execute(statement)
    for function in shared_functions("out"):
        connection.execute(function.statement)
        connection.execute(f"COMMENT ON MACRO out.{function.name} IS {quote_literal(function.comment)}")
    for published in load_published():
        create_published(connection, published)


def create_published(connection: duckdb.DuckDBPyConnection, statement: PublishedStatement) -> None:
    """Create a view or macro with its comments; the columns of a view have the comments of the declared columns.

    Raises:
        DeclarationError: a view has a column that ``schemas/columns.yml`` does not declare.
    """
    connection.execute(fill_published(statement))
    kind = "VIEW" if statement.kind == "VIEW" else "MACRO TABLE"
    connection.execute(f"COMMENT ON {kind} {statement.name} IS {quote_literal(statement.comment)}")
    if statement.kind != "VIEW":
        return
    declared = load_columns()
    for column, *_ in connection.execute(f"DESCRIBE {statement.name}").fetchall():
        if column not in declared:
            raise DeclarationError(
                f"schemas/published/{statement.name.replace('.', '/')}.sql: the view has a column {column!r} that is "
                "not in schemas/columns.yml; declare it there with its meaning and unit, or use a declared name."
            )
        target = f"{statement.name}.{quote_identifier(column)}"
        connection.execute(f"COMMENT ON COLUMN {target} IS {quote_literal(declared[column].comment)}")


def fill_published(statement: PublishedStatement) -> str:
    """Fill in the attributes, their totals, and the expression that checks an argument against its code list."""
    known = resources.files("schemas").joinpath("published", "known_code.sql").read_text(encoding="utf-8")
    macro = statement.name.rpartition(".")[2]
    offered = {"attributes": ", ".join(attribute_columns()), "totals": ", ".join("'_T'" for _ in attribute_columns())}
    for name, form in _OF_ATTRIBUTES.items():
        offered[name] = (" AND " if " = " in form else ", ").join(form.format(each) for each in attribute_columns())
    offered |= {"age_bands": _age_bands(), "limits": _limits(), "uncompared": uncompared_sql()} | _thresholds()
    offered |= {
        "reference_periods": _named_codes("reference_period"),
        "unit_counts": ", ".join(map(quote_literal, UNIT_COUNTS)),
    }
    offered |= {f"known_{name}": fill_text(known, macro=macro, name=name) for name in _CODED_ARGUMENTS}
    return fill_text(statement.text, **needed_values(statement.text, offered))


@cache
def _thresholds() -> dict[str, str]:
    """Thresholds and quantiles of comparisons: those of ``out.rate`` and ``out.change``."""
    from scipy.special import ndtri, stdtrit

    from pipelines.publish.series.changes import ASSUMED_AUTOCORRELATION, FEWEST_PAIRS
    from pipelines.publish.series.trends import STABLE_PERCENT_A_YEAR
    from pipelines.statistics.rates import FEWEST_EVENTS

    quantiles = ", ".join(f"{stdtrit(pairs, 0.975):.6f}" for pairs in range(1, _MOST_PAIRS + 1))
    return {
        "few": str(FEWEST_EVENTS),
        "fewest_events": str(load_comparison_rules().fewest_events),
        "fewest_pairs": str(FEWEST_PAIRS),
        "assumed_autocorrelation": f"{ASSUMED_AUTOCORRELATION:g}",
        "stable_percent": f"{STABLE_PERCENT_A_YEAR:g}",
        "t_quantiles": f"[{quantiles}]",
        "normal_quantile": f"{ndtri(0.975):.6f}",
    }


def _limits() -> str:
    """Rows of (kind of limits, what they mean in English, French, Spanish)."""
    kinds = [(kind.code, kind.label_en, kind.label_fr, kind.label_es) for kind in load_codelist("limits")]
    return ", ".join(f"({', '.join(map(quote_literal, kind))})" for kind in kinds)


def _named_codes(codelist: str) -> str:
    """Rows of (code, its label in English)."""
    pairs = [(code.code, code.label_en) for code in load_codelist(codelist)]
    return ", ".join(f"({', '.join(map(quote_literal, pair))})" for pair in pairs)


def _age_bands() -> str:
    """Rows of (set of bands, band, youngest, oldest), the oldest 200 where the band is open."""
    rows = []
    for name, bands in (("iccs", ICCS_AGE_BANDS), ("minor_adult", AGE_STATUS_BANDS)):
        for band in bands:
            low, high = parse_age(band) or (0, None)
            rows.append(f"({quote_literal(name)}, {quote_literal(band)}, {low}, {200 if high is None else high})")
    return ", ".join(rows)
