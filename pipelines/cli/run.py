"""``iccs run``: load sources, publish, and print what was done."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from pipelines.cli.printing import print_error, print_json, print_line, print_table
from pipelines.reader.release import packaged_query
from pipelines.run import RunResult, Session, run_all
from pipelines.system.errors import EXIT_DONE, EXIT_FAULT, EXIT_REFUSED
from pipelines.system.settings import Settings, load_settings
from pipelines.system.steps import StepReport, plain_step
from schemas.errors import UsageError
from schemas.source import find_sources

_MOST_COUNTRIES = 12


def run_command(
    names: list[str],
    directory: str | None,
    wait_seconds: float,
    data: str | None,
    as_json: bool,
    replay: bool = False,
    engine: str | None = None,
) -> int:
    """Load sources and publish; exit code 1 where a source was refused, 3 where the program failed in one."""
    settings = load_settings(data, engine)
    where = Path(directory).resolve() if directory else None
    if replay and where is not None:
        raise UsageError("--replay-quarantine tries the files again that cells were rejected from; leave --from out")
    folders = find_sources(names)
    reports: list[StepReport] = []

    def report(step: StepReport) -> None:
        reports.append(step)
        if not as_json:
            print_line(
                f"{step.source:<22} {step.step:<9} {step.rows_in:>10,} in {step.rows_out:>10,} out "
                f"{step.seconds:>6.1f} s  {step.summary}"
            )

    session = Session(settings, where, plain_step(report), wait_seconds=wait_seconds, workers=settings.threads)
    result = run_all(folders, session, named=bool(names), replay=replay)
    if as_json:
        print_json(
            {
                "steps": [asdict(step) for step in reports],
                "loaded": result.loaded,
                "unchanged": result.unchanged,
                "absent": result.absent,
                "refused": [asdict(refusal) for refusal in result.refused],
                "replayed": [asdict(one) for one in result.replayed],
                "published": result.published,
                "release": result.publication.release if result.publication else None,
                "seconds": result.seconds,
            }
        )
    else:
        if replay:
            _print_replayed(result)
        _print_result(result, settings)
    if result.faults:
        return EXIT_FAULT
    return EXIT_REFUSED if result.refused else EXIT_DONE


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
    if result.absent:
        absent = ", ".join(result.absent)
        print_line(f"no input file in {result.searched}, left as they are: {absent} (give a folder with --from DIR)")
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
    print_line(f"seconds in all: {result.seconds:.1f}")


def _print_homicide_rates(settings: Settings) -> None:
    records = packaged_query("reader/homicide_rates", settings).records()
    if not records:  # no homicide among the sources, or no population for them
        return
    years = sorted({record["year"] for record in records})
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for record in records:
        rows.setdefault((record["country"], record["source"]), {})[record["year"]] = record["rate_per_100k"]
    ranked = sorted(rows, key=lambda key: -rows[key][max(rows[key])])
    shown = [[*key, *(rows[key].get(year) for year in years)] for key in ranked[:_MOST_COUNTRIES]]
    title = "Intentional homicide (ICCS 0101) per 100,000 population: highest latest rates"
    print_table(["country", "source", *years], shown, title=title)
    if len(ranked) > _MOST_COUNTRIES:
        print_line(
            f"and {len(ranked) - _MOST_COUNTRIES} more; all: iccs query "
            "\"FROM out.rate WHERE iccs = '0101' AND area_level = 'country'\""
        )
