"""The command ``iccs``; heavy parts are imported by the command that needs them, so that help is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from pipelines.system.errors import (
    EXIT_DONE,
    EXIT_FAULT,
    EXIT_REFUSED,
    EXIT_USAGE,
    DataRefused,
    is_disk_full,
    is_out_of_memory,
)
from schemas.errors import UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 data refused, 2 usage, 3 fault."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] | None = getattr(options, "command", None)
    if command is None:
        parser.print_help()
        return EXIT_USAGE
    try:
        return command(options)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the last release is as it was\n")
        return 130
    except BrokenPipeError:  # the reader of a pipe went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    from iccs.classification import UnknownCode
    from iccs.concordance import ConcordanceError
    from schemas.declarations import DeclarationError

    if is_disk_full(error):
        sys.stderr.write(f"the disk is full, or a file grew over its limit ({str(error).splitlines()[0]})\n")
        sys.stderr.write("the last release is as it was; make room under the data folder and run again\n")
        return EXIT_FAULT
    if is_out_of_memory(error):
        sys.stderr.write(f"the memory limit is too small ({str(error).splitlines()[0]})\n")
        sys.stderr.write("the last release is as it was; raise ICCS_MEMORY_LIMIT and run again\n")
        return EXIT_FAULT
    sys.stderr.write(f"{error}\n")
    if isinstance(error, (DataRefused, ConcordanceError)):
        return EXIT_REFUSED
    if isinstance(error, (UsageError, UnknownCode, DeclarationError)):
        return EXIT_USAGE
    if os.environ.get("ICCS_TRACEBACK"):
        raise error
    sys.stderr.write(f"this is a fault of the program ({type(error).__name__}); set ICCS_TRACEBACK=1 to see where\n")
    return EXIT_FAULT


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="DIR", help="data folder (default: ICCS_DATA, else ./data)")
    common.add_argument("--json", action="store_true", help="output for machines")
    waiting = argparse.ArgumentParser(add_help=False)
    waiting.add_argument(
        "--wait", type=float, default=0, metavar="SECONDS", help="wait where another run is writing (default: 0, fail)"
    )
    parser = argparse.ArgumentParser(
        prog="iccs",
        description="National crime files to comparable trends in the International Classification of Crime (ICCS).",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    run = commands.add_parser("run", parents=[common, waiting], help="load sources and publish the DuckDB file")
    run.add_argument("sources", nargs="*", metavar="SOURCE", help="which sources (default: all that have files)")
    run.add_argument("--from", dest="directory", metavar="DIR", help="folder with the files as published")
    run.add_argument(
        "--engine", metavar="ENGINE", help="for files of incidents: duckdb, or the address of a Spark cluster"
    )
    run.add_argument(
        "--replay-quarantine", action="store_true", help="try rejected cells again, from the files as they came"
    )
    run.set_defaults(command=_run)

    trend = commands.add_parser("trend", parents=[common], help="annual rates of one ICCS category in one area")
    trend.add_argument("code", metavar="CODE", help="ICCS category, e.g. 0101")
    trend.add_argument("--area", required=True, help="area code, e.g. MX or MX-JAL")
    trend.add_argument("--by", choices=("sex", "age", "area"), help="lines or panels of the picture (with --plot)")
    trend.add_argument("--monthly", action="store_true", help="the monthly series: adjusted, trend, turning points")
    _add_series_options(trend)
    trend.set_defaults(command=_trend)

    by_area = commands.add_parser("map", parents=[common], help="rates of one year by area, on a map")
    by_area.add_argument("code", metavar="CODE", help="ICCS category, e.g. 0101")
    by_area.add_argument("--area", help="whose parts, e.g. MX (default: countries)")
    by_area.add_argument("--year", type=int, help="of the rates (default: the last of the source)")
    by_area.add_argument("--boundaries", metavar="FILE", help="outlines, GeoJSON or TopoJSON (default: bundled ones)")
    by_area.add_argument("--property", default="id", metavar="NAME", help="where FILE has our area codes (default: id)")
    _add_series_options(by_area)
    by_area.set_defaults(command=_map)

    query = commands.add_parser("query", parents=[common], help="run SQL on the published file")
    query.add_argument("sql", metavar="SQL")
    query.set_defaults(command=_query)

    sources = commands.add_parser("sources", help="list or show the declared sources").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    listing = sources.add_parser("list", parents=[common], help="a line for each source")
    listing.set_defaults(command=_sources_list)
    show = sources.add_parser("show", parents=[common], help="one source: publisher, licence, files, measures")
    show.add_argument("source", metavar="SOURCE")
    show.set_defaults(command=_sources_show)

    strategy = commands.add_parser("evaluate", parents=[common], help="what a series did when a strategy began")
    strategy.add_argument("code", metavar="CODE", help="ICCS category, e.g. 0101")
    strategy.add_argument("--area", required=True, help="area with the strategy, e.g. MX-JAL")
    strategy.add_argument("--date", required=True, help="first month (2019-03) or year (2019) with the strategy")
    strategy.add_argument("--control", metavar="B", help="area without the strategy, to compare with")
    _add_series_options(strategy)
    strategy.set_defaults(command=_evaluate)

    releases = commands.add_parser("releases", help="list, compare and restore what was published").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    every = releases.add_parser("list", parents=[common], help="a line for each release")
    every.set_defaults(command=_releases_list)
    changes = releases.add_parser("diff", parents=[common], help="cells added, withdrawn and changed, by source")
    changes.add_argument("old", metavar="A")
    changes.add_argument("new", metavar="B")
    changes.set_defaults(command=_releases_diff)
    restore = releases.add_parser("restore", parents=[common, waiting], help="put a kept release in place again")
    restore.add_argument("release", metavar="RELEASE")
    restore.set_defaults(command=_releases_restore)

    codes = commands.add_parser("codes", parents=[common], help="show an ICCS category, or search: codes search TEXT")
    codes.add_argument("words", nargs="+", metavar="CODE | search TEXT")
    codes.add_argument("--lang", choices=("en", "fr", "es"), default="en", help="language of titles and search")
    codes.set_defaults(command=_codes)

    concordance = commands.add_parser("concordance", help="check, measure and compare concordances").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    check = concordance.add_parser("check", parents=[common], help="rules that every concordance must keep")
    check.add_argument("names", nargs="*", metavar="SOURCE | FILE", help="which (default: all)")
    check.set_defaults(command=_concordance_check)
    coverage = concordance.add_parser("coverage", parents=[common], help="share of the counts linked, at each level")
    coverage.set_defaults(command=_concordance_coverage)
    difference = concordance.add_parser("diff", parents=[common], help="links and series that differ in two versions")
    difference.add_argument("old", metavar="OLD")
    difference.add_argument("new", metavar="NEW")
    difference.add_argument("--source", help="whose counts to restate (default: the name of NEW)")
    difference.set_defaults(command=_concordance_diff)

    suggest = concordance.add_parser("suggest", parents=[common], help="propose categories for a list of codes")
    suggest.add_argument("file", metavar="FILE", help="CSV file in UTF-8 with a row for each national code")
    suggest.add_argument("--code", required=True, metavar="COL", help="column of the code")
    suggest.add_argument("--label", required=True, metavar="COL", help="column of the label")
    suggest.add_argument("--description", metavar="COL", help="column of a description or heading")
    suggest.add_argument("--lang", choices=("en", "es", "fr", "pt", "de"), default="es", help="language of the labels")
    suggest.add_argument("-o", "--output", required=True, metavar="DRAFT.csv", help="draft concordance to write")
    suggest.set_defaults(command=_concordance_suggest)
    evaluation = concordance.add_parser("evaluate", parents=[common], help="how good the proposals are on unseen lists")
    evaluation.add_argument("sources", nargs="*", metavar="SOURCE", help="which lists to leave out (default: each)")
    evaluation.add_argument("--strict", action="store_true", help="without terms of ours that repeat their labels")
    evaluation.set_defaults(command=_concordance_evaluate)
    export = concordance.add_parser("export", parents=[common], help="the correspondence sheet as a workbook")
    export.add_argument("source", metavar="SOURCE")
    export.add_argument("--format", choices=("unodc",), default="unodc", help="a sheet for each section (xlsx)")
    export.add_argument("--lang", choices=("en", "es"), default="en", help="language of the ICCS texts")
    export.add_argument("-o", "--output", required=True, metavar="FILE.xlsx")
    export.set_defaults(command=_concordance_export)

    quality = commands.add_parser("quality", parents=[common], help="outcome of every rule, failing and rejected cells")
    quality.add_argument("source", nargs="?", metavar="SOURCE", help="which source (default: a line for each)")
    quality.add_argument("--rejected", action="store_true", help="the cells in quarantine, with file, row and rule")
    quality.set_defaults(command=_quality)

    check_file = commands.add_parser("check", parents=[common], help="check a file before it enters; writes nothing")
    check_file.add_argument("file", metavar="FILE")
    check_file.add_argument("--source", required=True, metavar="ID", help="the source it belongs to")
    check_file.set_defaults(command=_check_file)

    serve = commands.add_parser("serve", parents=[common], help="put the run on a schedule (Prefect, local)")
    serve.add_argument("--cron", default="0 6 * * 1", help='when, in UTC (default: "0 6 * * 1", Mondays at six)')
    serve.add_argument("--port", type=int, default=4200, help="port of the page (default: 4200)")
    serve.add_argument(
        "--runner",
        metavar="RUNNER",
        help="takes the partitions of incidents: threads, dask, ray, dask:ADDRESS (default: ICCS_RUNNER, else threads)",
    )
    serve.set_defaults(command=_serve)
    return parser


def _add_series_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sex", default="_T", help="M, F, _U or _T (default: _T, all)")
    parser.add_argument("--source", metavar="ID", help="whose figures (default: the first with victims, else offences)")
    parser.add_argument("--unit", metavar="UNIT", help="counting unit: victim, offence, person ...")
    parser.add_argument("--plot", metavar="FILE", help="draw it to a .png, .svg or .pdf file")
    parser.add_argument(
        "--lang", choices=("en", "fr", "es"), default="en", help="language of titles, names and pictures"
    )


def _evaluate(options: argparse.Namespace) -> int:
    from pipelines.cli.evaluate import evaluate_command

    return evaluate_command(
        options.code,
        options.area,
        options.date,
        options.control,
        options.sex,
        options.source,
        options.unit,
        options.plot,
        options.lang,
        options.data,
        options.json,
    )


def _run(options: argparse.Namespace) -> int:
    from pipelines.cli.run import run_command

    return run_command(
        options.sources,
        options.directory,
        options.wait,
        options.data,
        options.json,
        options.replay_quarantine,
        options.engine,
    )


def _trend(options: argparse.Namespace) -> int:
    if options.monthly:
        if options.by:
            raise UsageError("--by divides the picture of the annual series: leave out --by, or --monthly")
        from pipelines.cli.monthly import monthly_command

        return monthly_command(
            options.code,
            options.area,
            options.sex,
            options.source,
            options.unit,
            options.plot,
            options.lang,
            options.data,
            options.json,
        )
    from pipelines.cli.trend import trend_command

    return trend_command(
        options.code,
        options.area,
        options.sex,
        options.by,
        options.source,
        options.unit,
        options.plot,
        options.lang,
        options.data,
        options.json,
    )


def _map(options: argparse.Namespace) -> int:
    from pipelines.cli.map import map_command

    return map_command(
        options.code,
        options.area,
        options.year,
        options.sex,
        options.source,
        options.unit,
        options.boundaries,
        options.property,
        options.plot,
        options.lang,
        options.data,
        options.json,
    )


def _query(options: argparse.Namespace) -> int:
    from pipelines.cli.query import query_command

    return query_command(options.sql, options.data, options.json)


def _sources_list(options: argparse.Namespace) -> int:
    from pipelines.cli.sources import list_command

    return list_command(options.data, options.json)


def _sources_show(options: argparse.Namespace) -> int:
    from pipelines.cli.sources import show_command

    return show_command(options.source, options.json)


def _releases_list(options: argparse.Namespace) -> int:
    from pipelines.cli.releases import list_command

    return list_command(options.data, options.json)


def _releases_diff(options: argparse.Namespace) -> int:
    from pipelines.cli.releases import diff_command

    return diff_command(options.old, options.new, options.data, options.json)


def _releases_restore(options: argparse.Namespace) -> int:
    from pipelines.cli.releases import restore_command

    return restore_command(options.release, options.wait, options.data, options.json)


def _codes(options: argparse.Namespace) -> int:
    from pipelines.cli.codes import search_command, show_code_command

    if options.words[0] == "search":
        return search_command(" ".join(options.words[1:]), options.lang, options.json)
    return show_code_command(options.words, options.lang, options.json)


def _concordance_check(options: argparse.Namespace) -> int:
    from pipelines.cli.concordance import check_command

    return check_command(options.names, options.json)


def _concordance_coverage(options: argparse.Namespace) -> int:
    from pipelines.cli.concordance import coverage_command

    return coverage_command(options.data, options.json)


def _concordance_diff(options: argparse.Namespace) -> int:
    from pipelines.cli.concordance import diff_command

    return diff_command(options.old, options.new, options.source, options.data, options.json)


def _concordance_suggest(options: argparse.Namespace) -> int:
    from pipelines.cli.coding import suggest_command

    columns = {"code": options.code, "label": options.label, "description": options.description}
    return suggest_command(options.file, columns, options.lang, options.output, options.json)


def _concordance_evaluate(options: argparse.Namespace) -> int:
    from pipelines.cli.coding import evaluate_command

    return evaluate_command(options.sources, options.strict, options.json)


def _concordance_export(options: argparse.Namespace) -> int:
    from pipelines.cli.coding import export_command

    return export_command(options.source, options.output, options.lang)


def _quality(options: argparse.Namespace) -> int:
    from pipelines.cli.quality import quality_command

    return quality_command(options.source, options.rejected, options.data, options.json)


def _check_file(options: argparse.Namespace) -> int:
    from pipelines.cli.quality import check_file_command

    return check_file_command(options.file, options.source, options.data, options.json)


def _serve(options: argparse.Namespace) -> int:
    from pipelines.cli.serve import serve

    return serve(options.cron, options.port, options.data, options.runner)
