"""The page that answers SQL in the browser: the figures of the published file, and only those that may be on it."""

from __future__ import annotations

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

from pipelines.reader.site.build import MARK
from pipelines.reader.site.content import read_content
from pipelines.reader.site.engine import read_engine
from pipelines.reader.site.pages import Pages
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


def test_a_source_that_may_not_be_shown_and_rates_of_its_population_are_not_in_the_file(
    published: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        (people,) = connection.execute(
            "SELECT max(population_source) FROM out.rate WHERE source = 'mx_sesnsp_victims'"
        ).fetchall()[0]
    path = tmp_path / "release.duckdb"
    write_query_file(published, ("eu_crim_off_cat", people), path)
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in PUBLIC_TABLES:
            columns = {row[0] for row in connection.execute(f"DESCRIBE out.{table}").fetchall()}
            if "source" in columns:
                found = connection.execute(
                    f"SELECT count(*) FROM out.{table} WHERE source IN ('eu_crim_off_cat', ?)", [people]
                )
                assert found.fetchall() == [(0,)], table
        rates = "SELECT count(value) > 0, count(rate_per_100k), count(population), count(ci_low) FROM out.rate "
        assert connection.execute(f"{rates} WHERE source = 'mx_sesnsp_victims'").fetchall() == [(True, 0, 0, 0)]
        for table in ("trend", "change", "indicator"):
            found = connection.execute(f"SELECT count(*) FROM out.{table} WHERE source = 'mx_sesnsp_victims'")
            assert found.fetchall() == [(0,)], table


def test_an_engine_that_is_missing_or_another_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="npm pack @duckdb/duckdb-wasm"):
        read_engine(tmp_path)
    (tmp_path / "duckdb-duckdb-wasm-1.32.0.tgz").write_bytes(b"another")
    with pytest.raises(UsageError, match="is another file than the one expected"):
        read_engine(tmp_path)


@pytest.fixture(scope="module")
def tab(whole: Whole, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if ENGINE is None or BROWSER is None:
        pytest.skip("needs chromium, and QUERY_PAGE_PACKAGES with the folder of the packages of the engine")
    folder = tmp_path_factory.mktemp("site")
    for part in ("engine", "data", "en"):
        (folder / part).mkdir()
    for name, data in read_engine(ENGINE).items():
        (folder / "engine" / name).write_bytes(data)
    for name in ("ask.js", "style.css"):
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
    assert tab.run("fetch(document.getElementById('csv').href).then((got) => got.text()).catch(String)") is not None
    assert "nothere" in ask("FROM nothere")["error"]
    assert "error" in ask("DELETE FROM out.rate")
    assert "error" in ask("FROM 'https://example.org/x.parquet'")
