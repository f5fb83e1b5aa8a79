"""The site of the bundled release: its figures, links, texts, and what never gets onto it."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import threading
import urllib.parse
import urllib.request
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browser import BROWSER, open_browser
from tiny_source import Tiny

from pipelines.publish.published_schema import create_tables
from pipelines.reader.release import packaged_rows
from pipelines.reader.site.area_map import KnownOutlines
from pipelines.reader.site.build import MARK, BuiltSite, build_site, check_site_folder
from pipelines.reader.site.chart import draw_chart, years_apart
from pipelines.reader.site.content import Content, read_content
from pipelines.reader.site.licences import may_be_published
from pipelines.reader.site.months import table_of_months, year_before
from pipelines.reader.site.pages.pages import Pages
from pipelines.reader.site.pages.renderer import Renderer
from pipelines.reader.site.serve import site_server
from pipelines.reader.site.side_by_side import draw_courses, put_side_by_side
from pipelines.reader.words import LANGUAGES, load_texts
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.connection import insert_rows
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import list_sources

TEMPLATES = Path(__file__).parents[2] / "pipelines" / "reader" / "site"


class _Links(HTMLParser):
    """Collects what a page points at, and its identifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and value]


@pytest.fixture(scope="session")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltSite:
    return build_site(Settings(data=published.parents[1]), tmp_path_factory.mktemp("site") / "site")


def test_every_text_of_a_page_is_translated() -> None:
    texts = set()
    for path in [*TEMPLATES.glob("templates/*.html"), *TEMPLATES.glob("pages/*.py")]:
        texts |= set(re.findall(r'(?:\b_|site\.text|self\.text)\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    assert len(texts) > 80
    for language in LANGUAGES[1:]:
        assert sorted(texts - set(load_texts(language))) == []
        assert sorted(set(load_texts(language)) - texts) == []  # nothing is left over either


def test_every_link_leads_to_a_file_and_only_what_needs_a_browser_is_a_script(site: BuiltSite) -> None:
    pages = sorted(site.folder.rglob("*.html"))
    assert len(pages) == site.pages
    missing = set()
    for page in pages:
        found = _Links()
        text = page.read_text(encoding="utf-8")
        found.feed(text)
        scripts = {"script"} if page.name == "search.html" or '<div class="courses">' in text else set()
        assert found.tags & {"script", "img", "iframe", "object"} == scripts
        for link in found.links:
            if not link.startswith(("http://", "https://", "#")) and not (page.parent / link).resolve().is_file():
                missing.add((page.relative_to(site.folder).as_posix(), link))
    assert missing == set()
    assert site.largest < 200_000


def test_the_figures_are_those_of_the_file(site: BuiltSite, published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        expected = connection.execute(
            "SELECT time_period, value, rate_per_100k FROM out.headline "
            "WHERE ref_area = 'MX' AND iccs = '0101' ORDER BY time_period"
        ).fetchall()
        (direction,) = connection.execute(
            "SELECT direction FROM out.trend WHERE ref_area = 'MX' AND iccs = '0101' AND sex = '_T' "
            "AND source = 'mx_sesnsp_victims'"
        ).fetchall()[0]
    with (site.folder / "data" / "MX_0101.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["time_period"], float(row["value"]), float(row["rate_per_100k"])) for row in rows] == expected
    page = (site.folder / "en" / "country" / "MX" / "0101.html").read_text(encoding="utf-8")
    for year, value, _ in expected:
        assert f'<th scope="row">{year}</th><td class="n">{value:,.0f}</td>' in page
    assert direction in page
    assert "30,566" in page  # victims of 2023, as SESNSP's file adds up (tests/golden)
    french = (site.folder / "fr" / "country" / "MX" / "0101.html").read_text(encoding="utf-8")
    assert "30\u202f566" in french
    assert "Homicide intentionnel" in french


def test_a_file_of_a_country_has_all_its_categories(site: BuiltSite) -> None:
    rows = duckdb.sql(f"SELECT count(DISTINCT iccs), count(*) FROM '{site.folder}/data/AR.parquet'").fetchall()
    single = [path for path in (site.folder / "data").glob("AR_*.csv")]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in single)
    assert rows == [(len(single), lines)]


def test_files_of_countries_can_be_read_together(site: BuiltSite) -> None:
    """Of Mexico alone no figure has a note of a break, of Argentina some: the column has one type all the same."""
    for order in (("MX", "AR"), ("AR", "MX")):
        paths = [str(site.folder / "data" / f"{code}.parquet") for code in order]
        found = duckdb.sql(f"SELECT count(DISTINCT ref_area), count(break_note) FROM read_parquet({paths})").fetchall()
        assert found[0][0] == 2
        assert found[0][1] > 0


def _content(label: str, licence: str = "CC BY 4.0") -> Content:
    figure = {
        "ref_area": "XX", "iccs": "0101", "iccs_level": 2, "time_period": "2024", "source": "xx_a", "stage": "recorded",
        "counting_unit": "victim", "value": 5.0, "obs_status": "A", "is_compared": True, "few_events": True,
        "is_preferred": True,
    }  # fmt: skip
    for name in ("area", "category", "limits", "composition", "caveats"):
        figure |= {f"{name}_{language}": label for language in LANGUAGES}
    nothing = "population population_source rate_per_100k ci_low ci_high missing_reason no_rate_reason iccs_made_from"
    for name in f"{nothing} counted_at caveats break_before break_note mapping_notes other_series".split():
        figure[name] = label if name in ("mapping_notes", "other_series") else None
    source = {name: label for name in ("title", "publisher", "citation")} | {"source": "xx_a", "licence": licence}
    from datetime import UTC, datetime

    return Content(
        {"release": "r", "published_at": datetime(2026, 1, 1, tzinfo=UTC), "observations": 1, "rates": 0, "trends": 0},
        {"xx_a": source | {"url": "javascript:alert(1)", "kind": "count"}},
        (), {"XX": {"0101": [figure]}}, {}, {}, [], {"xx_a": []}, [],
    )  # fmt: skip


def test_a_label_with_markup_is_text() -> None:
    label = '<script>alert("x")</script>'
    for language in LANGUAGES:
        for path, text in Pages(_content(label), language).every():
            assert path == "search.html" or "<script" not in text, path
            assert 'href="javascript:' not in text, path
    shown = dict(Pages(_content(label), "en").every())["country/XX/0101.html"]
    assert "&lt;script&gt;" in shown


def test_what_reorders_or_hides_letters_is_written_out() -> None:
    """A mark that turns the writing direction makes 21 of 12 on a page; nobody sees a blank of no width."""
    for path, text in Pages(_content("Rob\u202eo 12 To\u200btal"), "en").every():
        assert not {"\u202e", "\u200b"} & set(text), path
    page = dict(Pages(_content("Rob\u202eo 12 To\u200btal"), "en").every())["country/XX/0101.html"]
    assert "Rob\\u202eo 12 To\\u200btal" in page


def test_what_a_rule_found_has_names_in_place_of_codes() -> None:
    content = _content("Aland <b>")
    found = {"rule": "level_jump", "outcome": "warned", "failing": 2, "checked": 9, "reason": "why", "source": "xx_a"}
    rules = [
        found | {"detail": "XX 0101 2024: 1 in 2023; XX-Q 2024: 0; XX 2024: 7 of 1500"},
        found | {"rule": "age_parts", "outcome": "not applicable", "detail": None},
    ]
    page = dict(Pages(replace(content, quality={"xx_a": rules}), "fr").every())["quality/xx_a.html"]
    named = "Aland &lt;b&gt;"
    assert f"{named}, 0101 {named}, 2024: 1 in 2023; XX-Q 2024: 0; {named} 2024: 7 of 1500" in page
    assert page.index("Règles qui ne s’appliquent pas à cette source") < page.index("age_parts")


def test_a_figure_after_the_years_of_the_verdict_is_said_to_be_no_part_of_it() -> None:
    content = _content("Homicide")
    trend = {"first_year": 2010, "last_year": 2023, "direction": "inconclusive", "break_handling": ""}
    content.trends[("XX", "0101", "xx_a", "recorded", "victim")] = trend
    for language, words in (("en", "2024 is not part"), ("fr", "2024 n’en fait pas"), ("es", "2024 no forma parte")):
        page = dict(Pages(content, language).every())["country/XX/0101.html"]
        assert words in page
    trend["last_year"] = 2024
    assert "not part" not in dict(Pages(content, "en").every())["country/XX/0101.html"]


def test_the_card_of_commitments_says_what_can_be_measured_and_what_cannot() -> None:
    content = _content("Homicide")
    none = dict.fromkeys(("by_sex", "by_age", "by_region"), False)
    row = {"country": "XX", "source": "xx_a", "stage": "recorded", "counting_unit": "victim", "first_period": "2024"}
    row |= {"last_period": "2024", "years": 1}
    whole = [{"conditions_met": True, "by_sex": True}, {"conditions_met": False, "by_age": True}]
    coverage = {"whole": whole, "part": [{"conditions_met": False, "by_region": True}], "nothing": []}
    theme = dict.fromkeys(
        ["theme_en", "theme_fr", "theme_es", "indicator_wanted", "paragraph", "iccs_selection"], "a text"
    )
    themes = [
        theme
        | {"theme_id": name, "coverage": [row | none | one for one in rows], "attribute_filter": None, "note": None}
        for name, rows in coverage.items()
    ]
    page = dict(Pages(replace(content, themes=themes), "en").every())["themes.html"]
    assert "<td>TS</td><td>(TR)</td><td></td></tr>" in page
    assert ">countries: 1</span>" in page, "of the first"
    assert ">countries: 0; only with figures of its categories: 1</span>" in page, "of the second"
    assert ">countries: 0</span>" in page, "of the third"


def _beside(**countries: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    """Figures of 2024 of one category by country: what each differs in from the first."""
    figure = _content("Homicide").figures["XX"]["0101"][0]
    figure |= {"value": 100.0, "rate_per_100k": 5.0, "ci_low": 4.0, "ci_high": 6.0, "few_events": False}
    return {code: [figure | {"ref_area": code, "area_en": code} | about] for code, about in countries.items()}


def test_only_countries_that_count_the_same_are_put_in_an_order_and_the_others_say_why() -> None:
    by_country = _beside(
        AA={}, BB={"rate_per_100k": 9.0}, CC={"rate_per_100k": 99.0, "counting_unit": "offence"},
        DD={"rate_per_100k": 98.0, "obs_status": "P"}, EE={"rate_per_100k": 97.0, "is_compared": False},
        FF={"value": 19.0}, GG={"time_period": "2011"}, HH={"rate_per_100k": None, "no_rate_reason": "no_population"},
    )  # fmt: skip
    found = put_side_by_side(by_country, "en")  # type: ignore[arg-type]
    assert found is not None
    assert [(row["place"], row["ref_area"]) for row in found.ranked] == [(1, "BB"), (2, "AA")]
    assert {row["ref_area"]: row["why"] for row in found.unranked} == {
        "CC": ["counting unit: offence (ranked: victim)"],
        "DD": ["status P (Provisional value)"],
        "EE": ["part of it is missing or exceptional"],
        "FF": ["count below 20"],
        "HH": ["no rate: no population"],
    }
    assert found.elsewhere == {"GG": ("2011", "2011")}
    french = put_side_by_side(by_country, "fr")  # type: ignore[arg-type]
    assert french is not None
    assert french.unranked[0]["why"] == ["unité de compte : Infraction (classés : Victime)"]


def test_a_page_of_countries_side_by_side_has_no_order_of_one_and_none_of_two_unlike() -> None:
    content = _content("Homicide")
    figures = {code: {"0101": rows} for code, rows in _beside(AA={}, BB={"counting_unit": "offence"}).items()}
    pages = dict(Pages(replace(content, figures=figures), "en").every())  # type: ignore[arg-type]
    page = pages["compare/0101.html"]
    assert "so there is no ranking" in page
    assert "<circle" not in page
    assert "compare/0101.html" not in dict(Pages(content, "en").every())  # one country is compared with nobody


def test_limits_are_told_of_only_where_there_are_some() -> None:
    content = _content("Homicide")
    for limits, told in ((4.0, True), (None, False)):
        both = _beside(AA={"ci_low": limits, "ci_high": limits}, BB={"ci_low": limits, "ci_high": limits})
        figures = {code: {"0101": rows} for code, rows in both.items()}
        pages = dict(Pages(replace(content, figures=figures), "en").every())  # type: ignore[arg-type]
        assert ("Lines: 95 % limits" in pages["compare/0101.html"]) == told


def test_a_year_of_which_the_source_has_nothing_is_named_below_the_picture_that_has_a_cross() -> None:
    content = _content("Homicide")
    figure = content.figures["XX"]["0101"][0]
    years = ("2018", "2020", "2021", "2024")
    rows = [figure | {"time_period": year} | ({"value": None} if year == "2020" else {}) for year in years]
    page = dict(Pages(replace(content, figures={"XX": {"0101": rows}}), "en").every())["country/XX/0101.html"]
    assert page.count('class="gap"') == 4
    assert "no figure that may be shown: no figure (2019-2020, 2022-2023)" in page


def test_each_small_picture_of_a_country_says_its_last_rate_that_is_compared() -> None:
    figure = _beside(AA={})["AA"][0] | {"break_before": None, "is_compared": True}
    years = [
        figure | {"time_period": "2022", "rate_per_100k": 19.83},
        figure | {"time_period": "2023", "rate_per_100k": 0.13, "is_compared": False},
    ]
    (reported,) = draw_courses({"AA": years}, {"AA": "Aland"}, "fr")
    assert ">2022 : 19,83</text>" in reported
    (nothing,) = draw_courses({"AA": years[1:]}, {"AA": "Aland"}, "fr")
    assert "0,13</text>" not in nothing


@pytest.mark.slow
def test_a_country_whose_preferred_source_may_not_be_shown_has_the_next_one(tmp_path: Path) -> None:
    folders = []
    for name, licence, count in (("xx_a", "not open", 10), ("xx_b", "CC BY 4.0", 12)):
        tiny = Tiny(tmp_path, name)
        tiny.declare_plain(layout=f"    # {name}\n")
        declared = tiny.sources / name / "source.yml"
        text = declared.read_text(encoding="utf-8").replace("name: invented figures", f"name: {licence}")
        declared.write_text(text.replace("*.csv", f"{name}.csv"), encoding="utf-8")
        tiny.give(f"{name}.csv", "area,year,code,n\n" + "".join(f"{area},2020,HOM,{count}\n" for area in range(1, 33)))
        folders.append(tiny.source)
    result = run_all(folders, Session(tiny.settings, tiny.given), named=True)
    assert result.refused == ()
    with duckdb.connect(str(result.published), read_only=True) as connection:
        preferred = connection.execute(
            "SELECT source, value FROM out.headline WHERE ref_area = 'MX-AGU' AND iccs = '0101'"
        )
        assert preferred.fetchall() == [("xx_a", 10.0)]
        content = read_content(connection)
    assert content.withheld == ("xx_a",)
    (row,) = content.figures["MX"]["0101"]
    assert (row["source"], row["value"], row["is_preferred"]) == ("xx_b", 32 * 12.0, False)
    assert {one["value"] for one in content.regions["MX", "0101"]} == {12.0}
    page = dict(Pages(content, "en").every())["country/MX/0101.html"]
    assert "source = &#39;xx_b&#39;" in page


SURVEY = """\
layouts:
  - files: ['survey.csv']
    read: {columns: [area, year, ages, n, error]}
area_scheme: code
constants: {national_code: HOM}
columns: {ref_area: area, time_period: year, age: ages, value: n, standard_error: error}
measures:
  persons: {stage: experienced, counting_unit: victim, figures: estimate, universe: persons}
"""


@pytest.mark.slow
def test_estimates_stand_apart_from_counts_with_their_limits_and_population(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last figure of everybody asked: 500 +- 1.96 x 30; not the year before, and not the young alone."""
    survey, police = Tiny(tmp_path, "xx_survey"), Tiny(tmp_path, "xx_police")
    survey.declare(SURVEY, values="age,15 +,Y_GE15,\nage,15-29,Y15T29,\n")
    survey.give(
        "survey.csv",
        "area,year,ages,n,error\nMX,2020,15 +,400,20\nMX,2021,15 +,500,30\nMX,2021,15-29,100,9\nAR,2021,15 +,70,5\n",
    )
    police.declare_plain(scheme="code")
    for tiny, name in ((survey, "survey.csv"), (police, "police.csv")):
        declared = tiny.sources / tiny.name / "source.yml"
        text = declared.read_text(encoding="utf-8").replace("name: invented figures", "name: CC BY 4.0")
        declared.write_text(text.replace("*.csv", name), encoding="utf-8")
    police.give("police.csv", "area,year,code,n\nMX,2021,HOM,150\n")
    folders = list(list_sources(survey.sources).values())
    result = run_all(folders, Session(survey.settings, survey.given, source_folders=survey.sources))
    assert result.refused == ()
    with duckdb.connect(str(result.published), read_only=True) as connection:
        pages = dict(Pages(read_content(connection), "en").every())
        for path in ("country/MX.html", "country/MX/0101.html"):
            table = pages[path].partition("Survey estimates, and shares as published</h2>")[2].partition("</table>")[0]
            assert "Persons, 15 years and over" in table
            assert "2020–2021" in table
            assert ">500</td>" in table and ">441.2–558.8 (95 %)</td>" in table
            assert table.count("<tr>") == 2
        alone = pages["country/AR.html"]  # a country without counts
        assert ">70</td>" in alone and "Latest figures" not in alone and "Years with figures" not in alone
        assert alone.count("quality/xx_survey.html") == pages["country/MX.html"].count("quality/xx_survey.html") == 1
        listed = pages["index.html"].partition('country/AR.html">Argentina</a>')[2].partition("</li>")[0]
        assert "only estimates and shares" in listed
        assert '"country/AR.html"' in pages["search-index.js"]
        monkeypatch.setattr("pipelines.reader.site.content.find_withheld", lambda _: ("xx_survey",))
        content = read_content(connection)
        hidden = dict(Pages(content, "es").every())
    assert "Encuestas" not in hidden["country/MX/0101.html"] and "xx_survey" not in hidden["country/MX/0101.html"]
    # A share of 0.0054 % is not 0, and 5.0456 % not 5; an amount is whole.
    spanish = Renderer(content, "es", KnownOutlines(), can_be_asked=False)
    shown = {number: spanish.estimate(number) for number in (0.005415, 5.0456, 23.27, 70731.3, 0.0)}
    assert list(shown.values()) == ["0,0054", "5,05", "23,3", "70.731", "0"]


def _months(**about: dict[str, object]) -> list[dict[str, object]]:
    """Counts of 2023 and 2024 by month, and how some months differ from the plain ones (``m2024_12``)."""
    plain: dict[str, object] = dict.fromkeys(("caveats", "count_expected", "count_upper", "is_alert"))
    plain |= dict.fromkeys(("missing_reason", "nowcast", "nowcast_low", "nowcast_high"))
    plain |= {"iccs": "0101", "source": "xx_a", "stage": "recorded", "counting_unit": "victim", "is_compared": True}
    rows = []
    for step in range(12 * 2023, 12 * 2025):
        period = f"{step // 12}-{step % 12 + 1:02d}"
        own = {"time_period": period, "step": step, "value": 100.0 + step % 12, "starts_anew": False}
        rows.append(plain | own | about.get(f"m{period.replace('-', '_')}", {}))
    return rows


def test_the_latest_months_of_a_country_say_what_they_are_compared_with() -> None:
    tested = {"count_expected": 90.2, "count_upper": 99.9}
    rows = _months(
        m2024_09={"value": None}, m2024_10=tested, m2024_11=tested | {"is_alert": True},
        m2024_12={"nowcast": 130.0, "nowcast_low": 120.0, "nowcast_high": 140.4},
    )  # fmt: skip
    region = rows[-2] | {f"{name}_{one}": name for name in ("area", "category") for one in LANGUAGES}
    about: dict[str, Any] = {"months": {("XX", "0101"): rows}, "alerts": {"XX": [region]}}
    content = replace(_content("Homicide"), **about)
    pages = dict(Pages(content, "en").every())
    alert = "2024-11: 110, where 90 were expected and 99 is the limit: more than the past explains."
    fills = "2024-12 is still filling up: it is expected to reach 130 (120 to 140)."
    for path in ("country/XX.html", "country/XX/0101.html"):
        assert alert in pages[path], path
        assert fills in pages[path], path
        assert pages[path].count('class="alert"') == 1
    listed = (
        "area, 0101 category (Victim, recorded by the police or prosecutor), 2024-11: 110 (expected: 90.2; limit: 99.9)"
    )
    assert listed in pages["country/XX.html"]
    assert "2024-11 : 110, pour 90 attendus" in dict(Pages(content, "fr").every())["country/XX/0101.html"]
    picture = pages["country/XX/0101.html"].partition("months-title")[2]
    assert picture.count('class="gap"') == 1
    assert picture.count('class="line"') == 2  # before and after the month without a figure
    plain = replace(content, months={("XX", "0101"): _months()})  # type: ignore[dict-item]
    assert "Not tested: too few months" in dict(Pages(plain, "en").every())["country/XX.html"]
    assert "Latest months" not in dict(Pages(_content("Homicide"), "en").every())["country/XX.html"]


def test_a_month_is_beside_that_of_a_year_before_only_where_they_may_be_compared() -> None:
    before = {
        "plain": _months(),
        "break between": _months(m2024_03={"starts_anew": True}),
        "break before both": _months(m2023_12={"starts_anew": True}),
        "not compared": _months(m2023_12={"is_compared": False}),
        "no figure": _months(m2023_12={"value": None}),
    }
    found = {name: year_before(rows, rows[-1]) for name, rows in before.items()}
    assert found == {
        "plain": 111.0, "break between": None, "break before both": 111.0, "not compared": None, "no figure": None
    }  # fmt: skip


def test_the_table_of_months_has_two_years_with_remarks_and_caveats_in_words() -> None:
    """Of 36 months the last 24, the last first; a caveat of all of them is said once, others beside their month."""
    rows = _months(
        m2024_10={"value": None, "missing_reason": "not_reported"},
        m2024_11={"count_expected": 90.2, "count_upper": 99.9, "is_alert": True},
        m2024_12={"nowcast": 130.0, "nowcast_low": 120.0, "nowcast_high": 140.4, "is_compared": False},
        m2024_03={"starts_anew": True},
    )
    older = [row | {"time_period": f"2022-{at + 1:02d}", "step": 12 * 2022 + at} for at, row in enumerate(rows[:12])]
    every = [row | {"caveats": "level_jump"} for row in [*older, *rows]]
    for at in (-11, -10, -4):
        every[at] |= {"caveats": "figures_revised_later;level_jump"}
    table = table_of_months(every, lambda value: f"{value:.0f}", str.upper, str.title, "en")
    assert [row["month"] for row in table.rows] == [
        f"{year}-{month:02d}" for year in (2024, 2023) for month in range(12, 0, -1)
    ]
    found = {row["month"]: row for row in table.rows}
    assert table.tested
    assert table.caveats == [
        ("", "LEVEL_JUMP", "2023-01–2024-12"),
        ("a", "FIGURES_REVISED_LATER", "2024-02–2024-03, 2024-09"),
    ]
    assert {month for month, row in found.items() if row["marks"]} == {"2024-02", "2024-03", "2024-09"}
    assert {month: row["remarks"] for month, row in found.items() if row["remarks"]} == {
        "2024-03": "break",
        "2024-10": "Not_Reported",
        "2024-11": "alert",
        "2024-12": "not compared with other months; expected once complete, 95 %: 130 (120–140)",
    }
    assert (found["2024-11"]["expected"], found["2024-11"]["limit"]) == (90, 99)
    # The same month of the year before, but across the break of March 2024.
    assert (found["2024-02"]["before"], found["2024-03"]["before"], found["2023-04"]["before"]) == (101, None, 103)


def test_months_are_of_a_source_that_may_be_shown(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        expected = connection.execute(
            "SELECT time_period, sum(value) FROM out.observation WHERE ref_area = 'MX' AND iccs = '0101' "
            "AND freq = 'M' AND sex IN ('M', 'F', '_U') AND age = '_T' AND weapon = '_T' AND time_period >= '2021' "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        rows = read_content(connection).months["MX", "0101"]
        assert [(row["time_period"], row["value"]) for row in rows] == expected
        monkeypatch.setattr("pipelines.reader.site.content.find_withheld", lambda _: ("mx_sesnsp_victims",))
        hidden = read_content(connection)
        assert (hidden.months, hidden.alerts) == ({}, {})


def _row(year: int, rate: float | None, break_before: str | None = None, is_compared: bool = True) -> dict[str, object]:
    limits = {"value": rate, "rate_per_100k": rate, "ci_low": rate, "ci_high": rate}
    return {"time_period": str(year), "break_before": break_before, "is_compared": is_compared} | limits


def test_a_gap_and_a_break_are_drawn_and_the_line_crosses_neither() -> None:
    rows = [_row(year, 1.0) for year in range(2005, 2017)]
    rows += [_row(2017, None), _row(2018, 3.0), _row(2019, 9.0, "2019")]
    svg = draw_chart(rows, "a < b", "text", "en")
    assert svg.count('class="line"') == 3  # 2005-2016, 2018, 2019
    assert svg.count('class="gap"') == 1
    assert svg.count('class="break"') == 1
    assert 'text-anchor="end">break' in svg  # at the right edge the word is left of its line
    assert "a &lt; b" in svg
    assert draw_chart([_row(2017, None)], "t", "t", "en") == ""


def test_a_figure_that_is_not_compared_is_a_ring_that_no_line_leads_to() -> None:
    rows = [_row(2015, 1.0, is_compared=False), _row(2016, 2.0, is_compared=False), _row(2017, 3.0), _row(2018, 3.0)]
    svg = draw_chart(rows, "t", "t", "en")
    assert svg.count('class="apart"') == 2
    assert svg.count('class="line"') == 3  # of 2015, of 2016, and from 2017 to 2018
    assert years_apart(rows) == [2015, 2016]


def test_rings_named_below_a_picture_are_those_that_are_drawn() -> None:
    """2015 has a count that is not compared and no rate: a picture of rates has a gap there, and no ring."""
    rows = [_row(2015, None, is_compared=False) | {"value": 7.0}, _row(2016, 2.0, is_compared=False), _row(2017, 3.0)]
    assert years_apart(rows) == [2016]
    assert draw_chart(rows, "t", "t", "en").count('class="apart"') == 1
    counts = [row | {"rate_per_100k": None, "value": 7.0} for row in rows]
    assert years_apart(counts) == [2015, 2016]
    assert draw_chart(counts, "t", "t", "en").count('class="apart"') == 2


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("CC BY 4.0", True),
        ("Open Government Licence v3.0", True),
        ("Libre Uso MX", True),
        ("Datenlizenz Deutschland Namensnennung 2.0 (dl-de/by-2-0)", True),
        ("CC BY-NC-SA 3.0 IGO; files are not bundled", False),
        ("CC BY-ND 4.0", False),
        ("unknown; files are not bundled", False),
        ("UNODC terms of use; no open licence is stated, files are not bundled", False),
        ("MIT (the repository); terms of the original unknown", False),
        ("Creative Commons Attribution-NonCommercial 4.0", False),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International", False),
        ("Creative Commons Attribution No Derivs", False),
        ("not in the public domain", False),
        ("CC BY 4.0; no redistribution of the data", False),
        ("All rights reserved (text CC BY)", False),
        ("", False),
        (None, False),
    ],
)
def test_only_what_a_licence_allows_is_published(licence: str | None, allowed: bool) -> None:
    assert may_be_published(licence) is allowed


def test_a_folder_that_is_no_site_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="contains something that is not a site"):
        check_site_folder(mine)
    with pytest.raises(UsageError, match="is not a site"):
        site_server(mine, 0)
    (tmp_path / "link").symlink_to(mine)
    with pytest.raises(UsageError, match="is a link"):
        check_site_folder(tmp_path / "link")


def test_a_build_that_fails_leaves_the_old_site(tmp_path: Path) -> None:
    old = tmp_path / "site"
    old.mkdir()
    (old / MARK).write_text("old\n", encoding="utf-8")
    with pytest.raises(UsageError, match="there is no"):
        build_site(Settings(data=tmp_path / "data"), old)
    assert (old / MARK).read_text(encoding="utf-8") == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def _index(site: BuiltSite, language: str) -> dict[str, list[list[str]]]:
    text = (site.folder / language / "search-index.js").read_text(encoding="utf-8")
    found: dict[str, list[list[str]]] = json.loads(text.removeprefix("iccsIndex = ").removesuffix(";\n"))
    return found


def test_the_index_of_the_search_has_every_page_of_figures(site: BuiltSite) -> None:
    for language in LANGUAGES:
        index, folder = _index(site, language), site.folder / language
        for entries in ("countries", "categories", "others"):
            assert all((folder / path).is_file() for _, path, _ in index[entries]), entries
        named = {
            f"{index['countries'][int(place)][1].removesuffix('.html')}/{category[1].removeprefix('category/')}"
            for category, places in zip(index["categories"], index["figures"], strict=True)
            for place in places
        }
        assert named == {path.relative_to(folder).as_posix() for path in folder.glob("country/*/*.html")}
    mexico = next(entry for entry in _index(site, "en")["countries"] if entry[1] == "country/MX.html")
    assert (mexico[0], "Jalisco" in mexico[2], "México" in mexico[2]) == ("Mexico", True, True)


KINDS = (
    "index.html", "en/index.html", "fr/categories.html", "es/category/0101.html", "fr/compare.html",
    "es/compare/0101.html", "fr/country/MX.html", "es/country/MX/0101.html", "en/dictionary.html", "fr/evidence.html",
    "es/methods.html", "en/quality.html", "en/quality/ar_snic.html", "fr/releases.html", "es/search.html",
    "en/themes.html", "fr/theme/corruption.html",
)  # fmt: skip
"""A page of each kind; that of SQL is in test_query_page.py."""


@pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed, so no page is seen in one")
def test_a_page_of_every_kind_is_no_wider_than_a_telephone_and_can_be_read_by_all(
    site: BuiltSite, tmp_path: Path
) -> None:
    """At 400 pixels; with AXE_CORE (axe.min.js of npm's axe-core) it has no violation of WCAG 2.2 AA, at 1280 too."""
    axe = os.environ.get("AXE_CORE")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    violations = "JSON.stringify(found.violations.map(one => [one.id, one.nodes.length]))"
    ask = f"axe.run(document, {{runOnly: {rules}}}).then(found => {violations})"
    wide = list[tuple[str, int]]()
    faults: dict[tuple[str, int], list[object]] = {}
    with open_browser(tmp_path) as tab:
        for page in KINDS:
            for width in (1280, 400):
                tab.open((site.folder / page).as_uri(), width=width)
                if tab.run("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    wide.append((page, width))
                if axe:
                    tab.run(f"{Path(axe).read_text(encoding='utf-8')};0")
                    faults[page, width] = json.loads(tab.run(ask))
    assert wide == []
    assert {page: found for page, found in faults.items() if found} == {}


@pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed, so nothing is searched in one")
@pytest.mark.parametrize(
    ("language", "words", "first", "title"),
    [
        ("en", "homicide mexico", "country/MX/0101.html", "0101 Intentional homicide: Mexico"),
        ("es", "homicidio mexico", "country/MX/0101.html", "0101 Homicidio intencional: México"),
        ("en", "0401", "category/0401.html", "0401 Robbery"),
        ("fr", "jalisco", "country/MX.html", "Mexique"),
        ("en", "nosuchword", None, "Nothing found; try fewer or shorter words."),
    ],
)
def test_a_browser_finds_the_page_from_words(
    site: BuiltSite, tmp_path: Path, language: str, words: str, first: str | None, title: str
) -> None:
    address = (site.folder / language / "search.html").as_uri() + "?" + urllib.parse.urlencode({"q": words})
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    page = subprocess.run([str(BROWSER), *options, address], capture_output=True, text=True, timeout=120).stdout
    found = re.findall(r'<li><a href="([^"]+)">([^<]+)</a></li>', page)
    if first is None:
        assert found == []
        assert title in page
    else:
        assert found[0] == (first, title)


@pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed, so nothing is chosen in one")
def test_a_reader_chooses_the_countries_of_one_picture(site: BuiltSite, tmp_path: Path) -> None:
    """What is drawn and said is what the data file of each country has, and the address keeps the choice."""
    address = (site.folder / "en/compare/0101.html").as_uri()
    with open_browser(tmp_path) as tab:
        tab.open(f"{address}#FI,NOSUCH,SE")
        said = "document.querySelector('#choose svg').getAttribute('aria-label')"
        wanted = {code: _rates_of(site, code) for code in ("FI", "SE", "LV")}
        ends = {code: f"{max(rates)}: {rates[max(rates)]:.2f}" for code, rates in wanted.items()}
        assert tab.run(said) == f"Finland {ends['FI']}; Sweden {ends['SE']}"
        tab.run("document.querySelector('#choose input[value=FI]').click()")
        tab.run("document.querySelector('#choose input[value=LV]').click()")
        assert tab.run(said) == f"Sweden {ends['SE']}; Latvia {ends['LV']}"
        assert tab.run("location.hash") == "#SE,LV"
        given = tab.run("document.querySelector('.courses svg[data-code=LV]').dataset.rates")
        points = dict(point.split(" ") for run in given.split(";") for point in run.split(","))
        assert {year: float(rate.rstrip("*")) for year, rate in points.items()} == pytest.approx(wanted["LV"], rel=1e-5)
        tab.run("document.querySelectorAll('#choose input:checked').forEach(one => one.click())")
        assert tab.run("document.querySelector('#choose figure').textContent") == "None is chosen."
        tab.run("document.querySelectorAll('#choose input').forEach(one => one.click())")
        assert tab.run("document.querySelectorAll('#choose input:checked').length") == 12
        assert tab.run("document.querySelectorAll('#choose input:not(:checked):not(:disabled)').length") == 0


def _rates_of(site: BuiltSite, code: str) -> dict[str, float]:
    with (site.folder / "data" / f"{code}_0101.csv").open(encoding="utf-8") as handle:
        return {
            row["time_period"]: float(row["rate_per_100k"]) for row in csv.DictReader(handle) if row["rate_per_100k"]
        }


def test_the_server_is_of_this_machine_and_runs_the_search_alone(site: BuiltSite) -> None:
    with site_server(site.folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/index.html") as answer:
            assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
            assert b"<h1>" in answer.read()
        server.shutdown()


def test_evidence_on_programmes_says_what_each_result_lacks_and_only_public_ones_are_there() -> None:
    """Two rows of a project's file: a rate ratio with limits on both sides of 1, and an effect without comparison."""
    whole = {
        "programme": "Lamps <b>", "ref_area": "MX", "started": "2019-04", "iccs": "0501", "study_design": "randomised",
        "compared_with": "lots without", "effect_measure": "rate_ratio", "effect": 0.8, "effect_low": 0.6,
        "effect_high": 1.05, "effect_confidence_percent": 95.0, "evidence_lacks": None, "cannot_tell": "long term",
        "said_by": "An office", "evaluation_reference": None, "share_level": "public",
    }  # fmt: skip
    bare: dict[str, object] = {
        **whole, "programme": "Patrols", "study_design": "before_after", "compared_with": None, "effect": -12.5,
        "effect_measure": "percent_change", "effect_low": None, "effect_high": None,
        "effect_confidence_percent": None, "evidence_lacks": "interval; comparison",
    }  # fmt: skip
    with duckdb.connect() as connection:
        create_tables(connection)
        for row in (whole, bare, {**whole, "programme": "Kept inside", "share_level": "internal"}):
            insert_rows(connection, "out.evaluation", [row])
        rows = packaged_rows(connection, "reader/site_evidence")
    content = replace(_content("Homicide"), evidence=rows)
    pages = {language: dict(Pages(content, language).every()) for language in LANGUAGES}

    page = pages["en"]["evidence.html"]
    assert "Kept inside" not in page and "Lamps &lt;b&gt;" in page
    assert "Rate ratio: 0.8" in page and "(0.6 – 1.05 (95 %))" in page
    assert page.count("The limits include no change.") == 1 and "exclude no change" not in page
    assert (
        page.index("Patrols") < page.index("an interval: the effect of chance") < page.index("a comparison: what would")
    )
    assert "-12.5" in page or "−12.5" in page
    assert "12,5" in pages["fr"]["evidence.html"] and "Falta:" in pages["es"]["evidence.html"]
    for name in ("index.html", "themes.html"):
        assert 'href="evidence.html"' in pages["en"][name]
    nothing = dict(Pages(_content("Homicide"), "en").every())["evidence.html"]
    assert "no results on programmes" in nothing
