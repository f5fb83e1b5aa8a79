"""Makes the statements of a source from its declaration, dimension by dimension."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

import pyarrow as pa

from iccs.concordance import Concordance
from pipelines.harmonise.links import code_spans, filled_columns, is_bounded, list_links, list_spans
from pipelines.harmonise.points import join_points, make_boundaries
from pipelines.harmonise.statements import Fits, RowRule, Rows, Statements, fits_nothing
from pipelines.harmonise.values.ages import age_band, age_in_years, code_of_ages
from pipelines.harmonise.values.dates import (
    ENDS_OF_MONTHS,
    RowPeriod,
    parse_dates,
    period_bounds,
    period_freq,
    period_number,
    period_text,
)
from pipelines.harmonise.values.errors_of_estimates import error_faults
from pipelines.harmonise.values.labels import area_words, checked_words
from pipelines.harmonise.values.numbers import has_mark, may_be_thousands, parse_count, parse_decimal, parse_number
from pipelines.system.sql import fill_sql
from schemas.codelists import load_areas
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.definition.layouts import Layout
from schemas.definition.measures import BESIDE_ESTIMATES
from schemas.definition.rows import BoundaryFile
from schemas.errors import UsageError
from schemas.source import OLDEST_AGE_YEARS, Source, SourceFolder, StatusOfValue

# The number of each is that of the fault that breaks it.
_COUNT_RULES = ("count_empty", "count_not_a_number", "count_not_whole", "count_negative", "count_mark_unclear")


def _fits_age(word: str) -> str:
    return f"{parse_decimal(word)} BETWEEN 0 AND {OLDEST_AGE_YEARS}"


def _fits_date(forms: tuple[str, ...], word: str) -> str:
    return f"{parse_dates(word, forms)} IS NOT NULL"


def _fits_list(dimension: str, word: str) -> str:
    return f"trim({word}) IN (SELECT trim(word) FROM list_{dimension} WHERE trim(word) <> '')"


def make_statements(folder: SourceFolder, concordance: Concordance | None) -> Statements:
    """Make the statements of a source from its declaration and its links, which are checked.

    Args:
        folder: the source.
        concordance: its links; None for a population, which has no categories.

    Raises:
        UsageError: the declaration names an area, a unit of age or a form of date that does not exist.
        DataRefused: values.csv has a code that is not in our lists.
    """
    return StatementMaker(folder, concordance).statements()


class StatementMaker:
    """Collects labels, joins, lists and rules while the select list of ``rows`` is built, dimension by dimension."""

    def __init__(self, folder: SourceFolder, concordance: Concordance | None) -> None:
        self.folder = folder
        self.source: Source = folder.source
        self.cells = self.source.kind != "incident"
        self.words = checked_words(folder)
        self.lists: dict[str, pa.Table] = {}
        self.own: dict[str, str] = {}  # the labels of a row, and what is computed from them
        self.joins: list[str] = []
        self.numbers: dict[str, str] = {}  # our name of a number: its expression
        self.counted: dict[str, str] = {}  # the number that a row counts, where it is not one
        self.rules: list[RowRule] = []
        self.coded: dict[str, str] = {}  # the code of a dimension: its expression with the lists of codes
        self.code_joins: list[str] = []
        self.age: str | None = None  # of a row in whole years, where its file gives years and no word stands for it
        self.period = RowPeriod(self.source)
        self.spans = code_spans(concordance)
        self.lists["code_link"] = list_links(concordance, self.spans)
        self.lists["code_span"], self.conflicting = list_spans(self.source, self.spans)

    def statements(self) -> Statements:
        """Return the statements of the source, with their lists and rules."""
        source = self.source
        for dimension, column in source.columns.items():
            self.own[f"{dimension}_word"] = f"CAST(tidy.{quote_identifier(column)} AS STRING)"
        self.own |= {"_exclusion": self._exclusions(), **self.period.own()}
        if source.boundaries is not None:
            self._add_points(source.boundaries)
        else:
            self._add_words("ref_area", self._area_list())
        self._add_codes()
        self._add_measures()
        self._add_period()
        for name in breakdown_columns():
            if name == "age" and source.ages is not None and name in source.columns:
                self._add_age()
            elif name in source.columns:
                self._add_words(name, self._code_list(name))
            self._add_code(name)
        self._add_value()
        if source.figures == "estimate":
            self._add_errors()
        unique, compared = self._add_unique(), self._compared()
        own = ("exclusion", *(name for name in self.numbers if name not in ("ref_area_id", "period")))
        keys = (*own, *compared)
        rows = tuple(self._rows(number, layout) for number, layout in enumerate(source.layouts))
        return Statements(
            grain="cell" if self.cells else "incident",
            lists=self.lists,
            rows=rows,
            tally=tuple(self._tally(one, layout) for one, layout in zip(rows, source.layouts, strict=True)),
            disposed=self._disposed(),
            mapped=fill_sql("harmonise/mapped", judged=self._judged(), sex=filled_columns(source)["sex"]),
            linked=self._linked(keys),
            lost=self._lost(),
            conformed=fill_sql(
                "harmonise/conformed",
                judged=self._judged(),
                label="used.national_label_word" if "national_label" in source.columns else self._label(),
                time_period=period_text("used.period"),
                freq=period_freq("used.period"),
            ),
            rules=(*self.rules, self._conflict_rule()),
            joins="\n".join(self._known_joins("numbered")),
            keys=keys,
            counted="number" if self.counted else "records",
            each=self._each(),
            noted=tuple(self._noted()),
            unique=unique,
            compared=compared,
        )

    def _rows(self, number: int, layout: Layout) -> Rows:
        """For cells, each layout has a view of its tidy rows; a partition of incidents is reshaped in the statement."""
        tidy = f"tidy_{number}" if self.cells else self._tidy(layout)
        numbers = {**self.numbers, **self.counted}
        own = dict(self.own)
        if self._conserves(layout):
            numbers["conserved"], own["_conserved"] = "r._conserved", "tidy._conserved"
        numbers |= {name: f"CASE WHEN {condition} THEN 1 ELSE 0 END" for name, condition in self._noted().items()}
        return Rows(own, numbers, tidy, "\n".join(self.joins))

    def _tally(self, rows: Rows, layout: Layout) -> str:
        """For cells, the rows with their places and labels; for incidents, the combinations of codes."""
        excluded = {"exclusion": "r._exclusion"}
        if self.cells:
            place = {name: f"r.{name}" for name in ("_file", "_sheet", "_row", "_column")}
            labels = {name: f"trim(coalesce(r.{name}, ''))" for name in rows.own if name.endswith("_word")}
            return rows.select({**place, **labels, **excluded}, {name: f"tidy.{name}" for name in place})
        sums = [*(["number"] if self.counted else []), *(["conserved"] if self._conserves(layout) else [])]
        sums += self._noted()
        return fill_sql(
            "harmonise/tally", keys=", ".join(["exclusion", *self.numbers]), rows=rows.select(excluded), sums=sums
        )

    def _noted(self) -> dict[str, str]:
        """Conditions on rows that are also counted: days within the month, ages; whether a cell spans two years."""
        noted: dict[str, str] = {}
        if self.cells and self.source.year_starts:
            noted["is_span"] = "r._written <> r._period_text"
        if not self.cells and self.period.has_days:
            noted |= {
                "first_days": "month(r._day) = 1 AND day(r._day) = 1",
            }
            for days in ENDS_OF_MONTHS:
                noted |= {
                    f"first_{days}": f"day(r._day) <= {days}",
                    f"last_{days}": f"day(r._day) > day(last_day(r._day)) - {days}",
                }
            noted |= self.period.days_by_form()
        if self.age is not None:
            noted |= {
                "age_0": f"{self.age} >= 0 AND {self.age} < 1",
                "ages_1_to_9": f"{self.age} BETWEEN 1 AND 9",
                "ages_90_to_97": f"{self.age} BETWEEN 90 AND 97",
                "ages_98_99": f"{self.age} BETWEEN 98 AND 99",
                "ages_known": f"{self.age} BETWEEN 0 AND 120",
            }
        return noted

    def _conserves(self, layout: Layout) -> bool:
        return not self.cells and layout.conserve is not None and bool(self.counted)

    def _each(self) -> str:
        return "1" if self.counted else self.source.constants.get("value", "1")

    def _word(self, dimension: str) -> str:
        """The word of a row for a dimension: its column, or the constant of the source."""
        if dimension in self.source.columns:
            return f"r.{dimension}_word"
        return quote_literal(self.source.constants.get(dimension, ""))

    def _shown(self, dimension: str) -> str:
        """The word to show in a message: cells keep theirs, incidents are read again."""
        kept = self.cells and dimension in self.source.columns
        return f"{dimension}_word" if kept else self._word(dimension)

    def _column(self, dimension: str) -> str:
        return self.source.columns.get(dimension, dimension)

    def _join(self, name: str, word: str, more: Callable[[str], str] = lambda _: "") -> str:
        """Join a list by the exact word, and only if that finds nothing, by the word without surrounding blanks.

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
        fits = partial(_fits_list, dimension)
        self.add_rule(rule, dimension, f"{dimension}_id IS NULL", fits=fits)

    def add_rule(self, rule: str, dimension: str, condition: str, fits: Fits = fits_nothing) -> None:
        """Reject the rows on which a condition holds, under the name of a rule."""
        self.rules.append(RowRule(rule, self._column(dimension), self._shown(dimension), condition, fits))

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
        words |= {word: code for dimension, word, code in self.words if dimension == "ref_area"}
        return [(word, position[code]) for word, code in sorted(words.items())]

    def _add_points(self, boundaries: BoundaryFile) -> None:
        """Find the area around a point: the one trapezoid, of those listed under its grid cell, that contains it."""
        numbers = dict(self._area_list())
        text = self.folder.read_text(boundaries.file)
        if text is None:
            raise UsageError(f"source {self.source.source_id}: boundaries: there is no file {boundaries.file}")
        try:
            made = make_boundaries(text, boundaries.area_property, numbers)
        except UsageError as error:
            raise UsageError(f"source {self.source.source_id}: {error}") from error
        self.lists["list_boundary"] = made.cells
        self.lists["list_ref_area"] = _word_table(sorted(numbers.items()))
        self.joins.append(join_points("list_boundary", made))
        for name in ("longitude", "latitude"):
            self.own[f"_{name}"] = parse_decimal(f"tidy.{quote_identifier(self.source.columns[name])}")
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

    def _code_list(self, dimension: str) -> list[tuple[str, int]]:
        words = [(word, code) for name, word, code in self.words if name == dimension]
        if dimension == "age":
            words = [(word, code_of_ages(self.source.ages, code)) for word, code in words]
        codes = list(dict.fromkeys(code for _, code in words))
        if dimension == "age" and self.source.ages is not None:
            codes = list(dict.fromkeys([*self.source.ages.bands, *codes]))
        self._list_codes(dimension, codes)
        return [(word, codes.index(code)) for word, code in words]

    def _list_codes(self, dimension: str, codes: list[str]) -> None:
        self.lists[f"{dimension}_code"] = pa.table(
            {"id": pa.array(range(len(codes)), pa.int32()), "code": pa.array(codes, pa.string())}
        )

    def _add_code(self, name: str) -> None:
        """Add the code of a dimension: from its list, or the constant of the source."""
        if name in self.source.columns:
            self.coded[name] = f"{name}_code.code"
            self.code_joins.append(name)
        else:
            self.coded[name] = quote_literal(self.source.constants.get(name, "_T"))

    def _add_codes(self) -> None:
        """Add national codes, each with the spans in which the same links hold, so that no row is multiplied."""
        if self.source.kind == "population":
            self.numbers["code_id"] = "0"
            return
        self.lists["list_code"] = pa.table(
            {
                "word": pa.array([span.code for span in self.spans], pa.string()),
                "id": pa.array(range(len(self.spans)), pa.int32()),
                "first_day": pa.array([span.first_day for span in self.spans], pa.date32()),
                "last_day": pa.array([span.last_day for span in self.spans], pa.date32()),
            }
        )
        bounded = is_bounded(self.spans)
        first, last = period_bounds(self.period)

        def within_span(span: str) -> str:
            return f" AND {first} >= {span}.first_day AND {last} <= {span}.last_day" if bounded else ""

        self.numbers["code_id"] = self._join("code", self._word("national_code"), within_span)
        condition = "code_id IS NULL AND period >= -1" if bounded else "code_id IS NULL"
        self.add_rule("unlinked_national_code", "national_code", condition, fits=partial(_fits_list, "code"))

    def _add_measures(self) -> None:
        measures = list(self.source.measures.items())
        if "measure" in self.source.columns:
            self._add_words("measure", [(name, number) for number, (name, _) in enumerate(measures)])
        for column, values in (
            ("measure", [name for name, _ in measures]),
            ("stage", [measure.stage for _, measure in measures]),
            ("counting_unit", [measure.counting_unit for _, measure in measures]),
        ):
            if "measure" in self.source.columns:
                cases = " ".join(f"WHEN {n} THEN {quote_literal(value)}" for n, value in enumerate(values))
                self.coded[column] = f"CASE tally.measure_id {cases} END"
            else:
                self.coded[column] = quote_literal(values[0])

    def _add_period(self) -> None:
        self.numbers["period"] = period_number(self.period)
        dimension = "year" if "year" in self.source.columns else "time_period"
        fits = partial(_fits_date, self.period.forms) if dimension == "time_period" else _fits_age
        if dimension == "year" and "month" in self.source.columns:
            # A period below -1 has its year: what is wrong is the month.
            self.add_rule("invalid_period", "year", "period IS NULL", fits=fits)
            self.add_rule("invalid_period", "month", "period < -1", fits=fits)
        else:
            self.add_rule("invalid_period", dimension, "coalesce(period, -2) < -1", fits=fits)
        if not self.period.may_come:
            self.add_rule("date_in_future", dimension, "period = -1")

    def _known_joins(self, numbers: str) -> list[str]:
        """The joins of the lists of codes with a relation of their numbers."""
        joins = [f"LEFT JOIN code_span ON code_span.id = {numbers}.code_id"]
        return joins + [f"LEFT JOIN {name}_code ON {name}_code.id = {numbers}.{name}_id" for name in self.code_joins]

    def _conflict(self) -> str:
        """The condition that a link implies another code than the row has."""
        conflict = " OR ".join(
            f"(code_span.{name} IS NOT NULL AND {self.coded[name]} NOT IN ('_T', '_U') "
            f"AND {self.coded[name]} <> code_span.{name})"
            for name in self.conflicting
        )
        return f"coalesce({conflict}, FALSE)" if conflict else "FALSE"

    def _conflict_rule(self) -> RowRule:
        """The rule on implied codes, which applies only if no other rule is broken."""
        others = " OR ".join(f"coalesce({rule.condition}, FALSE)" for rule in self.rules)
        condition = f"NOT ({others}) AND {self._conflict()}"
        return RowRule("implied_tag_conflict", self._column("national_code"), self._shown("national_code"), condition)

    def _add_age(self) -> None:
        """Add the age: words of values.csv first (unknown, 999, 99 and over), then numbers, in bands."""
        ages, word = self.source.ages, self._word("age")
        if ages is None:
            return
        column = self.source.columns["age"]
        if ages.unit == "birth_date":
            self.own["_birth"] = parse_dates(f"CAST(tidy.{quote_identifier(column)} AS STRING)", self.source.dates)
        words = self._code_list("age")
        self.lists["list_age"] = _word_table(words)
        by_word = self._join("age", word) if words else "NULL"
        years = age_in_years(self.folder, word)
        number = age_band(ages, years)
        if ages.unit in ("years", "birth_date") and "age_unit" not in self.source.columns:
            self.age = f"CASE WHEN {by_word} IS NULL THEN {years} END"
        self.numbers["age_id"] = f"CAST(coalesce({by_word}, {number}) AS INTEGER)"
        shown = "NULL" if column in self.source.personal else word
        self.rules.append(RowRule("unknown_word", column, shown, "age_id IS NULL", _fits_age))
        self.rules.append(RowRule("age_impossible", column, shown, "age_id = -1"))

    def _add_value(self) -> None:
        """Add what a row counts: one, or the number in a column, which is then checked too."""
        word = self._word("value")
        if self.cells:
            faults, self.counted["number"] = self._value_of_cell(word)
        elif "value" in self.source.columns:
            number = parse_number(word, self.source)
            unclear = {5: may_be_thousands(word)} if self.source.marks_are_open else {}
            faults = {1: f"trim(coalesce({word}, '')) = ''", 2: f"{number} IS NULL", **unclear}
            faults |= {3: f"{number} <> floor({number})", 4: f"{number} < 0"}
            self.counted["number"] = f"coalesce({number}, 0)"
        else:
            self.numbers["fault"] = "0"
            return
        cases = " ".join(f"WHEN {condition} THEN {fault}" for fault, condition in faults.items())
        self.numbers["fault"] = f"CASE {cases} ELSE 0 END"
        open_marks = "unclear" in self._compared()
        for fault, rule in enumerate(_COUNT_RULES, 1):
            condition = f"fault = {fault}"
            if open_marks and rule in ("count_not_whole", "count_mark_unclear"):
                condition = f"{condition} AND NOT unclear" if rule == "count_not_whole" else "unclear"
            column, shown = self._column("value"), self._shown("value")
            self.rules.append(RowRule(rule, column, shown, condition, _fits_age, moved=True))

    def _value_of_cell(self, word: str) -> tuple[dict[int, str], str]:
        """Check the count of a cell, its flag or note mark, and words for a missing value.

        A flag for a missing figure explains a blank, a word for a missing value, and a zero in place of the figure.

        Returns:
            The possible faults, as conditions in the order in which they are checked, and the number.
        """
        self.lists["list_value"] = _word_table(self._code_list("value"))
        by_word, number = self._join("value", word), parse_count(word, self.folder)
        empty = f"trim(coalesce({word}, '')) = ''"
        self.numbers["value_id"] = f"coalesce({by_word}, -1)"
        flag, reasons = self._add_flag(word)
        by_flag = f"({reasons} AND ({empty} OR {by_word} IS NOT NULL OR {number} = 0))"
        missing = f"({by_word} IS NOT NULL OR {by_flag})"
        self.numbers["flag_id"], self.numbers["missing"] = flag, missing
        faults = {0: missing, 1: empty, 2: f"{number} IS NULL", 6: f"{reasons} AND {number} <> 0"}
        if self.source.whole_numbers and self.source.figures != "estimate":
            faults[3] = f"{number} <> floor({number})"
        faults[4] = f"{number} < 0"
        if "obs_status" in self.source.columns:
            shown = f"concat_ws(' ', {self._shown('value')}, obs_status_word)"
            self.rules.append(RowRule("count_beside_missing_status", self._column("obs_status"), shown, "fault = 6"))
        return faults, f"CASE WHEN NOT {missing} THEN {number} END"

    def _add_flag(self, word: str) -> tuple[str, str]:
        """Return the status of a cell by its flag, or by the mark after the number.

        Returns:
            The number of the status, and the condition that it is the reason for a missing figure.
        """
        source = self.source
        if "obs_status" not in source.columns:
            marks = list(source.marks.items())
            self._list_codes("flag", [source.constants.get("obs_status", "A"), *(code for _, code in marks)])
            cases = [f"WHEN {has_mark(word, mark)} THEN {number}" for number, (mark, _) in enumerate(marks, start=1)]
            return (f"CASE {' '.join(cases)} ELSE 0 END" if cases else "0"), "FALSE"
        words = [(label, code) for name, label, code in self.words if name == "obs_status"]
        codes = list(dict.fromkeys(code for _, code in words))
        self._list_codes("flag", codes)
        self.lists["list_flag"] = _word_table([(label, codes.index(code)) for label, code in words])
        flag = f"coalesce({self._join('flag', self._word('obs_status'))}, -1)"
        fits = partial(_fits_list, "flag")
        self.add_rule("unknown_word", "obs_status", "flag_id = -1 AND value_id = -1", fits=fits)
        reasons = ", ".join(str(number) for number, code in enumerate(codes) if code not in get_args(StatusOfValue))
        return flag, f"{flag} IN ({reasons})" if reasons else "FALSE"

    def _add_errors(self) -> None:
        """Check what the source gives with an estimate: its error, the size of its sample, its precision grade."""
        if "precision" in self.source.columns:
            self._add_words("precision", self._code_list("precision"))
        faults = error_faults(self.folder, self._word, self.counted["number"])
        cases = " ".join(f"WHEN {condition} THEN {number}" for number, (_, _, condition) in faults.items())
        if not cases:
            return
        self.numbers["error_fault"] = f"CASE {cases} ELSE 0 END"
        for number, (rule, name, _) in faults.items():
            beside = "" if name == "value" else f", {self._shown(name)}"
            shown = f"concat_ws(' / ', {self._shown('value')}{beside})"
            self.rules.append(RowRule(rule, self._column(name), shown, f"error_fault = {number}"))

    def _compared(self) -> tuple[str, ...]:
        """The properties of a cell that only a comparison of all shows."""
        if not self.cells:
            return ()
        doubled = ("doubled",) if self.source.rows == "cells" else ()
        return (*doubled, "unclear") if self.source.marks_are_open and "value" in self.source.columns else doubled

    def _add_unique(self) -> tuple[str, ...]:
        """Add the rule that a table of cells has each only once, as two with the same labels must not be added up."""
        if "doubled" not in self._compared():
            return ()
        beside = ("value", "obs_status", "national_label", *BESIDE_ESTIMATES)
        names = [name for name in self.source.columns if name not in beside]
        labels = tuple(self._distinguishing_label(name) for name in names)
        shown = f"concat_ws(' / ', {', '.join(labels)}) || ' = ' || {self._shown('value')}"
        self.rules.append(RowRule("duplicate_key", None, shown, "doubled"))
        return tuple(self._distinguishing(name) for name in names)

    def _distinguishing(self, name: str) -> str:
        """Return the SQL that distinguishes the cells of a table: a label, as two may have one code in values.csv.

        An area whose name is known without values.csv is the same however it is written: Gauteng, GAUTENG.
        """
        word = f"{name}_word"
        if name == "ref_area" and self.source.area_scheme == "name":
            declared = [quote_literal(word) for dimension, word, _ in self.words if dimension == "ref_area"]
            known = f"coalesce(CAST(ref_area_id AS VARCHAR), {word})"
            return f"CASE WHEN {word} IN ({', '.join(declared)}) THEN {word} ELSE {known} END" if declared else known
        return word

    def _distinguishing_label(self, name: str) -> str:
        """Return the SQL of a label as it is shown: with its area, if two names of one area are the same cell."""
        word = f"{name}_word"
        if name != "ref_area" or self.source.area_scheme != "name":
            return word
        code = "(SELECT any_value(CAST(code AS VARCHAR)) FROM area_code WHERE id = ref_area_id)"
        is_named = f"{self._distinguishing(name)} <> {word}"
        return f"{word} || CASE WHEN {is_named} THEN coalesce(' (' || {code} || ')', '') ELSE '' END"

    def _exclusions(self) -> str:
        rules = [f"WHEN ({item.where}) THEN {number}" for number, item in enumerate(self.source.exclusions, start=1)]
        return f"CASE {' '.join(rules)} ELSE 0 END" if rules else "0"

    def _tidy(self, layout: Layout) -> str:
        statement = self.folder.reshape(layout)
        return "raw" if statement is None else f"(\n{statement.strip()}\n)"

    def _judged(self) -> str:
        """The tally with codes in place of numbers, and the disposition of each of its rows."""
        return fill_sql(
            "harmonise/judged",
            codes=self.coded,
            joins="\n    ".join(self._known_joins("tally")),
            broken=" OR ".join(f"({rule.condition})" for rule in self.rules),
            excluded=[quote_literal(item.rule) for item in self.source.exclusions],
            value=f"tally.{'number' if self.counted else 'records'} * {self._each()}",
            conflict=self._conflict(),
        )

    def _disposed(self) -> str:
        rules = [(rule, f"exclusion = 0 AND ({rule.condition})") for rule in self.rules]
        rules.append((self._conflict_rule(), "conflicts"))
        return fill_sql(
            "harmonise/disposed_cells" if self.cells else "harmonise/disposed",
            judged=self._judged(),
            rules=[(quote_literal(one.rule), quote_literal(one.column or ""), condition) for one, condition in rules],
        )

    def _lost(self) -> str:
        return fill_sql(
            "harmonise/lost_rows",
            judged=self._judged(),
            records="1" if self.cells else "records",
            time_period=period_text("grouped.period"),
        )

    def _label(self) -> str:
        return quote_literal(self.source.constants.get("national_label", ""))

    def _linked(self, keys: tuple[str, ...]) -> str:
        filled: dict[str, str] = filled_columns(self.source)
        if "national_label" not in self.source.columns:
            filled = {"national_label": self._label(), **filled}
        status = quote_literal(self.source.constants.get("obs_status", "A"))
        joins: list[str] = []
        if self.cells:
            given = ", ".join(quote_literal(code) for code in get_args(StatusOfValue))
            # A flag for a missing value is the reason; if it is unspecific (O), a more specific word is.
            status = (
                f"CASE WHEN flag_code.code IN ({given}) THEN coalesce(value_code.code, flag_code.code) "
                "ELSE coalesce(nullif(flag_code.code, 'O'), value_code.code, flag_code.code) END"
            )
            joins = [f"LEFT JOIN {name}_code ON {name}_code.id = used.{name}_id" for name in ("value", "flag")]
        return fill_sql(
            "harmonise/linked",
            judged=self._judged(),
            keys=keys,
            filled=filled,
            missing="used.missing" if self.cells else "FALSE",
            status=status,
            joins="\n".join(joins),
        )


def _word_table(words: list[tuple[str, int]]) -> pa.Table:
    return pa.table(
        {
            "word": pa.array([word for word, _ in words], pa.string()),
            "id": pa.array([number for _, number in words], pa.int32()),
        }
    )
