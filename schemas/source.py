"""A source as its folder declares it: source.yml, reshape.sql, values.csv (and its concordance in iccs)."""

from __future__ import annotations

import hashlib
import re
from calendar import month_name
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, Field, PlainValidator, ValidationError, model_validator

from iccs.concordance import read_concordance
from iccs.drafts import has_drafts
from schemas.codelists import area_codes, read_csv_rows
from schemas.declarations import (
    DeclarationError,
    breakdown_columns,
    parse_yaml,
)
from schemas.definition.acquisition import Acquisition
from schemas.definition.backcast import Backcast
from schemas.definition.keys import VALUES, names_under, refused_keys, refused_part
from schemas.definition.layouts import Layout, unreachable_layout
from schemas.definition.measures import AS_PUBLISHED, BESIDE_ESTIMATES, ERRORS, PER_UNIT, Measure
from schemas.definition.messages import (
    field_problems,
    hint,
    known_area_scheme,
    known_time_zone,
    require_code,
    require_known,
    yaml_problem,
)
from schemas.definition.model import Declared
from schemas.definition.numbers import check_marks, checked_mark, checked_month, checked_multiplier, checked_start
from schemas.definition.publication import MOST_QUOTED, Break, Breakdown, Caveat, CheckedWords, Control, Exceptional
from schemas.definition.publication_calendar import Calendar
from schemas.definition.rows import Ages, AreaNames, BoundaryFile, Exclusion, Replaced
from schemas.definition.sharing import Sharing
from schemas.definition.survey import Survey
from schemas.errors import UsageError, nearest_values
from schemas.project import find_project

# Personal columns that may be read: only the age band or the area derived from them is kept.
CODED_PERSONAL = ("age", "longitude", "latitude")
OLDEST_AGE_YEARS = 120
_READ_FROM_FOLDER = (".yml", ".csv", ".sql")
IN_PLACE = "project, in place of the package's"
"""The origin of a source of the project that has the name of a packaged one."""
FINANCIAL_YEAR = "financial_year"
"""The caveat of years that do not begin in January."""
# The observation statuses that a value can have, as opposed to a missing one.
StatusOfValue = Literal["A", "B", "D", "E", "P", "U"]
_PERIOD = r"[0-9]{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?"


class Licence(Declared):
    """Terms of use as the publisher states them."""

    name: str
    url: str | None = None


class Source(Declared):
    """One national publication series, as declared; see docs/add_a_source.md for each field."""

    source_id: str
    kind: Literal["count", "population", "incident", "survey"] = "count"
    title: str
    publisher: str
    url: str
    licence: Licence
    citation: str
    calendar: Calendar | None = Field(default=None, description="when new figures are expected")
    acquire: tuple[Acquisition, ...] = Field(default=(), description="addresses from which its files are fetched")
    counted_at: Literal["input", "process", "output"] | None = Field(
        default=None, description="moment at which a crime is counted; None if the source does not state it"
    )
    layouts: tuple[Layout, ...] = Field(min_length=1)
    columns: dict[str, str]
    constants: dict[str, str] = Field(default={})
    area_scheme: Annotated[str, AfterValidator(known_area_scheme)] = "code"
    area_names: AreaNames | None = None
    measures: dict[str, Measure] = Field(min_length=1)
    rows: Literal["cells", "parts", "events"] = "cells"
    dates: tuple[str, ...] = Field(default=("YYYY-MM-DD",), description="formats of dates in a file of incidents")
    time_zone: Annotated[str, AfterValidator(known_time_zone)] | None = Field(
        default=None, description="time zone that determines the day of a time with Z or an offset"
    )
    ages: Ages | None = None
    boundaries: BoundaryFile | None = None
    survey: Survey | None = Field(default=None, description="sample design, for records of a survey")
    id: tuple[str, ...] = Field(default=(), description="columns of the file that identify a row; none may repeat")
    personal: tuple[str, ...] = Field(default=(), description="columns that identify a person; never stored")
    covers: tuple[str, ...] = Field(default=(), description="areas that the source covers; all of the list by default")
    totals: dict[str, str] = Field(
        default={}, description="code of a dimension's total if the source has only part of it"
    )
    parent_counts: Literal["apart", "include_children"] = "apart"
    thousands: Annotated[str, AfterValidator(checked_mark)] = ""
    decimal: Annotated[str, AfterValidator(checked_mark)] = "."
    marks: dict[Annotated[str, Field(min_length=1)], StatusOfValue] = Field(
        default={}, description="footnote marks after numbers -> status of the value"
    )
    whole_numbers: bool = True
    multiply: Annotated[int, AfterValidator(checked_multiplier)] = Field(
        default=1, description="factor for the numbers in the file"
    )
    year_starts: Annotated[str, AfterValidator(checked_month)] | None = Field(
        default=None, description="month in which the years of the file begin, if not January"
    )
    cumulative: Annotated[bool | str, PlainValidator(checked_start)] | None = Field(
        default=None,
        description="whether the figure of a month is cumulative since the start of the year, or the month since which",
    )
    exclusions: tuple[Exclusion, ...] = ()
    replaces: tuple[Replaced, ...] = Field(default=(), description="corrected editions of files")
    breakdowns: tuple[Breakdown, ...] = (Breakdown(),)
    controls: tuple[Control, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    breaks: tuple[Break, ...] = ()
    no_break: tuple[Exceptional, ...] = ()
    mass_events: tuple[Exceptional, ...] = ()
    words_checked: tuple[CheckedWords, ...] = ()
    allocate_unknown: Literal["proportional"] | None = Field(
        default=None,
        description="how persons of unknown sex or age are allocated to the known groups; not at all if not given",
    )
    rejected_share_limit: float = Field(default=0, ge=0, le=1)
    rejected_figure_limit: float | None = Field(
        default=None, ge=0, le=1, description="share of its rows that a figure may lose; that of the rule if not given"
    )
    priority: int = 50
    backcast: Backcast | None = Field(
        default=None, description="how populations of parts of a country are carried back"
    )
    sharing: Sharing | None = Field(default=None, description="who may see the figures; see docs/sharing.md")

    @model_validator(mode="before")
    @classmethod
    def _mark_years(cls, declared: Any) -> Any:
        """Add the caveat of years that do not begin in January, so that it reaches every reader."""
        if not isinstance(declared, dict) or declared.get("year_starts") is None:
            return declared
        given = declared.get("caveats") or ()
        if any(isinstance(one, dict) and one.get("caveat") == FINANCIAL_YEAR for one in given):
            return declared
        start = int(checked_month(declared["year_starts"]))
        first, last = month_name[start], month_name[(start + 10) % 12 + 1]
        note = f"Years begin in {first}: 2023 is {first} 2023 to {last} 2024; populations are of the calendar year."
        return {**declared, "caveats": [*given, {"caveat": FINANCIAL_YEAR, "note": note}]}

    @model_validator(mode="after")
    def _leave_replaced_out(self) -> Source:
        """Exclude rows of a replaced edition by a named rule, which the reconciliation shows like any other."""
        period = self.columns.get("year") or self.columns.get("time_period")
        by_date = self.kind == "incident" and any(one.years for one in self.replaces) and "year" not in self.columns
        if by_date and any(not form.startswith("YYYY") for form in self.dates):
            raise ValueError("replaces.years: only possible for dates that begin with the year (YYYY); delete the key")
        own = tuple(
            Exclusion(rule=f"replaced_by_{one.file}", where=one.condition(period), reason=one.note)
            for one in self.replaces
        )
        if own and not set(own) <= set(self.exclusions):
            object.__setattr__(self, "exclusions", (*self.exclusions, *own))
        return self

    @model_validator(mode="after")
    def _check_names(self) -> Source:
        require_known("columns", tuple(self.columns), _names("columns"))
        require_known("constants", tuple(self.constants), _names("constants"))
        require_known("totals", tuple(self.totals), breakdown_columns())
        period = "year" if "year" in self.columns else "time_period"
        as_points = self.boundaries is not None or "longitude" in self.columns
        counts_one = "value" if self.of_persons else ""  # a record is one event where nothing else is said
        for need in (period, "value") if as_points else ("ref_area", period, "value"):
            if need not in self.columns and need not in self.constants and need != counts_one:
                raise ValueError(f"name the column of {need} under columns")
        if self.kind == "incident":
            self._check_incidents()
        if len(self.measures) > 1 and self.kind != "survey" and "measure" not in self.columns:
            raise ValueError("several measures need columns.measure, the column that distinguishes them")
        if (self.thousands or self.decimal != ".") and any(one.read.format == "parquet" for one in self.layouts):
            raise ValueError("thousands and decimal: numbers in a Parquet file have a decimal point and no other mark")
        if (dead := unreachable_layout(self.layouts)) is not None:
            raise ValueError(
                f"layouts.{dead[0]}.files: no file can have this layout, as layouts.{dead[1]} has all of these files; "
                "a workbook can have several layouts if each names the sheet it reads (read.sheet)"
            )
        if any(entry.bridge and entry.bridge.overlap == self.source_id for entry in self.breaks):
            raise ValueError(
                "breaks: bridge: overlap must be another source, the one with the definition used before the break"
            )
        for breakdown in self.breakdowns:
            require_known("breakdowns: by", breakdown.by, breakdown_columns())
            require_known("breakdowns: measures", breakdown.measures, tuple(self.measures))
        return self

    @model_validator(mode="after")
    def _check_codes(self) -> Source:
        for field, codes in (("constants", self.constants), ("totals", self.totals)):
            for name in (name for name in breakdown_columns() if name in codes):
                require_code(name, codes[name], f"{field}.{name}: ")
        if "area_scheme" not in self.model_fields_set and ("ref_area" in self.columns or self.boundaries is not None):
            raise ValueError(
                "area_scheme: is missing; write what the areas of the file are: the codes of a list (inegi, iso3 ...), "
                "our codes (code), or names (name)"
            )
        if self.area_names is not None and self.area_scheme != "name":
            raise ValueError(
                f"area_names: the column holds codes (area_scheme: {self.area_scheme}); write area_scheme: name"
            )
        areas = area_codes()
        of = self.area_names.of if self.area_names else None
        for field, given in (
            ("constants.ref_area", [self.constants.get("ref_area")]),
            ("covers", self.covers),
            ("area_names.of", [of]),
        ):
            for code in (code for code in given if code is not None and code not in areas):
                near = ", ".join(nearest_values(code, areas)) or "none"
                raise ValueError(f"{field}: there is no area {code!r}; nearest: {near}")
        status, value = self.constants.get("obs_status", "A"), self.constants.get("value", "1")
        if status not in get_args(StatusOfValue):
            raise ValueError(
                f"constants.obs_status: {status!r} is not a status of a given value; write one of "
                + ", ".join(get_args(StatusOfValue))
            )
        if not re.fullmatch(r"[0-9]+", value):
            raise ValueError(
                f"constants.value: {value!r} must be a whole number, in quotes: the number that each row counts"
            )
        forms = "2024 or 2024-03" if self.kind == "incident" else "2024, 2024-Q1 or 2024-03"
        period = self.constants.get("time_period", "2024")
        if not re.fullmatch(_PERIOD, period) or (self.kind == "incident" and "Q" in period):
            raise ValueError(f"constants.time_period: {period!r} is not a period; write {forms}, in quotes")
        return self

    @model_validator(mode="after")
    def _check_together(self) -> Source:
        """Refuse a key that another key of the file leaves without effect."""
        for name in (name for name in self.constants if name in self.columns):
            raise ValueError(f"constants.{name}: {name} is also under columns; delete one of the two")
        if "year" in self.columns and ("time_period" in self.columns or "time_period" in self.constants):
            raise ValueError("columns.year: time_period is given as well; delete one of the two")
        if "month" in self.columns and "year" not in self.columns:
            raise ValueError("columns.month needs columns.year as well")
        if self.marks and "obs_status" in self.columns:
            raise ValueError("marks: columns.obs_status gives the status already; remove the marks in the reshape")
        birth_date = self.ages is not None and self.ages.unit == "birth_date"
        if "dates" in self.model_fields_set and "time_period" not in self.columns and not birth_date:
            raise ValueError("dates: no column holds a date (columns.time_period)")
        if self.time_zone is not None and "time_period" not in self.columns:
            raise ValueError("time_zone: no column holds a date with a time (columns.time_period)")
        if self.ages is not None and "age" not in self.columns:
            raise ValueError("ages: name the column of age under columns")
        if self.ages is not None and "age_unit" in self.columns and self.ages.unit != "years":
            raise ValueError("ages.unit: columns.age_unit gives the unit of each row; delete one of the two")
        return self

    @model_validator(mode="after")
    def _check_figures(self) -> Source:
        """Refuse what would change figures, or give them to the wrong time."""
        check_marks(self.thousands, self.decimal, "decimal" in self.model_fields_set, tuple(self.marks))
        if self.cumulative and (self.rows != "cells" or "value" in self.constants or "time_period" in self.constants):
            raise ValueError(
                "cumulative: needs rows: cells, columns.time_period and columns.value: a month is the difference from "
                "the month before of the same series, which must have exactly one row"
            )
        written = {"thousands", "decimal"} & self.model_fields_set
        if self.kind == "incident" and written and "value" not in self.columns:
            raise ValueError(
                f"{min(written)}: no column gives how many each row counts (columns.value); delete the key"
            )
        if self.multiply > 1 and "value" in self.constants:
            raise ValueError("multiply: each row counts constants.value; write the number of units there")
        if self.allocate_unknown and not any({"sex", "age"} & set(breakdown.by) for breakdown in self.breakdowns):
            raise ValueError("allocate_unknown: no breakdown is by sex or age; delete the key")
        if self.year_starts is not None:
            if any(breakdown.freq != "A" for breakdown in self.breakdowns):
                raise ValueError("year_starts: the periods are years; breakdowns cannot have another freq")
            if len(self.constants.get("time_period", "2024")) != 4:
                raise ValueError('constants.time_period: write the year in which the period begins: "2024"')
        return self

    @model_validator(mode="after")
    def _check_estimates(self) -> Source:
        """Refuse as-published figures in one source with counts, and keys that apply to only one of the two."""
        beside = [name for name in BESIDE_ESTIMATES if name in self.columns]
        if self.figures != "estimate":
            if beside and self.kind == "count":  # of other kinds the key itself is refused
                raise ValueError(
                    f"columns.{beside[0]}: only for estimates; write figures: estimate (or ratio) under measures"
                )
            return self
        other = [name for name, one in self.measures.items() if one.figures not in AS_PUBLISHED]
        if self.kind not in ("count", "survey") or other:
            name = other[0] if other else next(iter(self.measures))
            raise ValueError(
                f"measures.{name}: counts are added up, estimates and ratios are published as given; declare two "
                "sources, which may read the same file"
            )
        made = ("covers", "allocate_unknown", "breakdowns", "parent_counts", "cumulative", "totals", "no_break")
        for key in made[:1] if self.kind == "survey" else made:  # of a survey groups are declared, other keys refused
            if key in self.model_fields_set:
                raise ValueError(
                    f"{key}: nothing is computed from estimates and ratios, they are published as given; delete it"
                )
        if any(entry.bridge for entry in self.breaks):
            raise ValueError("breaks: bridge: estimates are not converted; delete it, and nothing is compared across")
        if self.rows != "cells":
            raise ValueError("rows: estimates are not added up; write cells, or delete the key")
        if self.kind != "survey":  # whose columns of errors are refused
            self._check_errors()
        times = {PER_UNIT.get(measure.unit, 1) for measure in self.measures.values()}
        if self.multiply > 1 and times not in ({1}, {self.multiply}):
            raise ValueError(
                "multiply: is for numbers, and for shares that become percent (100) or rates (1000 for per_1000 ...); "
                "declare measures of different units as sources of their own"
            )
        return self

    def _check_errors(self) -> None:
        given = [name for name in ERRORS if name in self.columns]
        if ("ci_low" in given) != ("ci_high" in given):
            raise ValueError("columns.ci_low and ci_high: name both limits, or none")
        if "cv_percent" in given and "cv_share" in given:
            raise ValueError(
                "columns.cv_percent and cv_share: a coefficient of variation can be given only once; delete one"
            )
        needs_level = [name for name in ("half_width", "ci_low") if name in given]
        for name, measure in self.measures.items():
            if needs_level and measure.confidence_percent is None:
                raise ValueError(
                    f"measures.{name}.confidence_percent: is missing; columns.{needs_level[0]} needs its level (95)"
                )

    def _check_incidents(self) -> None:
        if self.rows == "cells":
            raise ValueError("rows: for a file of incidents write events, or parts if an absent cell is not a zero")
        open_columns = {column for name, column in self.columns.items() if name not in CODED_PERSONAL}
        for column in sorted(open_columns.intersection(self.personal)):
            may = "a date of birth (age), longitude and latitude"
            raise ValueError(f"personal: {column!r} is also under columns; only {may} may be in both")
        given = {name for name in ("longitude", "latitude") if name in self.columns}
        if given and self.boundaries is None:
            raise ValueError("columns.longitude and latitude need boundaries, the outlines of the areas")
        if self.boundaries is not None and (len(given) < 2 or "ref_area" in {**self.columns, **self.constants}):
            raise ValueError("boundaries: columns must include longitude and latitude, but not ref_area")
        if "age_unit" in self.columns and self.ages is None:
            raise ValueError("columns.age_unit needs ages, the bands to publish")

    def survey_problems(self) -> list[str]:
        """Return what keeps records of a sample from giving estimates; none for other kinds of source."""
        if self.kind != "survey":
            return []
        if self.survey is None:
            return ["survey: is missing; name the columns of key, weight, stratum and psu, or the replicate weights"]
        lines = [
            f"personal: {column!r} is also under columns; its values would be published"
            for column in sorted(set(self.columns.values()).intersection(self.personal))
        ]
        if not self.personal:
            lines.append("personal: name the columns that identify persons or households: none of them will be stored")
        if len(self.layouts) > 1 and sum(layout.sample for layout in self.layouts) != 1:
            lines.append("layouts: write sample: true in the one layout of the sampled persons or households")
        if ("ref_area" in self.columns) != (self.survey.whole is not None):
            lines.append(
                "survey.whole: the area of all units; needed if, and only if, columns.ref_area gives the area of each"
            )
        for name, measure in self.measures.items():
            if measure.figures != "estimate" or measure.unit not in ("number", *PER_UNIT):
                units = ", ".join(("number", *PER_UNIT))
                lines.append(f"measures.{name}: write figures: estimate, and a unit of {units}")
        return lines + self._group_problems()

    def _group_problems(self) -> list[str]:
        """Problems with the groups for which estimates are made from a sample."""
        grouped = {"ref_area", *(name for breakdown in self.breakdowns for name in breakdown.by)}
        lines = [
            f"columns.{name}: no breakdown uses it; add it under breakdowns, or delete the key"
            for name in breakdown_columns()
            if name in self.columns and name not in grouped
        ]
        lines += [
            f"breakdowns: by: name the column of {name} of a sampled unit under columns"
            for name in sorted(grouped - {"ref_area"} - set(self.columns))
        ]
        if any(breakdown.model_fields_set - {"by"} for breakdown in self.breakdowns):
            lines.append(
                "breakdowns: write only by; every measure is estimated for the periods and areas of the sample"
            )
        return lines

    @property
    def of_persons(self) -> bool:
        """Whether a row of its files is a person, a household or an event: such files are read in place, not copied."""
        return self.kind in ("incident", "survey")

    def has_checked(self, text: str) -> bool:
        """Tell whether somebody looked at words of the files, which seem to contradict the declaration, and said so.

        Args:
            text: a heading, title, label, or the name of a column or file.
        """
        return bool(self.words_checked) and any(_start(one.words) == _start(text) for one in self.words_checked)

    def checked_words_not_in(self, texts: Iterable[str]) -> list[str]:
        """Return the words that somebody said to have looked at and that are none of these texts of the files."""
        found = {_start(text) for text in texts} if self.words_checked else set()
        return [one.words for one in self.words_checked if _start(one.words) not in found]

    @property
    def left_out(self) -> str:
        """The SQL condition of the rows that some exclusion leaves out; NULL counts as not left out."""
        return " OR ".join(f"coalesce(({exclusion.where}), false)" for exclusion in self.exclusions) or "false"

    @property
    def marks_are_open(self) -> bool:
        """Whether a point in a number may be a decimal or a thousands mark, as nothing declares which."""
        given = {"thousands", "decimal"} & self.model_fields_set
        return not given and all(layout.read.format != "parquet" for layout in self.layouts)

    @property
    def stocks(self) -> tuple[tuple[str, str, str], ...]:
        """Source, stage and counting unit of the measures that count persons on a day."""
        kinds = self.measures.values()
        return tuple((self.source_id, one.stage, one.counting_unit) for one in kinds if one.figures == "stock")

    @property
    def figures(self) -> Literal["count", "population", "estimate"]:
        """The kind of its published figures: incidents give counts; ratios are published like estimates."""
        if any(measure.figures in AS_PUBLISHED for measure in self.measures.values()):
            return "estimate"
        return "population" if self.kind == "population" else "count"


def parse_source(source_id: str, text: str) -> Source:
    """Return the declaration in the text of a source.yml, without a look at the files beside it.

    Raises:
        UsageError: it is not valid; names each field.
    """
    try:
        return Source.model_validate({"source_id": source_id, **parse_yaml(text)})
    except (yaml.YAMLError, TypeError) as error:
        raise UsageError(f"source {source_id}: source.yml is not valid YAML: {yaml_problem(error)}") from error
    except ValidationError as error:
        raise _invalid_source(source_id, field_problems(error, Source)) from error


def _invalid_source(source_id: str, lines: list[str]) -> UsageError:
    return UsageError("\n".join([f"source {source_id}: source.yml is not valid:", *(f"  {line}" for line in lines)]))


class SourceFolder:
    """The folder of one source: source.yml with its tables and SQL.

    Args:
        folder: where it is.
        concordance: the table of its links; None if it has none.
        with_drafts: whether links of its concordance that nobody has reviewed are used.
        origin: where it comes from, as shown to people: ``package``, ``project``, or ``IN_PLACE``.
    """

    def __init__(
        self,
        folder: Traversable,
        concordance: Traversable | None,
        *,
        with_drafts: bool = False,
        origin: str = "package",
    ) -> None:
        self.origin = origin
        self.folder = folder
        self.source_id = folder.name
        self.concordance = concordance
        self.with_drafts = with_drafts

    @cached_property
    def source(self) -> Source:
        """The declaration, checked.

        Raises:
            UsageError: source.yml is not valid; names each field.
        """
        parts = sorted(self.folder.iterdir(), key=lambda item: item.name)
        if links := [item.name for item in parts if Path(str(item)).is_symlink()]:
            # A definition may come from anybody: through a link, any file of this account could be read and quoted.
            raise self._invalid([f"{name} is a link; put the file itself there" for name in links])
        if others := [item.name for item in parts if item.name.endswith(_READ_FROM_FOLDER) and not item.is_file()]:
            raise self._invalid([f"{name} is not a readable file; replace it, or delete it" for name in others])
        source = parse_source(self.source_id, self.declaration)
        lines = [*refused_keys(source, source.kind), *self._problems_of_files(source)]
        if lines := lines or source.survey_problems():
            raise self._invalid(lines)
        return source

    @property
    def declaration(self) -> str:
        """The text of source.yml.

        Raises:
            UsageError: it is not UTF-8.
        """
        try:
            return self.folder.joinpath("source.yml").read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"source {self.source_id}: source.yml is not UTF-8; save it as UTF-8") from error

    def _invalid(self, lines: list[str]) -> UsageError:
        return _invalid_source(self.source_id, lines)

    def _problems_of_files(self, source: Source) -> list[str]:
        """Files that the declaration names but the folder lacks, or that this kind of source cannot have."""
        named = {f"layouts.{number}.reshape": one.reshape for number, one in enumerate(source.layouts, start=1)}
        named |= {f"controls.{number}.rows": one.rows for number, one in enumerate(source.controls, start=1)}
        named["boundaries.file"] = source.boundaries.file if source.boundaries is not None else None
        there = {item.name for item in self.folder.iterdir() if item.is_file()}
        lines = [
            f"{key}: there is no file {name!r} in the folder of the source{hint(name, there)}"
            for key, name in named.items()
            if name is not None and name not in there
        ]
        if "rates.sql" in there and (why := refused_part("rates.sql", source.kind)):
            lines.append(f"rates.sql: {why}")
        for number, layout in enumerate(source.layouts, start=1):
            reshaped = self.reshape_name(layout)
            if layout.conserve is not None and (reshaped is None or "value" not in source.columns):
                why = (
                    "there is no reshape that could change the sum" if reshaped is None else "each row counts the same"
                )
                lines.append(f"layouts.{number}.conserve: {why}; delete the key")
            wants = source.kind != "survey" and "value" in source.columns
            if layout.conserve is None and reshaped is not None and wants:
                lines.append(
                    f"layouts.{number}.conserve: is missing; {reshaped} must not change the sum of the counts, so give "
                    "a regular expression for the raw columns that contain them"
                )
        return lines

    def reshape_name(self, layout: Layout) -> str | None:
        """Return the name of the file that makes a layout tidy; None if it is tidy already."""
        own = self.folder.joinpath("reshape.sql")
        return layout.reshape or ("reshape.sql" if own.is_file() else None)

    def reshape(self, layout: Layout) -> str | None:
        """Return the SELECT that makes a layout tidy; None if it is tidy already."""
        name = self.reshape_name(layout)
        return None if name is None else self.folder.joinpath(name).read_text(encoding="utf-8")

    def read_text(self, name: str) -> str | None:
        """Return a file of the folder as text; None if there is none."""
        path = self.folder.joinpath(name)
        return path.read_text(encoding="utf-8") if path.is_file() else None

    @cached_property
    def words(self) -> list[tuple[str, str, str]]:
        """The source's labels and our codes from values.csv: (dimension, word, code).

        Raises:
            UsageError: values.csv is not such a table, names an unknown dimension or gives a word two codes.
        """
        path = self.folder.joinpath("values.csv")
        if not path.is_file():
            return []
        try:
            table = read_csv_rows(path, ("dimension", "word", "code"))
        except DeclarationError as error:
            raise UsageError(f"source {self.source_id}: {error}") from error
        rows = [(row["dimension"], row["word"], row["code"]) for row in table]
        known = _names(VALUES)
        times = Counter((dimension, word) for dimension, word, _ in rows)
        for number, (dimension, word, _) in enumerate(rows, start=2):
            place = f"source {self.source_id}: values.csv, row {number}"
            if dimension not in known:
                raise UsageError(f"{place}: unknown dimension {dimension!r}{hint(dimension, known)}")
            if why := refused_part(f"{VALUES}.{dimension}", self.source.kind):
                raise UsageError(f"{place}: dimension {dimension}: {why}")
            if times[dimension, word] > 1:
                raise UsageError(f"{place}: {word!r} has two codes for {dimension}")
        return rows

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all files written by hand for this source, and of whether draft links among them are used."""
        digest = hashlib.sha256()
        parts = sorted((item for item in self.folder.iterdir() if item.is_file()), key=lambda item: item.name)
        if self.concordance is not None:
            parts.append(self.concordance)
        for part in parts:
            digest.update(part.name.encode() + b"\0" + part.read_bytes() + b"\0")
        if self.with_drafts and self.concordance is not None and has_drafts(read_concordance(self.concordance)):
            digest.update(b"with drafts")
        return digest.hexdigest()


def _start(words: str) -> str:
    """Return as much of a text as a warning quotes, whatever the blanks in it."""
    return " ".join(words.split())[:MOST_QUOTED].strip()


def _names(part: str) -> tuple[str, ...]:
    """The names allowed under columns, constants or in values.csv: those declared, and every attribute."""
    return tuple(dict.fromkeys([*names_under(part), *breakdown_columns()]))


def list_sources(folder: Path | None = None, *, with_drafts: bool = False) -> dict[str, SourceFolder]:
    """Return every source by its identifier; any folder with a source.yml is a source, nothing is registered.

    A source of the project replaces a packaged one of its name. One without ``concordance.csv`` has the packaged
    concordance of its name, if there is one.

    Args:
        folder: where the source folders are; default: those of this package, and those of the project.
        with_drafts: use links that nobody has reviewed, too.

    Raises:
        UsageError: the project cannot be used, or a folder of it has a name that is not an identifier.
    """
    root: Traversable = folder if folder is not None else resources.files("pipelines").joinpath("sources")
    shipped = {entry.name: entry for entry in root.iterdir() if entry.is_dir() and _is_source(entry)}
    project = find_project() if folder is None else None
    own: dict[str, Path] = project.source_folders() if project is not None else {}
    concordances = resources.files("iccs").joinpath("concordances")
    found = {}
    for name, entry in sorted({**shipped, **own}.items()):
        origin = "package" if name not in own else IN_PLACE if name in shipped else "project"
        links, shared = entry.joinpath("concordance.csv"), concordances.joinpath(f"{name}.csv")
        concordance = links if links.is_file() else shared if shared.is_file() else None
        found[name] = SourceFolder(entry, concordance, with_drafts=with_drafts, origin=origin)
    return found


def _is_source(folder: Traversable) -> bool:
    return folder.joinpath("source.yml").is_file()


def find_sources(names: list[str], folder: Path | None = None, *, with_drafts: bool = False) -> list[SourceFolder]:
    """Return the sources named, or all; for the other arguments see ``list_sources``.

    Raises:
        UsageError: a name is not a source; gives the nearest.
    """
    known = list_sources(folder, with_drafts=with_drafts)
    unknown = [name for name in names if name not in known]
    if unknown:
        hints = [
            f"unknown source {name!r}; nearest: {', '.join(nearest_values(name, known)) or 'none'}" for name in unknown
        ]
        raise UsageError("\n".join([*hints, "see: iccs sources list"]))
    return [known[name] for name in names] if names else list(known.values())
