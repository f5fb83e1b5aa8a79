"""The drafted reshape.sql, which makes a wide table tidy."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.project.draft import PLURALS
from pipelines.project.known_words import months
from pipelines.project.roles import Roles, quarter_of
from pipelines.project.seen_table import SeenTable
from schemas.declarations import quote_identifier, quote_literal
from schemas.words_of_totals import plain


def reshape_statement(table: SeenTable, roles: Roles, constants: dict[str, str]) -> str | None:
    """Return the SELECT that makes a wide table tidy, or builds months from two columns or from the file's year."""
    column = roles.columns.get("time_period")
    year = quote_identifier(column) if column else "NULL"
    if column is None and (roles.wide_is == "month" or roles.month):
        year = quote_literal(constants.pop("time_period"))
    if not roles.wide:
        if roles.period_in_another_form and column is not None:
            head = "-- Periods are written as 2024-03 or 2024-Q1. Grain: one row for each raw row."
            return f"{head}\nSELECT *, {_rewritten(year)} AS period FROM raw\n"
        if roles.month is None and roles.quarter is None:
            return None
        period = _period(table, roles, year)
        head = (
            f"-- Year and {'month' if roles.month else 'quarter'} become one period. Grain: one row for each raw row."
        )
        return f"{head}\nSELECT *, {period} AS period FROM raw\n"
    names = ", ".join(quote_identifier(name) for name in roles.wide)
    label = f"{roles.wide_is}_of_column"
    more = ""
    if roles.wide_is == "month":
        more = f", {_month_period(year, 'month_of_column', list(roles.wide))} AS period"
    elif roles.month is not None or roles.quarter is not None:
        more = f", {_period(table, roles, year)} AS period"
    if roles.has_more_in_years:
        label, more = "label_of_column", ", regexp_extract(label_of_column, '(19|20)[0-9][0-9]') AS year_of_column"
    elif roles.period_in_another_form and roles.wide_is == "year":
        label, more = "label_of_column", f", {_rewritten('label_of_column')} AS year_of_column"
    kind, kinds = roles.wide_is, PLURALS[roles.wide_is]
    return (
        f"-- {kinds.capitalize()} as columns become rows. Grain: one row for each raw row and {kind}.\n"
        f"SELECT *, {label} AS _column{more}\n"
        f"FROM raw UNPIVOT INCLUDE NULLS (count_of_column FOR {label} IN ({names}))\n"
    )


def _rewritten(period: str) -> str:
    """Return the SQL that writes 2023M01 as 2023-01, and 2023K1 as 2023-Q1."""
    return (
        f"regexp_replace(regexp_replace({period}, '^([0-9]{{4}})[-_ /.]?M?([0-9]{{2}})$', '\\1-\\2'), "
        "'^([0-9]{4})[-_ /.]?[QKTC]([1-4])$', '\\1-Q\\2')"
    )


def _period(table: SeenTable, roles: Roles, year: str) -> str:
    if roles.month is not None:
        return _month_period(year, roles.month, table.column(roles.month))
    quarter = roles.quarter or ""
    words = [word for word in dict.fromkeys(table.column(quarter)) if word]
    cases = " ".join(f"WHEN {quote_literal(word)} THEN '{quarter_of(word)}'" for word in words)
    return f"{year} || '-Q' || CASE {quote_identifier(quarter)} {cases} END"


def _month_period(year: str, month: str, words: Iterable[str]) -> str:
    numbers = {word: months().get(plain(word).rstrip(".")) for word in dict.fromkeys(words) if word}
    before = f"{year} || '-' || "
    if all(number is None for number in numbers.values()):
        return f"{before}lpad({quote_identifier(month)}, 2, '0')"
    cases = " ".join(f"WHEN {quote_literal(word)} THEN '{number:02d}'" for word, number in numbers.items() if number)
    return f"{before}CASE {quote_identifier(month)} {cases} END"
