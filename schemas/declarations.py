"""Columns, tables and rules as declared in this package, for everything that creates or documents a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

import yaml

from iccs.classification import attribute_names


class DeclarationError(ValueError):
    """A declaration file is not valid; the message says which file, where in it, and what to do."""


@dataclass(frozen=True)
class Column:
    """One published column: its type, role, unit, code list and description."""

    name: str
    type: str
    role: str
    description: str
    unit: str | None = None
    codelist: str | None = None

    @property
    def comment(self) -> str:
        """Text for COMMENT ON COLUMN: the description, then unit and code list where there are any."""
        extra = [f"Unit: {self.unit}." if self.unit else "", f"Codes: {self.codelist}." if self.codelist else ""]
        return " ".join([self.description, *[text for text in extra if text]])


ATTRIBUTES = "*attributes"
"""Placeholder for every ICCS attribute: in the columns of a table, in the name and the parameters of a rule."""


@dataclass(frozen=True)
class Table:
    """One published table.

    Attributes:
        name: without its schema.
        description: what it holds.
        grain: what one row is.
        columns: in order.
        filled_by: what fills it: packaged statements (``publish/rate``) or functions by their dotted name.
        may_be_empty: in which case a release has no rows of it; None if it always must have some.
    """

    name: str
    description: str
    grain: str
    columns: tuple[Column, ...]
    filled_by: tuple[str, ...]
    may_be_empty: str | None = None

    @property
    def comment(self) -> str:
        """Text for COMMENT ON TABLE."""
        return f"{self.description} Grain: {self.grain}."


EFFECTS = ("obs_status", "withhold", "codes", "totals", "periods", "compared")
"""What a rule on figures does to the cells it finds, besides adding its caveat.

``obs_status``: they get this status if theirs ranks lower. ``withhold``: their value is removed, for this reason;
``codes: known`` removes only those of known sex or age. ``totals``: the status of totals that contain such a cell.
``periods: own``: a finding on a period concerns neither the shorter periods in it nor the longer ones around it;
``periods: up``: not the shorter ones either, and the longer ones get the caveat only. With ``compared: false`` neither
they nor these totals are used in trends, changes and fits. The caveat is passed on to every total.
"""


@dataclass(frozen=True)
class Rule:
    """One validation rule: why it exists and what to do when it fails.

    A rule with a ``kind`` is run from its declaration: ``pipelines/tabulate/sql/rules/<kind>.sql`` filled with its
    parameters, or an expectation (see ``schemas/rules/figures.yml`` and ``structure.yml``). The others are checked
    inside a step. A rule ``by_year`` checks each year by itself, so its outcome can be stored by year. One that
    ``may_be_meant`` finds what a publisher can do on purpose: ``iccs run --accept-loss`` turns it into a warning.
    """

    name: str
    reason: str
    what_to_do: str
    severity: str = "error"
    kind: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    most_failing: float = 0
    most_failing_share: float = 0
    applies_to: tuple[Literal["count", "population", "estimate"], ...] = ("count", "population")
    caveat: str | None = None
    effect: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    reference: str = ""
    by_year: bool = False
    may_be_meant: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.effect) - set(EFFECTS)
        if unknown or (self.effect and not self.caveat):
            raise ValueError(f"rule {self.name}: effect: {sorted(unknown) or 'needs a caveat, which carries it'}")

    @property
    def is_compared(self) -> bool:
        """Whether trends, changes and fits use the cells that the rule found failing."""
        return bool(self.effect.get("compared", True))


@cache
def load_uncompared_caveats() -> tuple[str, ...]:
    """Return the caveats that keep a cell out of trends, changes and fits: those of rules with ``compared: false``.

    >>> "months_missing" in load_uncompared_caveats()
    True
    """
    return tuple(sorted({rule.caveat for rule in load_rules().values() if rule.caveat and not rule.is_compared}))


def uncompared_sql(caveats: str = "caveats") -> str:
    """Return the SQL condition that a list of caveats, as text, has one of ``load_uncompared_caveats``."""
    codes = ", ".join(quote_literal(code) for code in load_uncompared_caveats())
    return f"list_has_any(string_split(coalesce({caveats}, ''), ';'), [{codes}])"


POPULATION_CAVEATS = (
    "population_backcast",
    "population_has_caveats",
    "population_interpolated",
    "population_of_parts_differs",
    "population_source_changed",
    "projection",
)
"""Caveats of a rate that are about the population it is divided by, and not about its count."""


def join_caveats(*caveats: str | None) -> str | None:
    """Return several lists of caveats, each separated by ';', as one: each code once, in order, None without any.

    It is ``out.join_caveats`` in SQL.

    >>> join_caveats("volume_jump", None, "projection;volume_jump"), join_caveats(None)
    ('projection;volume_jump', None)
    """
    return ";".join(sorted({code for one in caveats if one for code in one.split(";")})) or None


def uncompared_codes(caveats: str | None) -> list[str]:
    """Return those of these caveats, separated by ';', for which trends, changes and fits leave a cell out.

    >>> uncompared_codes("projection;months_missing")
    ['months_missing']
    """
    return [code for code in (caveats or "").split(";") if code in load_uncompared_caveats()]


def is_compared(caveats: str | None) -> bool:
    """Return whether trends, changes and fits use a cell with these caveats, separated by ';'.

    >>> is_compared(None), is_compared("projection;months_missing")
    (True, False)
    """
    return not uncompared_codes(caveats)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both are safe: plain values only
# A declaration is short and flat: the longest here has 1,300 lines. Nobody writes one this large by hand.
_MOST_CHARACTERS = 1_000_000
_MOST_LEVELS = 30
_MOST_VALUES = 100_000


class NotADeclaration(yaml.MarkedYAMLError):
    """YAML that cannot be a declaration: too deep, too large, or with a key that occurs twice."""


def parse_yaml(text: str) -> dict[str, Any]:
    r"""Return a declaration as a mapping, read by the safe and fast loader.

    The text may come from anybody. It is refused if it would take unbounded memory or time (nested lists, aliases of
    aliases), or if a key occurs twice in one mapping: YAML would silently keep the last.

    Raises:
        NotADeclaration: too deep, too large, a repeated key, an invalid date or number; with its line.
        yaml.YAMLError: not YAML.
        TypeError: YAML, but not a mapping.

    >>> parse_yaml("kind: count")
    {'kind': 'count'}
    >>> parse_yaml("a: 1\na: 2")
    Traceback (most recent call last):
    schemas.declarations.NotADeclaration: the key 'a' occurs twice
      in "<unicode string>", line 2, column 1
    """
    if len(text) > _MOST_CHARACTERS:
        raise NotADeclaration(problem=f"it has more than {_MOST_CHARACTERS:,} characters")
    levels = 0
    for event in yaml.parse(text, Loader=_LOADER):
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if levels > _MOST_LEVELS:
            mark = cast("yaml.Mark | None", event.start_mark)  # that of the quick loader has the same line and column
            raise NotADeclaration(problem=f"values are nested more than {_MOST_LEVELS} deep", problem_mark=mark)
    document = yaml.compose(text, Loader=_LOADER)
    if document is None:
        raise TypeError("a declaration must be a mapping")
    if _count_values(document, {}) > _MOST_VALUES:
        raise NotADeclaration(problem=f"with its aliases written out it has more than {_MOST_VALUES:,} values")
    try:
        loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError:
        raise
    except Exception as error:  # a malformed number, date or boolean: the library passes on whatever Python raised
        raise _unreadable(document) from error
    if not isinstance(loaded, dict):
        raise TypeError("a declaration must be a mapping")
    return loaded


def _unreadable(document: yaml.Node) -> NotADeclaration:
    """Return the error for the first value of a document that is not of the type it is written as."""
    nodes = [document]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.ScalarNode):
            try:
                yaml.SafeLoader("").construct_object(node)
            except Exception:
                kind, shown = node.tag.rpartition(":")[2], node.value[:40]
                return NotADeclaration(
                    problem=f"{shown!r} is not a valid {kind}; put it in quotes if it is a text",
                    problem_mark=node.start_mark,
                )
        else:
            parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
            nodes += reversed(parts)
    return NotADeclaration(problem="a value cannot be read")


def _count_values(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many values a node has with every alias expanded; refuse a key that occurs twice."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in counted:
        counted[id(node)] = _MOST_VALUES + 1  # for a node that contains itself
        parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        seen = set()
        for key in (pair[0] for pair in node.value if isinstance(pair, tuple)):
            if (key.tag, str(key.value)) in seen:
                raise NotADeclaration(problem=f"the key {key.value!r} occurs twice", problem_mark=key.start_mark)
            seen.add((key.tag, str(key.value)))
        counted[id(node)] = 1 + sum(_count_values(part, counted) for part in parts)
    return counted[id(node)]


def _read_yaml(*path: str) -> dict[str, Any]:
    return parse_yaml(resources.files("schemas").joinpath(*path).read_text(encoding="utf-8"))


@cache
def load_columns() -> dict[str, Column]:
    """Return every declared column by name.

    >>> load_columns()["rate_per_100k"].unit
    'per 100,000 population'
    """
    return {name: Column(name=name, **fields) for name, fields in _read_yaml("columns.yml").items()}


@cache
def load_tables() -> dict[str, Table]:
    """Return every published table by name (without its schema).

    Raises:
        DeclarationError: a table without a key it needs, with an unknown one, or with a column that is not declared.

    >>> load_tables()["release"].grain
    'one row'
    """
    tables = {}
    for entry in sorted(resources.files("schemas").joinpath("tables").iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".yml"):
            continue
        name = entry.name.removesuffix(".yml")
        tables[name] = parse_table(name, _read_yaml("tables", entry.name))
    return tables


def parse_table(name: str, declared: dict[str, Any]) -> Table:
    """Return one declared table, checked.

    Raises:
        DeclarationError: as :func:`load_tables`.
    """
    needed = {
        "description": "state what the table contains",
        "grain": "state what one row is",
        "columns": "list the columns in order",
        "filled_by": "name the statement or function that fills the table",
    }
    for key, what in needed.items():
        if not declared.get(key):
            raise DeclarationError(f"tables/{name}.yml: {key} is missing: {what}")
    unknown = sorted(set(declared) - {*needed, "may_be_empty"})
    if unknown:
        raise DeclarationError(f"tables/{name}.yml: no table has {', '.join(unknown)}")
    columns = load_columns()
    names = [each for name in declared["columns"] for each in (attribute_columns() if name == ATTRIBUTES else (name,))]
    undeclared = [column for column in names if column not in columns]
    if undeclared:
        raise DeclarationError(f"tables/{name}.yml: not in columns.yml: {', '.join(undeclared)}")
    return Table(
        name=name,
        description=declared["description"],
        grain=declared["grain"],
        columns=tuple(columns[column] for column in names),
        filled_by=tuple(declared["filled_by"]),
        may_be_empty=declared.get("may_be_empty"),
    )


@cache
def load_rules() -> dict[str, Rule]:
    """Return every declared rule by name.

    >>> load_rules()["count_negative"].severity
    'error'
    """
    rules: dict[str, Rule] = {}
    for entry in sorted(resources.files("schemas").joinpath("rules").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yml"):
            for name, fields in _read_yaml("rules", entry.name).items():
                rules |= {rule.name: rule for rule in _rules_of(name, fields)}
    return rules


def _rules_of(name: str, declared: dict[str, Any]) -> list[Rule]:
    """One rule, or one for each ICCS attribute if its name and parameters have the placeholder."""
    if ATTRIBUTES not in name:
        return [Rule(name=name, **declared)]
    rules = []
    for attribute in attribute_columns():
        given = declared["parameters"].items()
        parameters = {key: attribute if value == ATTRIBUTES else value for key, value in given}
        rules.append(Rule(name.replace(ATTRIBUTES, attribute), **declared | {"parameters": parameters}))
    return rules


def attribute_columns() -> tuple[str, ...]:
    """Return the ICCS attributes an observation may carry, in order, without sex and age.

    >>> attribute_columns()[:2]
    ('attempted', 'weapon')
    """
    return attribute_names()


def no_attributes_sql() -> str:
    """Return the SQL condition, to append to another, that a cell is a total over every ICCS attribute.

    >>> no_attributes_sql()[:40]
    " AND attempted = '_T' AND weapon = '_T' "
    """
    return "".join(f" AND {name} = '_T'" for name in attribute_columns())


def breakdown_columns() -> tuple[str, ...]:
    """Return the dimensions along which totals are made: sex, age and the ICCS attributes."""
    return ("sex", "age", *attribute_columns())


def quote_identifier(name: str) -> str:
    """Return a name quoted for SQL, whatever its characters.

    >>> quote_identifier('Rango de edad')
    '"Rango de edad"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return a text quoted for SQL, whatever its characters.

    >>> quote_literal("l'âge")
    "'l''âge'"
    """
    return "'" + text.replace("'", "''") + "'"


def create_table_sql(table: Table) -> list[str]:
    """Return the statements that create and comment a published table.

    >>> create_table_sql(load_tables()["sex"])[0].split("(")[0].strip()
    'CREATE TABLE out.sex'
    """
    target = f"out.{table.name}"
    body = ", ".join(f"{quote_identifier(column.name)} {column.type}" for column in table.columns)
    statements = [f"CREATE TABLE {target} ({body})", f"COMMENT ON TABLE {target} IS {quote_literal(table.comment)}"]
    statements += [
        f"COMMENT ON COLUMN {target}.{quote_identifier(column.name)} IS {quote_literal(column.comment)}"
        for column in table.columns
    ]
    return statements
