"""Runs small sources of every kind and asks every question, to see each packaged statement as it is really filled."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tiny_source import Tiny

import iccs
import pipelines.run
from pipelines.cli.main import main
from pipelines.publish.published_schema import fill_published, load_published
from pipelines.publish.releases import kept_releases
from pipelines.reader.plots.comparison import plot_pyramid
from pipelines.reader.rates import country_rates
from pipelines.reader.selection import SeriesQuery
from pipelines.run import Session, run_all
from pipelines.system.settings import Settings
from pipelines.system.sql import record_statements
from pipelines.tabulate.structure_suite import write_frames
from schemas.source import find_sources, list_sources

TESTS = Path(__file__).parents[1]
TABLES = (
    "golden/mx_sesnsp_victims",
    "golden/mx_conapo_population",
    "golden/ar_snic",
    "golden/wb_population",
    "extracts/us_fbi_shr",
    "extracts/us_fbi_estimates",
    "extracts/us_fbi_rape_legacy",
    "extracts/us_fbi_population",
    "extracts/un_cts_prisons",
)
CONCORDANCE = Path(iccs.__file__).parent / "concordances" / "ar_snic.csv"
QUESTIONS = (
    "trend 0101 --area MX",
    "trend 0101 --area MX-AGU --sex F --by sex --plot {place}/sex.png",
    "trend 0101 --area MX-AGU --monthly",
    "map 0101 --area MX --plot {place}/map.png",
    "areas",
    "compare 0101 --areas MX AR",
    "evaluate 0101 --area MX-AGU --date 2023-06",
    "query SELECT",
    "quality",
    "quality ar_snic",
    "quality --rejected",
    "releases list",
    "concordance coverage",
    f"concordance diff {CONCORDANCE} {CONCORDANCE}",
    "sources list",
)


def record_all_statements(place: Path) -> dict[str, str]:
    """Return the name of every packaged statement used, and the text that it had first.

    Args:
        place: an empty folder to work in.
    """
    quiet = io.StringIO()
    with record_statements() as recorded, contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        _run_tables(place / "tables")
        _run_incidents(place / "incidents")
        _read_parquet(place / "parquet")
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE cells AS FROM read_parquet('{_newest_cells(place / 'tables')}')")
            write_frames(connection, place)
    used: dict[str, str] = {}
    for name, text in recorded:
        used.setdefault(name.removesuffix(".sql"), text)
    return used | {f"schemas/published/{one.name.replace('.', '/')}": fill_published(one) for one in load_published()}


def _run_tables(place: Path) -> None:
    """National tables and incidents as published, twice: some cells are corrected, two files are refused."""
    given = place / "given"
    given.mkdir(parents=True)
    names = []
    for folder in TABLES:
        names.append(folder.partition("/")[2])
        for file in (TESTS / folder).iterdir():
            if file.name != "expected.csv":
                shutil.copyfile(file, given / file.name)
    settings = Settings(data=place / "data")
    with _without_suite():
        assert not run_all(find_sources(names), Session(settings, given)).refused
        table = given / "snic-provincias.csv"
        text = table.read_text(encoding="utf-8")
        table.write_text(text.replace("40", "41"), encoding="utf-8")
        run_all(find_sources(["ar_snic"]), Session(settings, given))
        for right, wrong in ((",1,", ",?,"), ("\n02,", "\n??,")):  # an offence, then an area, that no list has
            table.write_text(text.replace(right, wrong), encoding="utf-8")
            assert run_all(find_sources(["ar_snic"]), Session(settings, given)).refused
    releases = " ".join(release.release for release in kept_releases(settings)[-2:])
    _ask([*QUESTIONS, f"releases diff {releases}"], place, settings)
    plot_pyramid(SeriesQuery("0101", "MX-AGU"), 2024, settings=settings)
    country_rates(SeriesQuery("0101", stage="recorded"), settings)


def _ask(questions: Sequence[str], place: Path, settings: Settings) -> None:
    for question in questions:
        words = question.format(place=place).split()
        with contextlib.suppress(SystemExit):
            main([*words, "--data", str(settings.data)])


def _run_incidents(place: Path) -> None:
    """Incidents with areas and with points; one year changes between two loads, and the other is kept."""
    sources = TESTS / "harmonise" / "incidents" / "sources"
    settings = Settings(data=place / "data")
    days = [f"{year}-{month:02d}-03" for year in (2021, 2022) for month in range(1, 13)]
    offences = ["H1", "R1", "N1", "X1", "T9"]
    rows = [[f"F{n}", days[n % 24], "MX-JAL", offences[n % 5], "man", "30", f"Person {n}"] for n in range(120)]
    rows[7][4] = "mann"  # a word that no list has
    header = ["folio", "day", "place", "offence", "sex", "age", "name"]
    for load in (rows, [*rows, ["F0000", "2022-05-04", "MX-JAL", "H1", "man", "30", "Person 0"]]):
        for year in ("2021", "2022"):
            _write(place / "areas" / f"{year}.csv", [header, *(row for row in load if row[1].startswith(year))])
        with _without_suite():
            folder = list_sources(sources)["xx_test_incidents"]
            run_all([folder], Session(settings, place / "areas", source_folders=sources))
    points = [["day", "lon", "lat", "offence"], *(["2021-02-03", "-103.5", "20.5", "H1"] for _ in range(9))]
    _write(place / "points" / "2021.csv", points)
    with _without_suite():
        folder = list_sources(sources)["xx_test_points"]
        run_all([folder], Session(settings, place / "points", source_folders=sources))


def _read_parquet(place: Path) -> None:
    tiny = Tiny(place)
    tiny.declare_plain(read=", format: parquet")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"area": ["14"], "year": [2024], "code": ["HOM"], "n": [3]}), buffer)
    tiny.give("t.csv", buffer.getvalue())
    tiny.read()


def _newest_cells(place: Path) -> Path:
    return max((place / "data" / "core" / "ar_snic").glob("*/cells.parquet"), key=lambda path: path.stat().st_mtime)


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)


@contextlib.contextmanager
def _without_suite() -> Iterator[None]:
    """Leave out the suite of Great Expectations: its library takes six seconds to import."""
    kept: Callable[..., object] = pipelines.run.SuiteProcess
    pipelines.run.SuiteProcess = contextlib.nullcontext  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        pipelines.run.SuiteProcess = kept  # type: ignore[assignment, misc]
