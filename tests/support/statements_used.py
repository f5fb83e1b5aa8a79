"""Runs small sources of every kind and asks every question, to see each packaged statement as it is really filled."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tiny_source import Tiny

import iccs
from pipelines.cli.main import main
from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.publish.backcasts import carry_back
from pipelines.publish.published_schema import fill_published, load_published
from pipelines.publish.releases import kept_releases
from pipelines.reader.plots.comparison import plot_pyramid
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.placebos import areas_like
from pipelines.reader.series.rates import country_rates
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.share.difference import compare_packages
from pipelines.share.leave import Form, make_package
from pipelines.share.printed_tables import write_printed_tables
from pipelines.share.questionnaires import write_questionnaires
from pipelines.share.serve.service import Service
from pipelines.share.serve.shelf import Shelf
from pipelines.source_steps import check_source
from pipelines.system.connection import connect, insert_rows
from pipelines.system.errors import DataRefused
from pipelines.system.functions import shared_functions
from pipelines.system.settings import Settings
from pipelines.system.sql import record_statements
from pipelines.tabulate.structure_suite import without_suite, write_frames
from schemas.declarations import create_table_sql, load_tables
from schemas.definition.backcast import Backcast
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
    "extracts/us_bjs_ncvs",
)
CONCORDANCE = Path(iccs.__file__).parent / "concordances" / "ar_snic.csv"
QUESTIONS = (
    "trend 0101 --area MX",
    "trend 0101 --area MX-AGU --sex F --by sex --plot {place}/sex.png",
    "trend 0101 --area MX-AGU --monthly",
    "latest 0101 --area MX-AGU",
    "funnel 0101 --area AR",
    "map 0101 --area MX --plot {place}/map.png",
    "areas",
    "compare 0101 --areas MX AR",
    "evaluate 0101 --area MX-AGU --date 2023-06",
    "query SELECT",
    "quality",
    "evidence",
    "quality ar_snic",
    "quality --rejected",
    "releases list",
    "concordance coverage",
    f"concordance diff {CONCORDANCE} {CONCORDANCE}",
    "sources list",
    "site build -o {place}/site",
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
        _repeat_rows(place / "repeats")
        _read_running_sums(place / "running_sums")
        _read_unclear_counts(place / "unclear_counts")
        _read_alike(place / "alike")
        _publish_estimates(place / "estimates")
        _estimate_records(place / "records")
        _carry_back_populations()
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
    with without_suite():
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
    months = range(2023 * 12, 2024 * 12)
    series = {"source": "mx_sesnsp_victims", "stage": "recorded", "counting_unit": "victim"}
    found = areas_like(SeriesQuery("0101", "MX-AGU", freq="M", **series), months, settings)
    assert "MX-AGU" in found.areas and found.counts.shape == (len(found.areas), 12)


def _share(place: Path, source: Path) -> None:
    """A package of incidents, none of which is shared out among several categories."""
    shutil.copytree(source, place / "shared" / source.name)
    with (place / "shared" / source.name / "source.yml").open("a", encoding="utf-8") as handle:
        handle.write("sharing: {level: public}\n")
    header = ["folio", "day", "place", "offence", "sex", "age", "name"]
    rows = [[f"F{n}", "2021-01-03", "MX-JAL", "H1", ("man", "woman")[n < 12], "30", f"Person {n}"] for n in range(40)]
    rows.append(["F40", "2021-01-03", "MX-AGU", "H1", "woman", "30", "Person 40"])
    _write(place / "to_share" / "2021.csv", [header, *rows])
    settings = Settings(data=place / "shared_data")
    folders = list_sources(place / "shared")
    with without_suite():
        run_all(list(folders.values()), Session(settings, place / "to_share", source_folders=place / "shared"))
    package = make_package(folders, "public", "a reader", settings, place / "package").package
    compare_packages(package, package, settings)
    service = Service(Shelf(place / "package", "NSO"))
    for query in ("firstNObservations=1&limit=5", "lastNObservations=1", "measures=none&attributes=none"):
        assert service.answer("/v2/data/dataflow/NSO/DF_ICCS/1.0", query, {}).status == 200
    assert service.answer("/v2/data/dataflow/NSO/DF_ICCS/1.0", "updatedAfter=2999-01-01", {}).status == 204
    forms = (
        Form("questionnaires", lambda connection, to, _: write_questionnaires(connection, to)),
        Form("tables", lambda connection, to, _: write_printed_tables(connection, to)),
    )
    for form in forms:
        make_package(folders, "public", "", settings, place / form.name, form=form)


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
        with without_suite():
            folder = list_sources(sources)["xx_test_incidents"]
            run_all([folder], Session(settings, place / "areas", source_folders=sources))
    _share(place, sources / "xx_test_incidents")
    points = [["day", "lon", "lat", "offence"], *(["2021-02-03", "-103.5", "20.5", "H1"] for _ in range(9))]
    _write(place / "points" / "2021.csv", points)
    with without_suite():
        folder = list_sources(sources)["xx_test_points"]
        run_all([folder], Session(settings, place / "points", source_folders=sources))


def _read_parquet(place: Path) -> None:
    tiny = Tiny(place)
    tiny.declare_plain(read=", format: parquet")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"area": ["14"], "year": [2024], "code": ["HOM"], "n": [3]}), buffer)
    tiny.give("t.csv", buffer.getvalue())
    tiny.read()


def _repeat_rows(place: Path) -> None:
    """Cells, rows and files that are given twice, in tables and in files of incidents."""
    header, row = "area,year,code,n\n", "14,2024,HOM,{}\n"
    _account(Tiny(place / "cells"), {"t.csv": header + row.format(3) + row.format(4)}, refused="duplicate_key")
    parts = header + "".join(row.format(number) for number in (3, 4, 5, 4))
    _account(Tiny(place / "parts"), {"t.csv": parts}, "rows: parts\n")
    _account(Tiny(place / "ids"), {"t.csv": parts}, "rows: parts\nid: [n]\n", refused="id_repeated")
    quarters = "".join(f"14,2024,{quarter},HOM,{10 + quarter}\n" for quarter in (1, 2, 3))
    _account(Tiny(place / "quarters"), {"t.csv": f"area,year,quarter,code,n\n{quarters}"}, "rows: parts\n")
    editions = "14,2024,first,HOM,10\n14,2024,revised,HOM,11\n"
    _account(Tiny(place / "editions"), {"t.csv": f"area,year,edition,code,n\n{editions}"}, "rows: parts\n")
    files = {
        f"{part}.csv": "id,when,place\n" + "".join(f"{n},2023-01-{n % 28 + 1:02d},MX-JAL\n" for n in numbers)
        for part, numbers in (("a", range(40)), ("b", range(2, 42)))
    }
    tiny = Tiny(place / "incidents")
    folder = tiny.declare(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [when, place]}\narea_scheme: code\n"
        'columns: {ref_area: place, time_period: when}\nconstants: {value: "1", national_code: HOM}\n'
        "rows: events\nid: [id]\nmeasures:\n  victims: {counting_unit: victim}\n"
    )
    for name, text in files.items():
        tiny.give(name, text)
    with _refusing("file_given_twice"), connect(tiny.settings) as connection:
        tallied = tally(folder, acquire(folder, tiny.settings, tiny.given), tiny.settings, tiny.work)
        account(folder, tallied, connection, tiny.settings, tiny.work)
    _account_for_kinds(Tiny(place / "kinds"))


def _account_for_kinds(tiny: Tiny) -> None:
    """Incidents by year of which some are unfounded, and all of January, by columns that are not read."""
    folder = tiny.declare(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [when, place]}\narea_scheme: code\n"
        "columns: {ref_area: place, year: when}\nconstants: {national_code: HOM}\n"
        "rows: events\nmeasures:\n  victims: {counting_unit: victim}\n"
    )
    tiny.give("a.csv", "when,place,status,day\n2023,MX-JAL,open,2023-01-02\n2023,MX-JAL,unfounded,2023-01-03\n")
    with connect(tiny.settings) as connection:
        tallied = tally(folder, acquire(folder, tiny.settings, tiny.given), tiny.settings, tiny.work)
        account(folder, tallied, connection, tiny.settings, tiny.work)


def _read_running_sums(place: Path) -> None:
    months = "".join(f"14,2024-{month:02d},HOM,{3 * month}\n" for month in range(1, 13))
    _account(Tiny(place), {"t.csv": f"area,year,code,n\n{months}"}, "cumulative: true\n")
    _account(Tiny(place / "years"), {"t.csv": "area,year,code,n\n14,2023-24,HOM,3\n"}, 'year_starts: "04"\n')


def _read_unclear_counts(place: Path) -> None:
    """A count that only the reshape reads."""
    _account(
        Tiny(place),
        {"t.csv": 'area,year,code,n\n14,2024,HOM,"1,23,456"\n'},
        layout="    reshape: reshape.sql\n    conserve: n\n",
        reshape="SELECT * REPLACE (replace(n, ',', '') AS n) FROM raw",
        refused="reshape_changed_sum",
    )


def _read_alike(place: Path) -> None:
    """Age bands inside others, two measures of one stage and counting unit, and labels beside codes."""
    head = (
        "layouts:\n  - files: [t.csv]\n    read: {columns: [what, n]}\narea_scheme: code\n"
        'constants: {ref_area: MX, time_period: "2024"'
    )
    for rule, declared, values, given in (
        (
            "measures_alike",
            f"{head}, national_code: HOM}}\ncolumns: {{measure: what, value: n}}\nmeasures:\n"
            "  a: {counting_unit: victim}\n  b: {counting_unit: victim}\n",
            "",
            "what,n\na,3\nb,1\n",
        ),
        (
            "band_beside_parts",
            f"{head}, national_code: HOM}}\ncolumns: {{age: what, value: n}}\nmeasures:\n"
            "  a: {counting_unit: victim}\n",
            "age,minors,Y0T17,\nage,infants,Y0,\n",
            "what,n\nminors,3\ninfants,1\n",
        ),
    ):
        tiny = Tiny(place / rule)
        folder = tiny.declare(declared, values)
        tiny.give("t.csv", given)
        with _refusing(rule):
            check_source(folder, Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    labelled = Tiny(place / "labels")
    labelled.declare(
        f"{head}, national_code: HOM}}\ncolumns: {{sex: what, value: n}}\nmeasures:\n  a: {{counting_unit: victim}}\n",
        "sex,1,M,\nsex,2,F,\n",
    )
    labelled.give("t.csv", "what,label,n\n1,Male,3\n2,Female,1\n")
    labelled.outcomes()


def _publish_estimates(place: Path) -> None:
    """Two editions of estimates with their error in two forms, and a grade."""
    tiny = Tiny(place)
    tiny.declare_plain(scheme="code", values="precision,,good,\n")
    path = tiny.sources / tiny.name / "source.yml"
    text = path.read_text(encoding="utf-8").replace(
        "value: n}", "value: n, half_width: h, standard_error: e, precision: g}"
    )
    kind = "{stage: experienced, counting_unit: victim, figures: estimate, universe: persons, confidence_percent: 95}"
    path.write_text(text.replace("{counting_unit: victim}", kind), encoding="utf-8")
    for edition in ("3", "3.1"):
        tiny.give("t.csv", f"area,year,code,n,h,e,g\nMX,2024,HOM,{edition},1,0.5,\n")
        with without_suite():
            folder = list_sources(tiny.sources)[tiny.name]
            assert not run_all([folder], Session(tiny.settings, tiny.given, source_folders=tiny.sources)).refused
    _ask(["estimates 0101"], place, tiny.settings)


def _estimate_records(place: Path) -> None:
    """Records of a survey with replicate weights: two half-samples of four persons."""
    tiny = Tiny(place)
    tiny.declare(
        "kind: survey\nlayouts:\n  - {files: ['t.csv'], read: {columns: [id, w, n]}}\narea_scheme: code\n"
        "columns: {value: n}\nconstants: {ref_area: MX, time_period: '2024', national_code: HOM}\npersonal: [id]\n"
        "survey: {key: id, weight: w, replicates: {weights: 'r*', number: 2, method: brr}}\nmeasures:\n"
        "  persons: {stage: experienced, counting_unit: victim, figures: estimate, universe: persons}\n"
    )
    rows = "".join(f"{n},1,1,{2 * (n % 2)},{2 - 2 * (n % 2)}\n" for n in range(20))
    tiny.give("t.csv", f"id,w,n,r1,r2\n{rows}")
    check_source(tiny.source, Session(tiny.settings, tiny.given, source_folders=tiny.sources))


def _carry_back_populations() -> None:
    """No area has a population: there is nothing that shares could be of."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA out")
        for function in shared_functions("out"):
            connection.execute(function.statement)
        for name in ("population", "area"):
            connection.execute(create_table_sql(load_tables()[name])[0])
        declared = Backcast(first_year=2000, country_population="xx_all", shares_of=(2010,))
        with _refusing("backcast_possible"):
            carry_back(connection, {"xx_parts": declared}, {"xx_parts": 1})
        row = {"source": "xx_parts", "area_level": "admin1", "time_period": "2010", "sex": "_T", "age": "_T"}
        areas = (("MX", "country", None), ("MX-JAL", "admin1", "MX"))
        insert_rows(
            connection, "out.area", [dict(zip(("code", "area_level", "parent"), one, strict=True)) for one in areas]
        )
        insert_rows(
            connection, "out.population", [{**row, "ref_area": area, "population": 9.0} for area in ("MX", "MX-JAL")]
        )
        carry_back(connection, {"xx_parts": declared}, {"xx_parts": 1})


def _account(tiny: Tiny, files: dict[str, str], more: str = "", *, refused: str | None = None, **parts: str) -> None:
    """Take a table up to the account of its rows; ``refused`` is the rule that must refuse it."""
    tiny.declare_plain(more, **parts)
    for name, text in files.items():
        tiny.give(name, text)
    with _refusing(refused):
        tiny.outcomes()


@contextlib.contextmanager
def _refusing(rule: str | None) -> Iterator[None]:
    found: set[str] = set()
    try:
        yield
    except DataRefused as refused:
        found = {problem.rule for problem in refused.problems}
    assert rule in found or (rule is None and not found), f"{rule} expected, {found} found"


def _newest_cells(place: Path) -> Path:
    return max((place / "data" / "core" / "ar_snic").glob("*/cells.parquet"), key=lambda path: path.stat().st_mtime)


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
