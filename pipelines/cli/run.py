"""``iccs run``: load sources, publish, and print what was done."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, waiting_arguments
from pipelines.cli.printing import print_error, print_json, print_line
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.run import RunResult
    from pipelines.system.settings import Settings
    from pipelines.system.steps import StepReport

_MAX_COUNTRIES = 12
_SHOWN_CATEGORY = "0101"


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "run", "load sources and publish the DuckDB file", waiting_arguments())
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="which sources (default: all that have files)")
    parser.add_argument("--from", dest="directory", metavar="DIR", help="folder with the files as published")
    parser.add_argument(
        "--engine", metavar="ENGINE", help="for files of incidents: duckdb, or the address of a Spark cluster"
    )
    parser.add_argument(
        "--replay-quarantine",
        action="store_true",
        help="try rejected cells again, from the files as they were received",
    )
    parser.set_defaults(command=run_command)


def run_command(options: argparse.Namespace) -> int:
    """Load sources and publish; exit code 1 if a source was refused, 3 if the program failed in one."""
    from pipelines.run import Session, run_all
    from pipelines.system.errors import EXIT_DONE, EXIT_FAULT, EXIT_REFUSED
    from pipelines.system.settings import load_settings
    from pipelines.system.steps import plain_step
    from schemas.source import find_sources

    settings = load_settings(options.data, options.engine)
    where = Path(options.directory).resolve() if options.directory else None
    if options.replay_quarantine and where is not None:
        raise UsageError("--replay-quarantine reads again the files that cells were rejected from; leave out --from")
    folders = find_sources(options.sources)
    reports: list[StepReport] = []

    def report(step: StepReport) -> None:
        reports.append(step)
        if not options.json:
            _print_step(step)

    session = Session(settings, where, plain_step(report), wait_seconds=options.wait, workers=settings.threads)
    result = run_all(folders, session, named=bool(options.sources), replay=options.replay_quarantine)
    if options.json:
        print_json(_document(result, reports))
    else:
        if options.replay_quarantine:
            _print_replayed(result)
        _print_result(result, settings)
    if result.faults:
        return EXIT_FAULT
    return EXIT_REFUSED if result.refused else EXIT_DONE


def _print_step(step: StepReport) -> None:
    print_line(
        f"{step.source:<22} {step.step:<9} {step.rows_in:>10,} in {step.rows_out:>10,} out "
        f"{step.seconds:>6.1f} s  {step.summary}"
    )


def _document(result: RunResult, reports: list[StepReport]) -> dict[str, object]:
    return {
        "steps": [asdict(step) for step in reports],
        "loaded": result.loaded,
        "unchanged": result.unchanged,
        "absent": result.absent,
        "recovered": result.recovered,
        "refused": [asdict(refusal) for refusal in result.refused],
        "replayed": [asdict(one) for one in result.replayed],
        "published": result.published,
        "release": result.publication.release if result.publication else None,
        "seconds": result.seconds,
    }


def _print_replayed(result: RunResult) -> None:
    print_line()
    if not result.replayed:
        print_line("no rejected cells in quarantine, nothing to try again")
    for one in result.replayed:
        more = f", {one.newly_rejected:,} rejected that were not before" if one.newly_rejected else ""
        print_line(
            f"{one.source} ({one.name}): {one.recovered:,} cells recovered, {one.still_rejected:,} still rejected{more}"
        )
        if one.still_rejected or one.newly_rejected:
            print_line(f"  see: iccs quality {one.source} --rejected")


def _print_result(result: RunResult, settings: Settings) -> None:
    print_line()
    for refusal in result.refused:
        what = "not used" if refusal.is_fault else "refused"
        print_error(f"source {refusal.source} {what}; its last good vintage, if any, stays published\n")
        print_error(refusal.message + "\n")
    for line in result.recovered:
        print_line(line)
    if result.absent:
        absent = ", ".join(result.absent)
        print_line(f"no input files in {result.searched}; skipped: {absent} (give a folder with --from DIR)")
    if result.unchanged:
        print_line(f"unchanged since the last run, no work done: {', '.join(result.unchanged)}")
    if not settings.published.is_file():
        print_line("nothing to publish yet")
        return
    if result.publication is None:
        print_line("the published file is up to date")
    _print_homicide_rates(settings)
    print_line(f"DuckDB file: {settings.published}")
    print_line(f"quality reports: {settings.published.parent / 'quality'}{os.sep}<source>.html")
    print_line(f"total time: {result.seconds:.1f} s")


def _print_homicide_rates(settings: Settings) -> None:
    from pipelines.cli.series.compare import print_ranking
    from pipelines.reader.comparison import compare_areas
    from pipelines.reader.selection import SeriesQuery

    try:
        found = compare_areas(SeriesQuery(_SHOWN_CATEGORY, stage="recorded"), None, None, settings)
    except UsageError:  # no homicide among the sources, or no population for them
        return
    print_ranking(found, "en", settings, _MAX_COUNTRIES)
    rest = len(found.ranked) - _MAX_COUNTRIES
    if rest > 0:
        print_line(f"and {rest} more with lower rates")
    reasons: dict[str, list[str]] = {}
    for row in found.unranked:
        reasons.setdefault(row["why"][0], []).append(row["area_en"])
    for reason, names in reasons.items():
        print_line(f"not ranked, {reason}: {', '.join(names)}")
    print_line(f"all figures, with what each counts: iccs compare {_SHOWN_CATEGORY} --year {found.year}")
