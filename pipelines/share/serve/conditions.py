"""The filters of a request as SQL conditions with bound values: no text of a request becomes part of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pipelines.share.sdmx.structures import ICCS, TIME, VALUE, attributes, component_id, dimensions
from pipelines.share.serve.periods import read_period
from pipelines.share.serve.refused import NotAnswered
from pipelines.share.serve.request import Ask

MOST_CODES = 2_000
"""The most codes in one request, as every requested combination must be examined."""
BEGINS = (
    "CASE WHEN length(time_period) = 4 THEN make_date(CAST(time_period AS INTEGER), 1, 1) "
    "WHEN time_period[6] = 'Q' "
    "THEN make_date(CAST(time_period[:4] AS INTEGER), 3 * CAST(time_period[7] AS INTEGER) - 2, 1) "
    "ELSE make_date(CAST(time_period[:4] AS INTEGER), CAST(time_period[6:7] AS INTEGER), 1) END"
)
"""The first day of an observation's period: 2021, 2021-Q2 or 2021-03."""
ENDS = (
    f"CAST({BEGINS} + CASE WHEN length(time_period) = 4 THEN INTERVAL 1 YEAR WHEN time_period[6] = 'Q' THEN "
    "INTERVAL 3 MONTH ELSE INTERVAL 1 MONTH END AS DATE)"
)
"""The first day after it."""
_TEXT = {
    "eq": "{column} = {value}",
    "ne": "{column} <> {value}",
    "co": "contains({column}, {value})",
    "nc": "NOT contains({column}, {value})",
    "sw": "starts_with({column}, {value})",
    "ew": "ends_with({column}, {value})",
}
_PERIOD = {
    "ge": "{begins} >= {first}",
    "gt": "{begins} >= {after}",
    "le": "{ends} <= {after}",
    "lt": "{ends} <= {first}",
    "eq": "({begins} = {first} AND {ends} = {after})",
    "ne": "({begins} <> {first} OR {ends} <> {after})",
}
_COMPARED = ("lt", "le", "gt", "ge")


class Conditions:
    """The conditions of a request: ``text`` is SQL, ``values`` what is bound.

    Args:
        ask: the request.

    Raises:
        NotAnswered: it filters by something that is not a component (422), or in an unsupported way (501).
    """

    def __init__(self, ask: Ask) -> None:
        self.values: dict[str, object] = {}
        if sum(len(codes) for key in ask.key for codes in key) > MOST_CODES:
            raise NotAnswered(413, f"The key has more than {MOST_CODES:,} codes; split the request.")
        parts = []
        if ask.key:
            parts.append("(" + " OR ".join(self._key(key, exact=ask.version == 1) for key in ask.key) + ")")
        parts += [self._filter(component, text) for component, text in ask.filters.items()]
        if text := ask.parameters.get("startPeriod"):
            parts.append(self._period("ge", text))
        if text := ask.parameters.get("endPeriod"):
            parts.append(self._period("le", text))
        self.text = " AND ".join(parts) or "true"

    def _bind(self, value: str | date) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def _key(self, key: tuple[tuple[str, ...], ...], *, exact: bool) -> str:
        columns = dimensions()
        if len(key) > len(columns) or (exact and len(key) != len(columns)):
            names = ".".join(map(component_id, columns))
            raise NotAnswered(400, f"A key has {len(columns)} parts here, {names}; this one has {len(key)}.")
        parts = [
            "(" + " OR ".join(self._equal(column, code) for code in codes) + ")"
            for column, codes in zip(columns, key, strict=False)
            if codes
        ]
        return "(" + (" AND ".join(parts) or "true") + ")"

    def _equal(self, column: str, code: str) -> str:
        if column == "iccs":  # compared as it is stored, which skips what a file says it has not
            return f"iccs = {self._bind(code.removeprefix(ICCS))}" if code.startswith(ICCS) else "false"
        return f"{column} = {self._bind(code)}"

    def _filter(self, component: str, text: str) -> str:
        """Read ``A,B`` as one or the other, ``ge:A+le:B`` as both."""
        if text.count(",") + text.count("+") > MOST_CODES:
            raise NotAnswered(413, f"{component} has more than {MOST_CODES:,} values; split the request.")
        either = [
            "(" + " AND ".join(self._one(component, part) for part in both.split("+")) + ")" for both in text.split(",")
        ]
        return "(" + " OR ".join(either) + ")"

    def _one(self, component: str, text: str) -> str:
        operator, colon, value = text.partition(":")
        if not colon or operator not in (*_TEXT, *_PERIOD):
            operator, value = "eq", text
        if not value:
            raise NotAnswered(400, f"c[{component}] has an empty value.")
        if component == TIME:
            return self._period(operator, value)
        columns: Mapping[str, str] = {component_id(name): name for name in (*dimensions(), *attributes())}
        if component in (VALUE, "UNIT_MULT") or operator in _COMPARED:
            raise NotAnswered(
                501, f"{component} cannot be compared by {operator!r} here; filter by codes and by {TIME}."
            )
        if component not in columns:
            raise NotAnswered(422, f"There is no component {component!r}; there are: {', '.join(columns)}, {TIME}.")
        column = columns[component]
        if operator == "eq":
            return self._equal(column, value)
        shown = f"concat('{ICCS}', iccs)" if column == "iccs" else f"coalesce(CAST({column} AS VARCHAR), '')"
        return _TEXT[operator].format(column=shown, value=self._bind(value))

    def _period(self, operator: str, text: str) -> str:
        if operator not in _PERIOD:
            raise NotAnswered(501, f"{TIME} can be compared by {', '.join(_PERIOD)} here, not by {operator!r}.")
        first, after = read_period(text)
        template = _PERIOD[operator]
        bound = {
            name: self._bind(day) for name, day in (("first", first), ("after", after)) if f"{{{name}}}" in template
        }
        return template.format(begins=f"({BEGINS})", ends=f"({ENDS})", **bound)
