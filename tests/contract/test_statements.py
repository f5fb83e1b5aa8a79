"""Every packaged statement, as it is really filled: it parses, its header names what it reads and writes, and what must
run on DuckDB and on Spark means the same to both.

Statements are recorded while small sources of each kind are loaded, published and read. sqlglot parses them: a reader
of SQL that is not the engine itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.spark import Spark
from statements_used import record_all_statements

ROOT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
MACRO = re.compile(r"CREATE (?:OR REPLACE )?(?:TEMP )?MACRO (\S+)\((.*?)\) AS (TABLE\b)?", re.DOTALL)
ENUM = re.compile(r"CREATE (?:OR REPLACE )?TEMP TYPE (\S+) AS ENUM \((.*?)\);", re.DOTALL | re.IGNORECASE)


class AnsiSpark(Spark):
    """Spark as the engine sets it: double quotes are around names, which sqlglot's Spark takes for texts."""

    class Tokenizer(Spark.Tokenizer):
        """Quotes of names and of texts."""

        IDENTIFIERS = ['"', "`"]  # noqa: RUF012  (the base class has it as a list too)
        QUOTES = ["'"]  # noqa: RUF012


FILES = sorted(
    {
        *(path for path in (ROOT / "pipelines").glob("*/sql/**/*.sql")),
        *(path for path in (ROOT / "schemas" / "published" / "out").glob("*.sql")),
    }
)


def name_of(path: Path) -> str:
    """The name of a statement in calls: ``collect/read_csv``; of a view or macro ``schemas/published/out/trend_of``."""
    return path.relative_to(ROOT).with_suffix("").as_posix().removeprefix("pipelines/").replace("/sql/", "/")


def header(text: str, key: str) -> set[str]:
    """The tables named by the header's lines ``-- reads:`` or ``-- writes:``; a line may go on in the next."""
    found = re.findall(rf"^-- {key}:(.*(?:\n--  .*)*)", text, flags=re.MULTILINE)
    return {name.strip() for line in found for name in re.split(r",|\n--", line) if name.strip()}


def parse(text: str, dialect: str | type[Dialect] = "duckdb") -> list[exp.Expression]:
    """The statements of a text; of macros and enumerations, which sqlglot does not know, the query inside."""
    plain = ENUM.sub(lambda found: f"CREATE TEMP TABLE {found[1]} AS {found[2]};", text)
    plain = MACRO.sub(lambda found: "" if found[3] else "SELECT ", plain)
    return [tree for tree in sqlglot.parse(plain, read=dialect) if tree is not None]


def name_of_table(table: exp.Table) -> str:
    """A table with its schema and database, as far as it is given."""
    return ".".join(part for part in (table.catalog, table.db, table.name) if part).lower()


def tables_of(trees: list[exp.Expression]) -> tuple[set[str], set[str]]:
    """Tables that statements read, and those that they make or fill."""
    read: set[str] = set()
    written: set[str] = set()
    for tree in trees:
        target = tree.this if isinstance(tree, (exp.Create, exp.Insert, exp.Update, exp.Delete)) else None
        table = target.find(exp.Table) if isinstance(target, exp.Expression) else None
        if table is not None and table.name:
            written.add(name_of_table(table))
        own = {one.alias_or_name.lower() for one in tree.find_all(exp.CTE)}
        for found in tree.find_all(exp.Table):
            if found is table or not isinstance(found.this, exp.Identifier):
                continue  # a table function: its files are values, not tables
            if name_of_table(found) not in own:
                read.add(name_of_table(found))
    return read, written


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    yield record_all_statements(tmp_path_factory.mktemp("statements"))


def test_every_statement_is_used(recorded: dict[str, str]) -> None:
    assert sorted({name_of(path) for path in FILES} - recorded.keys()) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_statement_parses_and_its_header_names_its_tables(path: Path, recorded: dict[str, str]) -> None:
    name, text = name_of(path), path.read_text(encoding="utf-8")
    if part_of := header(text, "part of"):
        assert part_of <= recorded.keys(), "a part of a statement is parsed with it"
        return
    trees = parse(recorded[name])
    assert trees
    assert not [tree.sql()[:60] for tree in trees if isinstance(tree, exp.Command)], "not parsed"
    own = set(re.findall(r"[\w.]+", re.sub(r"--[^\n]*", "", PLACEHOLDER.sub("", text)).lower()))
    writes = header(text, "writes")
    if any(PLACEHOLDER.fullmatch(one) for one in writes):  # its caller names the table that it makes
        writes = header(recorded[name], "writes")
        own |= writes
    read, written = (names & own for names in tables_of(trees))  # other names came with what was filled in
    assert read - written <= header(text, "reads"), "reads more than its header says"
    assert header(text, "reads") & own <= read, "its header names a table that it does not read"
    types = {found[0].lower() for found in ENUM.findall(recorded[name])}
    made = {name.split("/out/")[1]} if "/out/" in name else set()  # the path of a view is its name
    assert writes == written - types - {f"out.{one}" for one in made}, "writes other tables"


BOTH = [path for path in FILES if re.search(r"^-- engines: duckdb, spark$", path.read_text("utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_what_runs_on_both_engines_means_the_same_to_both(path: Path, recorded: dict[str, str]) -> None:
    text = recorded[name_of(path)]
    of_duckdb = [tree.sql(dialect="spark") for tree in parse(text, "duckdb")]
    of_spark = [tree.sql(dialect="spark") for tree in parse(text, AnsiSpark)]
    assert of_duckdb == of_spark
    unknown = {one.name for tree in parse(text, AnsiSpark) for one in tree.find_all(exp.Anonymous)}
    assert unknown == set(), "functions that sqlglot does not know: are they in both engines?"


def test_statements_for_both_engines_are_marked() -> None:
    assert BOTH
