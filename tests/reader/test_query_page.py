"""The page that answers SQL in the browser: the figures of the published file, and only those that may be on it."""

from __future__ import annotations

import json
import math
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browser import BROWSER, Tab, open_browser

from pipelines.publish.published_schema import create_tables
from pipelines.reader.site.build import MARK
from pipelines.reader.site.content import read_content
from pipelines.reader.site.engine import read_engine
from pipelines.reader.site.pages.pages import Pages
from pipelines.reader.site.query_file import PUBLIC_TABLES, ReadyQuery, load_queries, write_query_file
from pipelines.reader.site.serve import site_server
from schemas.errors import UsageError

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "pipelines" / "reader" / "site" / "templates"
Whole = tuple[Path, tuple[ReadyQuery, ...]]
ENGINE = Path(os.environ.get("QUERY_PAGE_PACKAGES", "")) if os.environ.get("QUERY_PAGE_PACKAGES") else None


def test_the_page_has_the_questions_of_the_documentation() -> None:
    copy = TEMPLATES / "queries.md"
    assert copy.read_text(encoding="utf-8") == (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
    assert len(load_queries()) >= 38


@pytest.fixture(scope="module")
def whole(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    path = tmp_path_factory.mktemp("query") / "release.duckdb"
    answered = write_query_file(published, (), path)
    assert [query.title for query in answered] == [query.title for query in load_queries()]
    return path, answered


def _release(path: Path) -> Path:
    """A release: figures of ``xx_open`` have the population of ``xx_people`` in A, and another one in B."""
    with duckdb.connect(str(path)) as connection:
        create_tables(connection)
        described = connection.execute("DESCRIBE out.rate").fetchall()
        for source, area, people in (
            ("xx_open", "A", "xx_people"),
            ("xx_open", "B", "xx_other"),
            ("xx_closed", "A", "xx_other"),
        ):
            given = {"source": source, "ref_area": area, "population_source": people, "time_period": "2024"}
            row = [given.get(name, 5 if kind == "DOUBLE" else None) for name, kind, *_ in described]
            connection.execute(f"INSERT INTO out.rate VALUES ({', '.join('?' * len(row))})", row)
            for table in ("trend", "change", "indicator", "observation"):
                connection.execute(f"INSERT INTO out.{table} (source, ref_area) VALUES (?, ?)", [source, area])
        connection.execute("INSERT INTO out.release (release, published_at) VALUES ('r', '2026-01-02')")
    return path


def test_a_source_that_may_not_be_shown_and_rates_of_its_population_are_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shown.duckdb"
    write_query_file(_release(tmp_path / "release.duckdb"), ("xx_closed", "xx_people"), path)
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in PUBLIC_TABLES:
            columns = {row[0] for row in connection.execute(f"DESCRIBE out.{table}").fetchall()}
            if "source" in columns:
                found = connection.execute(
                    f"SELECT count(*) FROM out.{table} WHERE source IN ('xx_closed', 'xx_people')"
                )
                assert found.fetchall() == [(0,)], table
        names = {row[0]: row[1] for row in connection.execute("DESCRIBE out.rate").fetchall()}
        rates = [name for name in names if name.startswith(("ci_", "usual_", "rate_", "population"))]
        assert len(rates) >= 8
        for name in rates:
            areas = connection.execute(f"SELECT ref_area FROM out.rate WHERE {name} IS NOT NULL").fetchall()
            assert areas in ([("B",)], []), name
        assert connection.execute("SELECT value FROM out.rate").fetchall() == [(5.0,), (5.0,)]  # counts stay
        for table in ("trend", "change", "indicator"):
            assert connection.execute(f"SELECT ref_area FROM out.{table}").fetchall() == [("B",)], table


def test_an_engine_that_is_missing_or_another_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="npm pack @duckdb/duckdb-wasm"):
        read_engine(tmp_path)
    (tmp_path / "duckdb-duckdb-wasm-1.32.0.tgz").write_bytes(b"another")
    with pytest.raises(UsageError, match="is not the expected file"):
        read_engine(tmp_path)


@pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed, so nothing is drawn in one")
def test_the_picture_of_an_answer_joins_years_that_follow_and_nothing_else(tmp_path: Path) -> None:
    """Two series, one with a year without figure and one with a missing year; then rows without periods."""
    page = tmp_path / "page.html"
    script = (TEMPLATES / "picture.js").as_uri()
    page.write_text(f'<!doctype html><title>t</title><body><script src="{script}"></script>', encoding="utf-8")
    years = [["2019", "MX", "0101", "5"], ["2020", "MX", "0101", None], ["2021", "MX", "0101", "7"]]
    years += [["2018", "AR", "0101", "1"], ["2019", "AR", "0101", "2"], ["2021", "AR", "0101", "30"]]
    twice = [["2019", "MX", "0101", "5"], ["2020", "MX", "0101", "6"], ["2020", "MX", "0101", "9"]]
    flat = [["<b>Chile</b>", "-2"], ["Peru", "4"], ["Brazil", None]]
    texts = {"text": "{n} figures, from {low} to {high}.", "part": "{m} of {n} series", "rows": "{m} of {n} rows"}

    def drawn(names: list[str], rows: list[list[str | None]]) -> Any:
        found = json.dumps({"names": names, "rows": rows})
        return tab.run(f"""(() => {{
            const [name] = iccsPicture.columns({found});
            if (!name) return null;
            const {{ svg, text }} = iccsPicture.draw({found}, name, {json.dumps(texts)});
            document.body.append(svg);
            const count = (selector) => svg.querySelectorAll(selector).length;
            const words = [...svg.querySelectorAll("text")].map((one) => one.textContent);
            return [name, text, count("path[d*=L]"), count("circle, rect ~ path[d*=z]"), words];
        }})()""")

    with open_browser(tmp_path) as tab:
        tab.open(page.as_uri())
        columns = ["time_period", "ref_area", "iccs", "rate_per_100k"]
        name, text, joined, points, _ = drawn(columns, years)
        assert (name, text) == ("rate_per_100k", "5 figures, from 1 to 30.")
        assert (joined, points) == (1, 5 + 2)  # 2018 and 2019 of AR alone follow one another; two are in the legend
        assert drawn(columns, twice)[2:4] == [0, 3]  # two figures of one year are no line
        broken = [
            [str(year), "1", "true" if year != 2012 else "false", "2015" if year > 2014 else None]
            for year in range(2010, 2018)
        ]
        # 2010-2011, 2013-2014, 2015-2016, 2016-2017: not to 2012, which is not compared, nor across the break.
        assert drawn(["time_period", "value", "is_compared", "break_before"], broken)[2] == 4
        name, text, _, bars, words = drawn(["area", "apc"], flat)
        assert (name, text, bars) == ("apc", "2 figures, from -2 to 4.", 2)
        assert "<b>Chile</b>" in words  # a label is text
        many = [[str(2000 + year), f"A{area}", "0101", "1"] for area in range(14) for year in range(2)]
        assert drawn(columns, many)[1].endswith("12 of 14 series")
        assert drawn(["iccs", "category"], [["0101", "homicide"]]) is None


@pytest.fixture(scope="module")
def tab(whole: Whole, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if ENGINE is None or BROWSER is None:
        pytest.skip("needs chromium, and QUERY_PAGE_PACKAGES with the folder of the packages of the engine")
    folder = tmp_path_factory.mktemp("site")
    for part in ("engine", "data", "en"):
        (folder / part).mkdir()
    for name, data in read_engine(ENGINE).items():
        (folder / "engine" / name).write_bytes(data)
    for name in ("ask.js", "picture.js", "style.css"):
        shutil.copy(TEMPLATES / name, folder)
    path, queries = whole
    shutil.copy(path, folder / "data" / "release.duckdb")
    with duckdb.connect(str(published), read_only=True) as connection:
        pages = Pages(read_content(connection), "en", queries, 60)
    page = next(text for name, text in pages.every() if name == "ask.html")
    (folder / "en" / "ask.html").write_text(page, encoding="utf-8")
    (folder / MARK).touch()
    with site_server(folder, 0) as server, open_browser(tmp_path_factory.mktemp("browser")) as tab:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab.open(f"http://127.0.0.1:{server.server_address[1]}/en/ask.html")
        assert "60 MB" in tab.run("document.getElementById('load').textContent")
        tab.run("document.getElementById('load').click()")
        tab.wait("!document.getElementById('questions').hidden", 120)
        yield tab
        server.shutdown()


def _alike(one: str | None, other: str | None) -> bool:
    """Equal texts, or numbers that differ by the order in which they were added."""
    if one == other:
        return True
    try:
        return math.isclose(float(one or "x"), float(other or "x"), rel_tol=1e-9)
    except ValueError:
        return False


def _sorted(rows: list[list[Any]]) -> list[list[Any]]:
    return sorted(rows, key=lambda row: [str(value)[:9] for value in row])


def test_every_button_gives_the_figures_of_the_published_file(tab: Tab, whole: Whole, published: Path) -> None:
    wrong: dict[str, Any] = {}
    with duckdb.connect(str(published), read_only=True) as connection:
        for place, query in enumerate(whole[1]):
            tab.run(f"window.iccsResult = null; document.querySelectorAll('#ready button')[{place}].click()")
            tab.wait("window.iccsResult !== null", 120)
            found = tab.run("window.iccsResult")
            text = query.sql.strip().rstrip(";")
            expected = connection.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({text}\n)").fetchall()
            if "error" in found or len(found["rows"]) != len(expected) or not expected:
                wrong[query.title] = found.get("error", f"{len(found.get('rows', []))} rows, {len(expected)} expected")
                continue
            pairs = zip(_sorted(found["rows"]), _sorted([list(row) for row in expected]), strict=True)
            different = [(one, other) for one, other in pairs if not all(map(_alike, one, other))]
            if different:
                wrong[query.title] = different[:3]
    assert wrong == {}


def test_own_sql_an_error_and_the_csv(tab: Tab) -> None:
    def ask(sql: str) -> Any:
        tab.run(f"window.iccsResult = null; document.getElementById('sql').value = {sql!r}")
        tab.run("document.querySelector('#form button').click()")
        tab.wait("window.iccsResult !== null", 60)
        return tab.run("window.iccsResult")

    assert ask("SELECT 1 AS a, NULL AS b, '<b>x,y</b>' AS c;")["rows"] == [["1", None, "<b>x,y</b>"]]
    assert tab.run("document.querySelector('#result b')") is None  # a label is text
    assert tab.run("document.getElementById('drawn').hidden") is False  # of the column a
    tab.run("document.getElementById('column').focus()")
    assert tab.run("document.activeElement.id") == "column"
    assert "1 figures" in tab.run("document.querySelector('#picture svg').getAttribute('aria-label')")
    assert tab.run("fetch(document.getElementById('csv').href).then((got) => got.text()).catch(String)") is not None
    assert "nothere" in ask("FROM nothere")["error"]
    assert "error" in ask("DELETE FROM out.rate")
    assert "error" in ask("FROM 'https://example.org/x.parquet'")
