"""The pages of a site in one language, as HTML in which every text of the data is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from iccs.classification import UnknownCode, load_classification
from iccs.periods import year_spans
from pipelines.reader.plots.style import label_of
from pipelines.reader.series.trends import handling_in, trend_sentence
from pipelines.reader.site.area_map import KnownOutlines, draw_area_map
from pipelines.reader.site.chart import draw_chart, drawn_column, years_apart
from pipelines.reader.site.content import Content, Rows
from pipelines.reader.site.evidence import evidence_rows
from pipelines.reader.site.months import draw_months, draw_small_months, month_sentences, table_of_months, year_before
from pipelines.reader.site.quality import name_places, names_of_codes
from pipelines.reader.site.query_file import ReadyQuery
from pipelines.reader.site.search_index import INDEX_NAME, write_index
from pipelines.reader.site.side_by_side import SideBySide, draw_courses, draw_dots, put_side_by_side
from pipelines.reader.words import LANGUAGES, figure_in, translate
from pipelines.statistics.wording import rounded_text
from pipelines.system.printable import shown
from schemas.codelists import age_labels, load_codelist
from schemas.declarations import load_columns

LANGUAGE_NAMES = (("en", "English"), ("fr", "Français"), ("es", "Español"))
_DEFINITION_LANGUAGES = {"en": "en", "fr": "en", "es": "es"}  # the booklet is defined in these; French has titles only
_SERIES = ("ref_area", "iccs", "source", "stage", "counting_unit")
_WEB = ("https://", "http://")

Page = tuple[str, str]


@cache
def environment() -> Environment:
    """Return the templates; a name that is not given is an error, and text is escaped."""
    folder = resources.files("pipelines").joinpath("reader", "site", "templates")

    def load(name: str) -> str:
        return folder.joinpath(name).read_text(encoding="utf-8")

    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(load),
        trim_blocks=False,
        cache_size=-1,
        finalize=shown,
    )


class Pages:
    """Renders the pages of one language."""

    def __init__(
        self,
        content: Content,
        language: str,
        queries: Sequence[ReadyQuery] = (),
        megabytes: float = 0,
        outlines: KnownOutlines | None = None,
    ) -> None:
        """Prepare what all pages share.

        Args:
            content: what the pages show.
            language: the language of the pages.
            queries: the questions that the query page offers; without any, there is no such page.
            megabytes: how much the query page loads.
            outlines: those already made for the pages in another language.
        """
        self._outlines = outlines or KnownOutlines()
        self.queries = queries
        self.megabytes = megabytes
        self.content = content
        self.language = language
        self._templates: dict[str, Callable[..., str]] = {}
        self._beside = {
            iccs: found
            for iccs, by_country in self._shared_categories().items()
            if (found := put_side_by_side(by_country, language)) is not None
        }
        self._regions = {key: self._region_rows(rows) for key, rows in content.regions.items()}

    def every(self) -> Iterator[Page]:
        """Yield the path of each page, relative to the folder of the language, and its text."""
        yield self._home()
        for code in self.content.figures:
            yield self._country(code)
            for iccs in self.content.figures[code]:
                yield self._figure(code, iccs)
        yield from self._by_category()
        yield from self._side_by_side()
        yield from self._themes()
        yield self._page(
            "evidence",
            "evidence.html",
            self._("Evidence on programmes"),
            rows=evidence_rows(self.content.evidence, self.language),
        )
        yield from self._quality()
        yield self._methods()
        yield self._page("releases", "releases.html", self._("Releases"), changes=self._changes())
        columns = load_columns()
        names = next((list(row) for rows in self._series() for row in rows), [])
        known = [(name, columns[name].comment) for name in names if name in columns]
        yield self._page("dictionary", "dictionary.html", self._("Data dictionary"), columns=known)
        if self.queries:
            yield self._ask()
        yield self._page("search", "search.html", self._("Search"), index_name=INDEX_NAME)
        yield INDEX_NAME, self._search_index(dict(known))

    def _(self, text: str) -> str:
        return translate(text, self.language)

    def _series(self) -> Iterator[Rows]:
        for categories in self.content.figures.values():
            yield from categories.values()

    def _page(self, template: str, path: str, title: str, **values: Any) -> Page:
        depth = path.count("/")
        if template not in self._templates:
            self._templates[template] = environment().get_template(f"{template}.html").render
        text = self._templates[template](
            _=self._,
            language=self.language,
            languages=LANGUAGE_NAMES,
            title=title,
            path=path,
            home="../" * depth,
            can_be_asked=bool(self.queries),
            root="../" * (depth + 1),
            release=self.content.release,
            number=self._number,
            rate=self._rate,
            estimate=self._estimate,
            yes=lambda value: self._("yes") if value else self._("no"),
            **values,
        )
        return path, text

    def _number(self, value: float | None) -> str:
        if value is None:
            return ""
        return figure_in(f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}", self.language)

    def _rate(self, value: float | None) -> str:
        return "" if value is None else figure_in(rounded_text(value, 2 if value < 10 else 1), self.language)

    def _estimate(self, value: float | None) -> str:
        """A survey estimate or a share as text, with the more decimals the smaller it is."""
        if value is None or float(value).is_integer() or abs(value) >= 1000:
            return self._number(None if value is None else float(round(value)))
        return figure_in(rounded_text(value, 2 if abs(value) < 10 else 1), self.language)

    def _label(self, row: dict[str, Any], name: str) -> str:
        return str(row[f"{name}_{self.language}"] or row[f"{name}_en"] or "")

    def _counted(self, row: dict[str, Any]) -> str:
        return f"{_code_label('counting_unit', row['counting_unit'], self.language)}, " + (
            _code_label("stage", row["stage"], self.language).lower()
        )

    def _trend(self, row: dict[str, Any]) -> dict[str, Any] | None:
        return self.content.trends.get(tuple(row[name] for name in _SERIES))

    def _sentence(self, row: dict[str, Any]) -> str:
        """The course of a series in a sentence, which says so if the figure beside it is of a later year."""
        trend = self._trend(row)
        if trend is None:
            return ""
        sentence = trend_sentence(trend, self.language)
        if int(row["time_period"]) > trend["last_year"]:
            sentence += " " + self._("The figure for {year} is not part of it.").format(year=row["time_period"])
        return sentence

    def _reason(self, row: dict[str, Any]) -> str:
        if row["value"] is None and row["missing_reason"]:
            return _code_label("missing_reason", row["missing_reason"], self.language)
        if row["rate_per_100k"] is None and row["no_rate_reason"]:
            return _code_label("no_rate_reason", row["no_rate_reason"], self.language)
        return ""

    def _home(self) -> Page:
        countries, gated = [], dict[str, int]()
        for code, categories in self.content.figures.items():
            years = [row["time_period"] for rows in categories.values() for row in rows if row["value"] is not None]
            name = self._label(self.content.area_row(code), "area")
            if years:
                about = {"categories": len(categories), "first": min(years), "last": max(years)}
                countries.append({"code": code, "name": name, **about})
            elif not categories:
                countries.append({"code": code, "name": name, "categories": 0})
            for row in (row for rows in categories.values() for row in rows if row["value"] is None):
                reason = self._reason(row) or self._("no figure")
                gated[reason] = gated.get(reason, 0) + 1
        return self._page(
            "home",
            "index.html",
            self._("Crime figures in the ICCS"),
            countries=sorted(countries, key=lambda country: country["name"]),
            changes=self._changes(),
            gated=sorted(gated.items(), key=lambda item: -item[1]),
            themes=[
                {"id": theme["theme_id"], "name": self._label(theme, "theme"), "countries": met}
                for theme in self.content.themes
                if (met := len({row["country"] for row in theme["coverage"] if row["conditions_met"]}))
            ],
        )

    def _changes(self) -> Rows:
        changes = self.content.changes
        return [row | {"what": _code_label("release_change", row["release_change"], self.language)} for row in changes]

    def _country(self, code: str) -> Page:
        categories = self.content.figures[code]
        latest = {iccs: row for iccs, rows in categories.items() if (row := _latest(rows)) is not None}
        years = sorted({row["time_period"] for rows in categories.values() for row in rows})
        rows = [
            row
            | {
                "category": self._label(row, "category"),
                "composition": self._label(row, "composition"),
                "counted": self._counted(row),
                "sentence": self._sentence(row),
                "caveats": self._label(row, "caveats"),
            }
            for row in latest.values()
        ]
        matrix = []
        for iccs, own in categories.items():
            marks = {row["time_period"]: _mark(row) for row in own}
            matrix.append({"iccs": iccs, "marks": [marks.get(year, "") for year in years]})
        estimates = self._estimates(code)
        used = sorted({row["source"] for own in (*categories.values(), estimates) for row in own})
        return self._page(
            "country",
            f"country/{code}.html",
            self._label(self.content.area_row(code), "area"),
            code=code,
            rows=rows,
            years=years,
            few=any(row["few_events"] for row in rows),
            matrix=matrix,
            months=self._latest_months(code),
            alerts=[
                row | {name: self._label(row, name) for name in ("area", "category")} | {"counted": self._counted(row)}
                for row in self.content.alerts.get(code, [])
            ],
            estimates=estimates,
            files=country_files(code) if categories else [],
            sources=[self.content.sources[name] for name in used],
        )

    def _latest_months(self, code: str) -> Rows:
        """The last month of each category of a country, with the same month a year before and what was expected."""
        found = []
        for iccs, own in self.content.figures[code].items():
            rows = self.content.months.get((code, iccs), [])
            if (last := _latest(rows)) is None:
                continue
            category = self._label(own[0], "category")
            sentences = month_sentences(rows, self._number, self.language)
            about = f"{category}, {rows[0]['time_period']}–{rows[-1]['time_period']}. {' '.join(sentences)}"
            caveats = filter(None, (last["caveats"] or "").split(";"))
            found.append(
                last
                | {
                    "category": category,
                    "counted": self._counted(last),
                    "before": year_before(rows, last),
                    "sentences": sentences,
                    "picture": draw_small_months(rows, about),
                    "caveats": "; ".join(_code_label("caveat", one, self.language) for one in caveats),
                }
            )
        return found

    def _figure(self, code: str, iccs: str) -> Page:
        rows = self.content.figures[code][iccs]
        last = _latest(rows) or rows[-1]
        trend, sentence = self._trend(last), self._sentence(last)
        country = self._label(last, "area")
        title = f"{iccs} {self._label(last, 'category')}{self._(': ')}{country}"
        drawn = drawn_column(rows)
        unit = self._("rate per 100,000 population") if drawn == "rate_per_100k" else self._("count")
        gap_text = "; ".join(f"{reason} ({year_spans(years)})" for reason, years in self._gaps(rows, drawn).items())
        definition = _definition(iccs, _DEFINITION_LANGUAGES[self.language])
        sources = sorted({row["population_source"] for row in rows if row["population_source"]})
        span = f"{rows[0]['time_period']}–{rows[-1]['time_period']}"
        alt = f"{self._counted(last)}; {unit}; {span}. {sentence}"
        regions = [row for row in self._regions.get((code, iccs), []) if _series(row) == _series(last)]
        breaks = {row["break_before"]: row["break_note"] for row in rows if row["break_before"]}
        return self._page(
            "figure",
            f"country/{code}/{iccs}.html",
            title,
            code=code,
            iccs=iccs,
            country=country,
            counted=self._counted(last),
            unit=unit,
            first=rows[0]["time_period"],
            last=rows[-1]["time_period"],
            sentence=sentence,
            handling=handling_in(trend["break_handling"], self.language) if trend else None,
            chart=draw_chart(rows, title, alt, self.language),
            source=self.content.sources[last["source"]],
            population=", ".join(f"{self.content.sources[name]['publisher']} ({name})" for name in sources),
            limits=self._label(last, "limits") if last["ci_low"] is not None else "",
            gaps=gap_text,
            apart=year_spans(years_apart(rows)),
            definition=definition,
            definition_language=_DEFINITION_LANGUAGES[self.language],
            compositions=_distinct(self._label(row, "composition") for row in rows),
            notes=_distinct(str(row["mapping_notes"] or "") for row in rows),
            others=last["other_series"],
            caveats=self._caveats(rows),
            breaks=sorted(breaks.items()),
            rows=[
                row
                | {"status": _code_label("obs_status", row["obs_status"], self.language), "reason": self._reason(row)}
                for row in rows
            ],
            few=any(row["few_events"] for row in rows),
            estimates=[row for row in self._estimates(code) if row["iccs"] == iccs],
            months=self._months(code, iccs, title),
            regions=regions,
            map=draw_area_map(regions, code, title, self.language, self._outlines),
            files=[f"{code}_{iccs}.csv", *country_files(code)],
            query=_query(last),
        )

    def _gaps(self, rows: Rows, drawn: str) -> dict[str, list[int]]:
        """The years without a figure to draw, by reason; a year for which the source has nothing at all has no row."""
        there = {int(row["time_period"]): row for row in rows}
        gaps: dict[str, list[int]] = {}
        for year in range(min(there), max(there) + 1):
            row = there.get(year)
            if row is None or row[drawn] is None:
                gaps.setdefault((row and self._reason(row)) or self._("no figure"), []).append(year)
        return gaps

    def _estimates(self, code: str) -> Rows:
        """The last figure of each series of estimates of a country, with its words."""
        found = []
        for row in self.content.estimates.get(code, []):
            of = _code_label("universe", row["universe"], self.language).partition(" (")[0]
            if row["age"] not in ("_T", "_Z"):
                of = f"{of}, {age_labels(row['age'])[LANGUAGES.index(self.language)].lower()}"
            caveats = filter(None, (row["caveats"] or "").split(";"))
            words = {
                "of": of,
                "counted": self._counted(row),
                "unit": _code_label("unit_of_measure", row["unit_of_measure"], self.language),
                "caveats": "; ".join(_code_label("caveat", one, self.language) for one in caveats),
                "publisher": self.content.sources[row["source"]]["publisher"],
            }
            found.append(row | words)
        return found

    def _months(self, code: str, iccs: str, title: str) -> dict[str, Any] | None:
        """The latest months of a country and category: picture and sentences; None if there are none."""
        rows = self.content.months.get((code, iccs), [])
        if (last := _latest(rows)) is None:
            return None
        sentences = month_sentences(rows, self._number, self.language)
        span = f"{rows[0]['time_period']}–{rows[-1]['time_period']}"
        figure = f"{last['time_period']}{self._(': ')}{self._number(last['value'])}"
        about = f"{self._counted(last)}; {span}. {figure}. {' '.join(sentences)}"
        name = self._("latest months")
        return {
            "counted": self._counted(last),
            "span": span,
            "sentences": sentences,
            "picture": draw_months(rows, f"{title}, {name}", about, self.language),
            "table": table_of_months(
                rows,
                self._number,
                lambda code: _code_label("caveat", code, self.language),
                lambda code: _code_label("missing_reason", code, self.language),
                self.language,
            ),
            "source": self.content.sources[last["source"]],
            "tested": any(row["count_upper"] is not None for row in rows),
            "filling": any(row["nowcast"] is not None for row in rows),
        }

    def _region_rows(self, rows: Rows) -> Rows:
        return [
            row
            | {
                "name": self._label(row, "area"),
                "sentence": self._sentence(row),
                "direction": (self._trend(row) or {}).get("direction"),
                "caveats": self._label(row, "caveats"),
            }
            for row in rows
        ]

    def _caveats(self, rows: Rows) -> list[tuple[str, str]]:
        found: dict[str, list[int]] = {}
        for row in rows:
            for caveat in filter(None, (row["caveats"] or "").split(";")):
                found.setdefault(caveat, []).append(int(row["time_period"]))
        return [
            (_code_label("caveat", code, self.language), year_spans(years)) for code, years in sorted(found.items())
        ]

    def _by_category(self) -> Iterator[Page]:
        categories: dict[str, Rows] = {}
        for own in self.content.figures.values():
            for iccs, rows in own.items():
                if (row := _latest(rows)) is not None:
                    categories.setdefault(iccs, []).append(row)
        listed = []
        for iccs, rows in sorted(categories.items()):
            name = self._label(rows[0], "category")
            countries = sorted((self._label(row, "area"), row["ref_area"]) for row in rows)
            listed.append({"iccs": iccs, "category": name, "countries": countries})
            groups: dict[tuple[str, ...], Rows] = {}
            for row in rows:
                key = (row["source"], row["stage"], row["counting_unit"], row["iccs_made_from"] or "")
                about = {"name": self._label(row, "area"), "caveats": self._label(row, "caveats")}
                groups.setdefault(key, []).append(row | about | {"sentence": self._sentence(row)})
            shown: list[dict[str, Any]] = [
                {
                    "counted": self._counted(own[0]),
                    "source": key[0],
                    "composition": self._label(own[0], "composition"),
                    "rows": sorted(own, key=lambda row: row["name"]),
                }
                for key, own in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
            ]
            title = f"{iccs} {name}"
            compared = iccs in self._beside
            yield self._page("category", f"category/{iccs}.html", title, iccs=iccs, groups=shown, compared=compared)
        yield self._page("categories", "categories.html", self._("Categories"), categories=listed)

    def _side_by_side(self) -> Iterator[Page]:
        listed = []
        shared = self._shared_categories()
        for iccs, found in self._beside.items():
            by_country = shared[iccs]
            category = self._label(next(iter(by_country.values()))[0], "category")
            listed.append({"iccs": iccs, "category": category, "ranked": len(found.ranked), "year": found.year})
            yield self._compared(iccs, category, by_country, found)
        yield self._page("compared", "compare.html", self._("Compare countries"), categories=listed)

    def _shared_categories(self) -> dict[str, dict[str, Rows]]:
        """The rows of the categories that several countries have, by category and country."""
        found: dict[str, dict[str, Rows]] = {}
        for code, own in self.content.figures.items():
            for iccs, rows in own.items():
                found.setdefault(iccs, {})[code] = rows
        return {iccs: found[iccs] for iccs in sorted(found) if len(found[iccs]) > 1}

    def _others(self, row: dict[str, Any], shared: set[str]) -> str:
        """The caveats of a figure except those that all figures of a table carry."""
        own = [code for code in (row["caveats"] or "").split(";") if code and code not in shared]
        return "; ".join(_code_label("caveat", code, self.language) for code in own)

    def _compared(self, iccs: str, category: str, by_country: dict[str, Rows], found: SideBySide) -> Page:
        names = {code: self._label(rows[0], "area") for code, rows in by_country.items()}
        ranked = {row["ref_area"]: by_country[row["ref_area"]] for row in found.ranked}
        title = f"{iccs} {category}{self._(': ')}" + self._("countries side by side")
        unit = self._("rate per 100,000 population")
        carried = [set(filter(None, (row["caveats"] or "").split(";"))) for row in found.ranked]
        shared = set.intersection(*carried) if carried else set()
        shown = [
            row | {"name": names[row["ref_area"]], "counted": self._counted(row), "caveats": self._others(row, shared)}
            for row in [*found.ranked, *found.unranked]
        ]
        return self._page(
            "compare",
            f"compare/{iccs}.html",
            title,
            iccs=iccs,
            year=found.year,
            unit=unit,
            counted=self._counted(found.ranked[0]) if found.ranked else "",
            composition=self._label(found.ranked[0], "composition") if found.ranked else "",
            shared=[_code_label("caveat", code, self.language) for code in sorted(shared)],
            dots=draw_dots(found.ranked, names, f"{title}, {found.year}, {unit}", self.language) if ranked else "",
            courses=draw_courses(ranked, names, self.language) if ranked else [],
            map=draw_area_map(self._mapped(shown, len(found.ranked)), None, title, self.language, self._outlines),
            ranked=shown[: len(found.ranked)],
            unranked=shown[len(found.ranked) :],
            elsewhere=[(code, names[code], *years) for code, years in found.elsewhere.items()],
            definition=_definition(iccs, _DEFINITION_LANGUAGES[self.language]),
            definition_language=_DEFINITION_LANGUAGES[self.language],
            sources=[self.content.sources[name] for name in sorted({row["source"] for row in found.ranked})],
            populations=sorted({row["population_source"] or "" for row in found.ranked}),
            limits=any(row["ci_low"] is not None for row in found.ranked),
        )

    def _mapped(self, rows: Rows, ranked: int) -> Rows:
        """The rows of a map of countries; those that are not ranked are hatched, as their rates are not comparable."""
        directed = [row | {"direction": (self._trend(row) or {}).get("direction")} for row in rows]
        return [*directed[:ranked], *(row | {"is_compared": False} for row in directed[ranked:])]

    def _themes(self) -> Iterator[Page]:
        counted = (code for code, own in self.content.figures.items() if own)
        names = {code: self._label(self.content.area_row(code), "area") for code in counted}
        listed = []
        for theme in self.content.themes:
            rows = [
                row | {"name": names.get(row["country"], row["country"] or ""), "counted": self._counted(row)}
                for row in theme["coverage"]
            ]
            name = self._label(theme, "theme")
            met = {row["country"] for row in rows if row["conditions_met"]}
            others = {row["country"] for row in rows} - met
            listed.append({**theme, "name": name, "countries": len(met), "of_its_categories": len(others)})
            path = f"theme/{theme['theme_id']}.html"
            yield self._page("theme", path, name, theme=theme, rows=sorted(rows, key=lambda row: row["name"]))
        card = [
            {"code": code, "name": name, "marks": [_measured(theme["coverage"], code) for theme in listed]}
            for code, name in sorted(names.items(), key=lambda item: item[1])
        ]
        yield self._page("themes", "themes.html", self._("Commitments"), themes=listed, card=card)

    def _quality(self) -> Iterator[Page]:
        rows, names = [], names_of_codes(self.content)
        for name, rules in self.content.quality.items():
            source = self.content.sources[name]
            outcomes = [row["outcome"] for row in rules]
            numbers = {
                "passed": outcomes.count("passed"),
                "warned": outcomes.count("warned"),
                "failed": outcomes.count("failed") + outcomes.count("errored"),
            }
            rows.append({"source": name, "title": source["title"], **numbers})
            link = str(source["url"]).startswith(_WEB)
            path = f"quality/{name}.html"
            named_rules = [row | {"detail": name_places(row["detail"] or "", names)} for row in rules]
            yield self._page("source", path, source["title"], source=source, rules=named_rules, link=link)
        yield self._page("quality", "quality.html", self._("Quality"), rows=rows)

    def _ask(self) -> Page:
        example = next((code for code, own in self.content.figures.items() if own), "MX")
        values: dict[str, Any] = {"queries": self.queries, "megabytes": self.megabytes, "example": example}
        return self._page("ask", "ask.html", self._("Query the release"), **values)

    def _search_index(self, columns: dict[str, str]) -> str:
        codes = {iccs for own in self.content.figures.values() for iccs in own}
        defined = {iccs: _definition(iccs, _DEFINITION_LANGUAGES[self.language]) for iccs in codes}
        pages = {
            self._("Categories"): "categories.html",
            self._("Compare countries"): "compare.html",
            self._("Commitments"): "themes.html",
            self._("Evidence on programmes"): "evidence.html",
            self._("Quality"): "quality.html",
            self._("Methods"): "methods.html",
            self._("Releases"): "releases.html",
        } | {self._label(theme, "theme"): f"theme/{theme['theme_id']}.html" for theme in self.content.themes}
        inclusions = {iccs: found.inclusions for iccs, found in defined.items() if found is not None}
        return write_index(self.content, self.language, inclusions, pages, columns)

    def _methods(self) -> Page:
        sources = self.content.sources
        return self._page(
            "methods",
            "methods.html",
            self._("Methods"),
            sources=[row for name, row in sources.items() if name not in self.content.withheld],
            withheld=[sources[name] for name in self.content.withheld],
        )


def country_files(code: str) -> list[str]:
    """Return the names of the files with all figures of a country."""
    return [f"{code}.parquet", f"{code}.xlsx"] if _has_workbooks() else [f"{code}.parquet"]


@cache
def _has_workbooks() -> bool:
    from importlib.util import find_spec

    return find_spec("xlsxwriter") is not None


@cache
def _code_label(codelist: str, code: str | None, language: str) -> str:
    codes = {entry.code for entry in load_codelist(codelist)}
    return label_of(codelist, code, language) if code in codes and code is not None else str(code or "")


@cache
def _definition(iccs: str, language: str) -> Any:
    try:
        return load_classification().get(iccs).definition("es" if language == "es" else "en")
    except UnknownCode:  # a combination of Eurostat's, outside the tree: it has a title only
        return None


def _series(row: dict[str, Any]) -> tuple[str, str, str]:
    """Source, stage and counting unit of a figure; a region may prefer another series than its country."""
    return row["source"], row["stage"], row["counting_unit"]


def _latest(rows: Rows) -> dict[str, Any] | None:
    return next((row for row in reversed(rows) if row["value"] is not None), None)


def _mark(row: dict[str, Any]) -> str:
    return "R" if row["rate_per_100k"] is not None else "C" if row["value"] is not None else "×"


def _measured(coverage: Rows, country: str) -> str:
    """What figures a country has for one commitment: totals, and their breakdowns; blank if none.

    They are in brackets if they are of its categories but lack the attribute that the commitment is about.
    """
    own = [row for row in coverage if row["country"] == country]
    met = [row for row in own if row["conditions_met"]]
    letters = {"by_sex": "S", "by_age": "A", "by_region": "R"}
    divided = "".join(letter for by, letter in letters.items() if any(row[by] for row in met or own))
    return f"T{divided}" if met else f"(T{divided})" if own else ""


def _query(row: dict[str, Any]) -> str:
    """The query that gives the figures of a page."""
    series = f"ref_area = '{row['ref_area']}' AND iccs = '{row['iccs']}'"
    if row["is_preferred"]:
        return f"FROM out.headline WHERE {series} ORDER BY time_period;"
    series += "".join(f" AND {name} = '{row[name]}'" for name in ("source", "stage", "counting_unit"))
    return f"FROM out.figure WHERE {series} AND sex = '_T' AND age = '_T' ORDER BY time_period;"


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


__all__ = ["LANGUAGES", "LANGUAGE_NAMES", "Pages", "country_files", "environment"]
