"""What all pages of a site share: the templates, and figures, labels and sentences in one language."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from iccs.classification import Definition, UnknownCode, load_classification
from pipelines.reader.plots.style import label_of
from pipelines.reader.series.trends import trend_sentence
from pipelines.reader.site.area_map import KnownOutlines
from pipelines.reader.site.content import Content, Rows
from pipelines.reader.words import figure_in, translate
from pipelines.statistics.wording import rounded_text
from pipelines.system.printable import shown
from schemas.codelists import load_codelist

LANGUAGE_NAMES = (("en", "English"), ("fr", "Français"), ("es", "Español"))
_DEFINITION_LANGUAGES = {"en": "en", "fr": "en", "es": "es"}  # the booklet is defined in these; French has titles only
_SERIES = ("ref_area", "iccs", "source", "stage", "counting_unit")
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


class Renderer:
    """What all pages of one language share: the templates, and figures, labels and sentences in its words."""

    def __init__(self, content: Content, language: str, outlines: KnownOutlines, *, can_be_asked: bool) -> None:
        """Prepare for one language.

        Args:
            content: what the pages show.
            language: the language of the pages.
            outlines: those already made for the pages in another language.
            can_be_asked: whether there is a page of queries.
        """
        self.content = content
        self.language = language
        self.outlines = outlines
        self.can_be_asked = can_be_asked
        self.definition_language = _DEFINITION_LANGUAGES[language]
        self._templates: dict[str, Callable[..., str]] = {}

    def text(self, text: str) -> str:
        """Return a text of the site in the language of the pages."""
        return translate(text, self.language)

    def page(self, template: str, path: str, title: str, **values: Any) -> Page:
        """Return a page: its path, and its template filled with values."""
        depth = path.count("/")
        if template not in self._templates:
            self._templates[template] = environment().get_template(f"{template}.html").render
        text = self._templates[template](
            _=self.text,
            language=self.language,
            languages=LANGUAGE_NAMES,
            title=title,
            path=path,
            home="../" * depth,
            can_be_asked=self.can_be_asked,
            root="../" * (depth + 1),
            release=self.content.release,
            number=self.number,
            rate=self.rate,
            estimate=self.estimate,
            yes=lambda value: self.text("yes") if value else self.text("no"),
            **values,
        )
        return path, text

    def number(self, value: float | None) -> str:
        """Return a count as text; nothing where there is none."""
        if value is None:
            return ""
        return figure_in(f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}", self.language)

    def rate(self, value: float | None) -> str:
        """Return a rate as text, with the more decimals the smaller it is."""
        return "" if value is None else figure_in(rounded_text(value, 2 if value < 10 else 1), self.language)

    def estimate(self, value: float | None) -> str:
        """Return a survey estimate or a share as text, with the more decimals the smaller it is."""
        if value is None or float(value).is_integer() or abs(value) >= 1000:
            return self.number(None if value is None else float(round(value)))
        return figure_in(rounded_text(value, 2 if abs(value) < 10 else 1), self.language)

    def label(self, row: dict[str, Any], name: str) -> str:
        """Return a label of a row, in English where there is none in the language."""
        return str(row[f"{name}_{self.language}"] or row[f"{name}_en"] or "")

    def counted(self, row: dict[str, Any]) -> str:
        """Return what a figure counts, and at which stage."""
        return f"{self.code_label('counting_unit', row['counting_unit'])}, " + (
            self.code_label("stage", row["stage"]).lower()
        )

    def code_label(self, codelist: str, code: str | None) -> str:
        """Return the label of a code; the code itself where the list has none."""
        return _code_label(codelist, code, self.language)

    def caveats(self, row: dict[str, Any]) -> str:
        """Return the caveats of a row in words."""
        return "; ".join(self.code_label("caveat", code) for code in codes_in(row["caveats"]))

    def definition(self, iccs: str) -> Definition | None:
        """Return the definition of a category, in the language nearest to that of the pages."""
        return _definition(iccs, self.definition_language)

    def trend(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return the trend of the series of a figure."""
        return self.content.trends.get(tuple(row[name] for name in _SERIES))

    def sentence(self, row: dict[str, Any]) -> str:
        """Return the course of a series in a sentence, which says so if the figure beside it is of a later year."""
        trend = self.trend(row)
        if trend is None:
            return ""
        sentence = trend_sentence(trend, self.language)
        if int(row["time_period"]) > trend["last_year"]:
            sentence += " " + self.text("The figure for {year} is not part of it.").format(year=row["time_period"])
        return sentence

    def reason(self, row: dict[str, Any]) -> str:
        """Return why a figure or its rate is not there."""
        if row["value"] is None and row["missing_reason"]:
            return self.code_label("missing_reason", row["missing_reason"])
        if row["rate_per_100k"] is None and row["no_rate_reason"]:
            return self.code_label("no_rate_reason", row["no_rate_reason"])
        return ""


@cache
def _code_label(codelist: str, code: str | None, language: str) -> str:
    codes = {entry.code for entry in load_codelist(codelist)}
    return label_of(codelist, code, language) if code in codes and code is not None else str(code or "")


@cache
def _definition(iccs: str, language: str) -> Definition | None:
    try:
        return load_classification().get(iccs).definition("es" if language == "es" else "en")
    except UnknownCode:  # a combination of Eurostat's, outside the tree: it has a title only
        return None


def last_figure(rows: Rows) -> dict[str, Any] | None:
    """Return the last row that has a figure."""
    return next((row for row in reversed(rows) if row["value"] is not None), None)


def codes_in(caveats: str | None) -> list[str]:
    """Return the codes of caveats, which stand in one text."""
    return [code for code in (caveats or "").split(";") if code]
