"""The drafted reshape.sql, which makes a wide table tidy."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.project.calendars import sql_of_year
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
    if column is not None and roles.calendar is not None:
        year = sql_of_year(year, roles.calendar)
    if column is None and (roles.wide_is == "month" or roles.month):
        year = quote_literal(constants.pop("time_period"))
    if not roles.wide:
        if roles.period_in_another_form and column is not None:
            head = "-- Periods are written as 2024-03 or 2024-Q1. Grain: one row for each raw row."
            return f"{head}\nSELECT *, {_rewritten(year)} AS period FROM raw\n"
        if roles.month is None and roles.quarter is None:
            return _with_years(roles, year)
        period = _period(table, roles, year)
        head = (
            f"-- Year and {'month' if roles.month else 'quarter'} become one period. Grain: one row for each raw row."
        )
        return f"{head}\nSELECT *, {period} AS period FROM raw\n"
    names = ", ".join(quote_identifier(name) for name in roles.wide)
    label, more = _label_and_period(table, roles, year)
    kind, kinds = roles.wide_is, PLURALS[roles.wide_is]
    return (
        f"-- {kinds.capitalize()} as columns become rows. Grain: one row for each raw row and {kind}.\n"
        f"SELECT *, {label} AS _column{more}\n"
        f"FROM raw UNPIVOT INCLUDE NULLS (count_of_column FOR {label} IN ({names}))\n"
    )


def _label_and_period(table: SeenTable, roles: Roles, year: str) -> tuple[str, str]:
    """Return the column with the labels of a wide table, and the SQL of its period if that is another column."""
    label = f"{roles.wide_is}_of_column"
    if roles.has_more_in_years:
        return "label_of_column", ", regexp_extract(label_of_column, '(19|20)[0-9][0-9]') AS year_of_column"
    if roles.wide_is == "year" and roles.calendar is not None:
        return "label_of_column", f", {sql_of_year('label_of_column', roles.calendar)} AS year_of_column"
    if roles.wide_is == "year" and roles.period_in_another_form:
        return "label_of_column", f", {_rewritten('label_of_column')} AS year_of_column"
    if roles.wide_is == "month":
        return label, f", {_month_period(year, 'month_of_column', list(roles.wide))} AS period"
    if roles.month is not None or roles.quarter is not None:
        return label, f", {_period(table, roles, year)} AS period"
    return label, f", {year} AS period" if roles.calendar is not None else ""


def _with_years(roles: Roles, year: str) -> str | None:
    """Return the SELECT that writes the years of another calendar as 2023; None if the file does so itself."""
    if roles.calendar is None or roles.calendar.year is None:
        return None
    name = roles.calendar.name
    head = f"-- {name[0].upper()}{name[1:]} become calendar years. Grain: one row for each raw row."
    return f"{head}\nSELECT *, {year} AS period FROM raw\n"


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
