"""The statements over incidents, made from a source's declaration in the subset of SQL that DuckDB and Spark share.

``rows`` gives each incident its codes, as numbers of small lists (NULL or negative where a rule is broken); ``tally``
counts the combinations of these numbers, in the only pass over the file; ``disposed`` and ``mapped`` turn the tally of
a partition into the account of every row and the counts of every link, ``links`` the combinations of all tallies into
codes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial

import pyarrow as pa

from iccs.concordance import Concordance, Link
from pipelines.harmonise.ages import age_band, age_in_years
from pipelines.harmonise.conform import area_words
from pipelines.harmonise.dates import event_day, parse_dates, period_bounds, period_number, period_text, precision_of
from pipelines.harmonise.links import FIRST_DAY, LAST_DAY, code_spans, filled_columns
from pipelines.harmonise.numbers import may_be_thousands, parse_decimal, parse_number
from pipelines.harmonise.points import join_points, make_boundaries
from pipelines.system.sql import fill_sql
from schemas.codelists import load_areas, weakest_status
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.errors import UsageError
from schemas.source import OLDEST_AGE_YEARS, BoundaryFile, Layout, Source, SourceFolder

# The condition, in SQL, that an expression could be a word of some column: made from the expression, so that no label
# or form of date in it is ever searched for a place to fill.
Fits = Callable[[str], str]


def _fits_nothing(_: str) -> str:
    return "FALSE"


def _fits_age(word: str) -> str:
    return f"{parse_decimal(word)} BETWEEN 0 AND {OLDEST_AGE_YEARS}"


def _fits_date(forms: tuple[str, ...], word: str) -> str:
    return f"{parse_dates(word, forms)} IS NOT NULL"


def _fits_list(dimension: str, word: str) -> str:
    return f"trim({word}) IN (SELECT trim(word) FROM list_{dimension} WHERE trim(word) <> '')"


@dataclass(frozen=True)
class RowRule:
    """A rule that a row may break: its name, the column and the label it checks, and the condition on its numbers."""

    rule: str
    column: str | None
    word: str
    condition: str
    fits: Fits = _fits_nothing  # whether a word of another column could have been here


@dataclass(frozen=True)
class Statements:
    """What an engine needs to tally a source: lists by name, statements by name, and the rules on rows."""

    lists: dict[str, pa.Table]
    rows: tuple[dict[str, str], ...]  # the values of sql/incident_rows.sql for each layout, but for ``selected``
    tally: tuple[str, ...]
    disposed: str
    mapped: str
    links: str
    conformed: str
    rules: tuple[RowRule, ...]
    known: str  # the joins that the conditions of the rules need beside the numbers of a row
    keys: tuple[str, ...]  # the numbers of a combination, but for area and period
    period: str  # the period of a number, as text
    value: str  # what a row of the tally counts

    def digest(self, layout: int) -> str:
        """Hash of what decides the tally of a file of a layout, apart from the file itself: statements and lists."""
        return hashlib.sha256(self.tally[layout].encode() + b"\0" + self._digest_of_lists).hexdigest()

    @cached_property
    def _digest_of_lists(self) -> bytes:
        digest = hashlib.sha256()
        for text in (self.disposed, self.mapped):
            digest.update(text.encode() + b"\0")
        for name, table in sorted(self.lists.items()):
            content = pa.BufferOutputStream()
            with pa.ipc.new_stream(content, table.schema) as stream:
                stream.write_table(table.combine_chunks())
            digest.update(name.encode() + memoryview(content.getvalue()))
        return digest.digest()


def make_statements(folder: SourceFolder, concordance: Concordance) -> Statements:
    """Generate the statements of a source from its declaration and its links, which are checked.

    Raises:
        UsageError: the declaration names an area, a unit of age or a form of date that there is not.
    """
    return _Maker(folder, concordance).statements()


class _Maker:
    """Collects the joins, lists and rules while the select list of ``rows`` is made, dimension by dimension."""

    def __init__(self, folder: SourceFolder, concordance: Concordance) -> None:
        self.folder = folder
        self.source: Source = folder.source
        self.concordance = concordance
        self.lists: dict[str, pa.Table] = {}
        self.joins: list[str] = []
        self.numbers: dict[str, str] = {}  # our name of a number: its expression
        self.counted: dict[str, str] = {}  # the number that a row counts, where it is not one
        self.rules: list[RowRule] = []
        self.conflicting: list[str] = []  # dimensions that both the file and some link give

    def statements(self) -> Statements:
        source = self.source
        precision = precision_of(source)
        if source.boundaries is not None:
            self._add_points(source.boundaries)
        else:
            self._add_words("ref_area", self._area_list())
        self._add_codes()
        if "measure" in source.columns:
            self._add_words("measure", [(name, number) for number, name in enumerate(source.measures)])
        self.numbers["period"] = period_number(precision)
        shown = source.columns.get("time_period") or source.columns.get("year")
        word = self._word("year" if "year" in source.columns else "time_period")
        fits = partial(_fits_date, source.dates) if "year" not in source.columns else _fits_age
        self.rules.append(RowRule("invalid_period", shown, word, "period IS NULL", fits))
        self.rules.append(RowRule("date_in_future", shown, word, "period = -1"))
        for name in breakdown_columns():
            if name == "age" and source.ages is not None and name in source.columns:
                self._add_age()
            elif name in source.columns:
                self._add_words(name, self._code_list(name))
        self._add_value()
        keys = ", ".join(self.numbers)
        own = ("exclusion", *(name for name in self.numbers if name not in ("ref_area_id", "period")))
        rows = tuple(self._rows(layout, precision) for layout in source.layouts)
        judged, status = self._judged(), source.constants.get("obs_status", "A")
        return Statements(
            lists=self.lists,
            rows=rows,
            tally=tuple(
                fill_sql(
                    "harmonise/incident_tally",
                    keys=keys,
                    rows=fill_sql("harmonise/incident_rows", selected="r._exclusion AS exclusion", **values),
                    total=self._total(layout),
                )
                for layout, values in zip(source.layouts, rows, strict=True)
            ),
            disposed=fill_sql("harmonise/incident_disposed", judged=judged, rules=self._rule_counts()),
            mapped=fill_sql("harmonise/incident_mapped", judged=judged, filled=filled_columns(source)),
            links=fill_sql(
                "harmonise/incident_links",
                status=quote_literal(status),
                split_status=quote_literal(weakest_status(["E", status])),
                keys=", ".join(f"used.{name}" for name in own),
                judged=judged,
                freq=quote_literal("A" if precision == "year" else "M"),
                filled=filled_columns(source),
            ),
            conformed=fill_sql("harmonise/incident_conformed", judged=judged, period=period_text(precision)),
            rules=(*self.rules, self._conflict_rule()),
            known="\n".join(self._known_joins("numbered")),
            keys=own,
            period=period_text(precision),
            value=self._value(),
        )

    def _rows(self, layout: Layout, precision: str) -> dict[str, str]:
        numbers = {**self.numbers, **self.counted}
        if self._conserves(layout):
            numbers["conserved"] = "r._conserved"
        return {
            "exclusion": self._exclusions(),
            "day": event_day(self.source, precision),
            "birth": self._birth(),
            "point": self._point(),
            "numbers": "".join(f",\n    {text} AS {name}" for name, text in numbers.items()),
            "tidy": self._tidy(layout),
            "joins": "\n".join(self.joins),
        }

    def _conserves(self, layout: Layout) -> bool:
        return layout.conserve is not None and bool(self.counted)

    def _value(self) -> str:
        """What a combination of the tally counts: its rows, each as much as the source says, or the sum of a column."""
        each = self.source.constants.get("value", "1")
        return "total" if self.counted else f"CAST(records AS DOUBLE) * {each}" if each != "1" else "records"

    def _word(self, dimension: str) -> str:
        """The word of a row for a dimension: its column, or the constant of the source."""
        if dimension in self.source.columns:
            return f"r.{quote_identifier(self.source.columns[dimension])}"
        return quote_literal(self.source.constants.get(dimension, ""))

    def _join(self, name: str, word: str, more: Callable[[str], str] = lambda _: "") -> str:
        """Join a list by a word as it is, and only where that finds nothing, by the word without surrounding blanks.

        ``more`` gives a further condition on the list, by its alias.
        """
        self.joins.append(f"LEFT JOIN list_{name} AS {name}_1 ON {name}_1.word = {word}{more(f'{name}_1')}")
        bare = f"CASE WHEN {name}_1.id IS NULL THEN trim(coalesce({word}, '')) END"
        self.joins.append(f"LEFT JOIN list_{name} AS {name}_2 ON {name}_2.word = {bare}{more(f'{name}_2')}")
        return f"coalesce({name}_1.id, {name}_2.id)"

    def _add_words(self, dimension: str, words: list[tuple[str, int]]) -> None:
        self.lists[f"list_{dimension}"] = _word_table(words)
        self.numbers[f"{dimension}_id"] = self._join(dimension, self._word(dimension))
        rule = {"ref_area": "unknown_area", "measure": "unknown_measure"}.get(dimension, "unknown_word")
        column = self.source.columns.get(dimension, dimension)
        self.rules.append(
            RowRule(rule, column, self._word(dimension), f"{dimension}_id IS NULL", partial(_fits_list, dimension))
        )

    def _area_list(self) -> list[tuple[str, int]]:
        areas = load_areas()
        position = {area.code: number for number, area in enumerate(areas)}
        self.lists["area_code"] = pa.table(
            {
                "id": pa.array(range(len(areas)), pa.int32()),
                "code": pa.array([area.code for area in areas], pa.string()),
                "level": pa.array([area.level for area in areas], pa.string()),
            }
        )
        if "ref_area" in self.source.constants:
            code = self.source.constants["ref_area"]
            return [(code, position[code])]
        words = {word: code for word, code in area_words(self.folder)}
        words |= {word: code for dimension, word, code in self.folder.words if dimension == "ref_area"}
        return [(word, position[code]) for word, code in sorted(words.items())]

    def _add_points(self, boundaries: BoundaryFile) -> None:
        """The area around a point: the one trapezoid, of those listed under its cell of the grid, that it is in."""
        numbers = dict(self._area_list())
        text = self.folder.read_text(boundaries.file)
        if text is None:
            raise UsageError(f"source {self.source.source_id}: boundaries: there is no file {boundaries.file}")
        try:
            made = make_boundaries(text, boundaries.area_property, numbers)
        except UsageError as error:
            raise UsageError(f"source {self.source.source_id}: {error}") from error
        self.lists["list_boundary"] = made.cells
        self.joins.append(join_points("list_boundary", made))
        words = [f"trim(coalesce({self._word(name)}, ''))" for name in ("longitude", "latitude")]
        none = " AND ".join(f"{word} = ''" for word in words)
        self.numbers["ref_area_id"] = (
            f"CASE WHEN {none} THEN {numbers.get('', 'CAST(NULL AS INTEGER)')} ELSE coalesce(boundary.id, -1) END"
        )
        column = self.source.columns["longitude"]
        hidden = {column, self.source.columns["latitude"]} & set(self.source.personal)
        shown = "CAST(NULL AS STRING)" if hidden else " || ' ' || ".join(words)
        self.rules.append(RowRule("unknown_area", column, shown, "ref_area_id IS NULL"))
        self.rules.append(RowRule("point_outside_areas", column, shown, "ref_area_id = -1"))

    def _point(self) -> str:
        if self.source.boundaries is None:
            return ""
        columns = [(name, quote_identifier(self.source.columns[name])) for name in ("longitude", "latitude")]
        return "".join(f",\n        {parse_decimal(column)} AS _{name}" for name, column in columns)

    def _code_list(self, dimension: str) -> list[tuple[str, int]]:
        words = [(word, code) for name, word, code in self.folder.words if name == dimension]
        codes = list(dict.fromkeys(code for _, code in words))
        if dimension == "age" and self.source.ages is not None:
            codes = list(dict.fromkeys([*self.source.ages.bands, *codes]))
        self.lists[f"{dimension}_code"] = pa.table(
            {"id": pa.array(range(len(codes)), pa.int32()), "code": pa.array(codes, pa.string())}
        )
        return [(word, codes.index(code)) for word, code in words]

    def _add_codes(self) -> None:
        """National codes: each with the spans of time in which the same links hold, so that no row is multiplied."""
        spans = code_spans(self.concordance)
        bounded = any((first, last) != (FIRST_DAY, LAST_DAY) for _, first, last, _ in spans)
        days = {"first_day": [span[1] for span in spans], "last_day": [span[2] for span in spans]}
        self.lists["list_code"] = pa.table(
            {
                "word": pa.array([span[0] for span in spans], pa.string()),
                "id": pa.array(range(len(spans)), pa.int32()),
                **{name: pa.array(values, pa.date32()) for name, values in days.items()},
            }
        )
        links = self.concordance.links
        number = {id(link): place for place, link in enumerate(links, start=1)}
        pairs = [(place, link) for place, span in enumerate(spans) for link in span[3]]
        text = ("national_code", "iccs_code", "out_of_scope", *breakdown_columns())
        self.lists["code_link"] = pa.table(
            {
                "code_id": pa.array([place for place, _ in pairs], pa.int32()),
                "link": pa.array([number[id(link)] for _, link in pairs], pa.int64()),
                "weight": pa.array([float(link.share) for _, link in pairs], pa.float64()),
                **{name: pa.array([link.text_of(name) or None for _, link in pairs], pa.string()) for name in text},
            }
        )
        self._add_spans(spans)
        first, last = period_bounds(precision_of(self.source))

        def within_span(span: str) -> str:
            return f" AND {first} >= {span}.first_day AND {last} <= {span}.last_day" if bounded else ""

        self.numbers["code_id"] = self._join("code", self._word("national_code"), within_span)
        column = self.source.columns.get("national_code", "national_code")
        condition = "code_id IS NULL AND period IS NOT NULL" if bounded else "code_id IS NULL"
        word = self._word("national_code")
        self.rules.append(RowRule("unlinked_national_code", column, word, condition, partial(_fits_list, "code")))

    def _add_spans(self, spans: list[tuple[str, date, date, list[Link]]]) -> None:
        """What all links of a span say: out of scope, and the one code of a dimension (``*`` where they differ)."""
        tags: dict[str, list[str | None]] = {}
        for name in breakdown_columns():
            found = [{link.text_of(name) for link in links} - {"", None} for *_, links in spans]
            if name in self.source.columns or name in self.source.constants:
                tags[name] = [None if not one else one.pop() if len(one) == 1 else "*" for one in found]
        self.conflicting = [name for name, codes in tags.items() if any(codes)]
        scopes = [next((link.out_of_scope for link in links if link.out_of_scope), None) for *_, links in spans]
        self.lists["code_span"] = pa.table(
            {
                "id": pa.array(range(len(spans)), pa.int32()),
                "national_code": pa.array([span[0] for span in spans], pa.string()),
                "out_of_scope": pa.array(scopes, pa.string()),
                **{name: pa.array(tags[name], pa.string()) for name in self.conflicting},
            }
        )

    def _conflict(self) -> str:
        """Whether a link implies another code than the row has."""
        own = {name: f"{name}_code.code" for name in self.source.columns}
        own |= {name: quote_literal(code) for name, code in self.source.constants.items()}
        conflict = " OR ".join(
            f"(code_span.{name} IS NOT NULL AND {own[name]} NOT IN ('_T', '_U') AND {own[name]} <> code_span.{name})"
            for name in self.conflicting
        )
        return f"coalesce({conflict}, FALSE)" if conflict else "FALSE"

    def _conflict_rule(self) -> RowRule:
        """Judged only where no other rule is broken."""
        column = self.source.columns.get("national_code", "national_code")
        others = " OR ".join(f"coalesce({rule.condition}, FALSE)" for rule in self.rules)
        condition = f"NOT ({others}) AND {self._conflict()}"
        return RowRule("implied_tag_conflict", column, self._word("national_code"), condition)

    def _known_joins(self, numbers: str) -> list[str]:
        """The joins of the lists of codes with a relation of their numbers."""
        joins = [f"LEFT JOIN code_span ON code_span.id = {numbers}.code_id"]
        return joins + [
            f"LEFT JOIN {name}_code ON {name}_code.id = {numbers}.{name}_id"
            for name in breakdown_columns()
            if name in self.source.columns
        ]

    def _birth(self) -> str:
        if self.source.ages is None or self.source.ages.unit != "birth_date":
            return ""
        return f",\n        {parse_dates(quote_identifier(self.source.columns['age']), self.source.dates)} AS _birth"

    def _add_age(self) -> None:
        """Words of values.csv first (unknown, 999, 99 and over), then the number, in bands."""
        ages, word = self.source.ages, self._word("age")
        if ages is None:
            return
        words = self._code_list("age")
        self.lists["list_age"] = _word_table(words)
        by_word = self._join("age", word) if words else "NULL"
        number = age_band(ages, age_in_years(self.folder, word))
        self.numbers["age_id"] = f"CAST(coalesce({by_word}, {number}) AS INTEGER)"
        column = self.source.columns["age"]
        shown = "NULL" if column in self.source.personal else word
        self.rules.append(RowRule("unknown_word", column, shown, "age_id IS NULL", _fits_age))
        self.rules.append(RowRule("age_impossible", column, shown, "age_id = -1"))

    def _add_value(self) -> None:
        """A row counts one, or the number in a column: then that number is judged too."""
        if "value" not in self.source.columns:
            self.numbers["fault"] = "0"
            return
        word = self._word("value")
        number = parse_number(word, self.source)
        unclear = f"WHEN {may_be_thousands(word)} THEN 5 " if self.source.marks_are_open else ""
        self.numbers["fault"] = (
            f"CASE WHEN trim(coalesce({word}, '')) = '' THEN 1 WHEN {number} IS NULL THEN 2 {unclear}"
            f"WHEN {number} <> floor({number}) THEN 3 WHEN {number} < 0 THEN 4 ELSE 0 END"
        )
        self.counted["number"] = f"coalesce({number}, 0)"
        column = self.source.columns["value"]
        rules = ("count_empty", "count_not_a_number", "count_not_whole", "count_negative", "count_mark_unclear")
        for fault, rule in enumerate(rules, 1):
            self.rules.append(RowRule(rule, column, word, f"fault = {fault}", _fits_age))

    def _total(self, layout: Layout) -> str:
        conserved = ", sum(conserved) AS conserved" if self._conserves(layout) else ""
        return f", sum(number) AS total{conserved}" if self.counted else ""

    def _exclusions(self) -> str:
        rules = [f"WHEN ({item.where}) THEN {number}" for number, item in enumerate(self.source.exclusions, start=1)]
        return f"CASE {' '.join(rules)} ELSE 0 END" if rules else "0"

    def _tidy(self, layout: Layout) -> str:
        statement = self.folder.reshape(layout)
        return "raw" if statement is None else f"(\n{statement.strip()}\n)"

    def _judged(self) -> str:
        """The tally with codes in the place of numbers, and what becomes of each combination of them."""
        source = self.source
        codes = []
        for name in breakdown_columns():
            if name in source.columns:
                codes.append(f"{name}_code.code AS {name}")
            else:
                codes.append(f"{quote_literal(source.constants.get(name, '_T'))} AS {name}")
        measures = list(source.measures.items())
        for column, values in (
            ("measure", [name for name, _ in measures]),
            ("stage", [measure.stage for _, measure in measures]),
            ("counting_unit", [measure.counting_unit for _, measure in measures]),
        ):
            if "measure" in source.columns:
                cases = " ".join(f"WHEN {n} THEN {quote_literal(value)}" for n, value in enumerate(values))
                codes.append(f"CASE tally.measure_id {cases} END AS {column}")
            else:
                codes.append(f"{quote_literal(values[0])} AS {column}")
        excluded = " ".join(
            f"WHEN {number} THEN {quote_literal(item.rule)}" for number, item in enumerate(source.exclusions, start=1)
        )
        return fill_sql(
            "harmonise/incident_judged",
            codes=",\n        ".join(codes),
            joins="\n    ".join(self._known_joins("tally")),
            broken=" OR ".join(f"({rule.condition})" for rule in self.rules),
            excluded=f"CASE exclusion {excluded} END" if excluded else "CAST(NULL AS STRING)",
            value=f"CAST({self._value()} AS DOUBLE)",
            conflict=self._conflict(),
        )

    def _rule_counts(self) -> str:
        return "".join(
            f"\nUNION ALL\nSELECT measure, stage, counting_unit, 'broken', {quote_literal(rule.rule)}, "
            f"{quote_literal(rule.column or '')}, CAST(sum(records) AS BIGINT), sum(value) FROM judged "
            f"WHERE {condition} GROUP BY measure, stage, counting_unit"
            for rule, condition in [
                *((rule, f"exclusion = 0 AND ({rule.condition})") for rule in self.rules),
                (RowRule("implied_tag_conflict", self.source.columns.get("national_code"), "", ""), "conflicts"),
            ]
        )


def _word_table(words: list[tuple[str, int]]) -> pa.Table:
    return pa.table(
        {
            "word": pa.array([word for word, _ in words], pa.string()),
            "id": pa.array([number for _, number in words], pa.int32()),
        }
    )
