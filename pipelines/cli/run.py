"""``iccs run``: load sources, publish, and print what was done."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import WITH_DRAFTS, add_command, waiting_arguments
from pipelines.cli.printing import print_error, print_json, print_line, print_table
from pipelines.cli.release.site import print_site
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.site.build import BuiltSite
    from pipelines.run import RunResult
    from pipelines.system.running.steps import StepReport
    from pipelines.system.settings import Settings

_MAX_COUNTRIES = 12
_MOST_UNCLAIMED = 10
_SHOWN_CATEGORY = "0101"
_CHANGE_COLUMNS = {
    "source": "source",
    "area": "ref_area",
    "year": "time_period",
    "iccs": "iccs",
    "unit": "counting_unit",
    "change": "release_change",
    "old": "old_value",
    "new": "new_value",
    "old rate": "old_rate",
    "new rate": "new_rate",
    "why": "what_changed",
}


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "run", "load sources and publish the DuckDB file", waiting_arguments())
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="which sources (default: all that have files)")
    parser.add_argument("--from", dest="directory", metavar="DIR", help="folder with the files as published")
    parser.add_argument(
        "--engine", metavar="ENGINE", help="engine for files of incidents: duckdb, or the address of a Spark cluster"
    )
    parser.add_argument(
        "--replay-quarantine",
        action="store_true",
        help="try rejected cells again, from the files as received",
    )
    parser.add_argument("--with-drafts", action="store_true", help=WITH_DRAFTS)
    parser.add_argument(
        "--accept-loss",
        metavar="REASON",
        help="the reason why figures this source had before are gone, far lower or far higher; for this load only",
    )
    parser.add_argument("--site", metavar="DIR", help="also build the site of the release in this folder")
    parser.set_defaults(command=run_command)


def run_command(options: argparse.Namespace) -> int:
    """Load sources and publish; exit code 1 if a source was refused, had no file or the site failed, 3 for a fault."""
    from pipelines.notices import notify_of_failure, notify_of_run
    from pipelines.run import run_all
    from pipelines.session import Session
    from pipelines.system.errors import EXIT_DONE, EXIT_FAULT, EXIT_REFUSED
    from pipelines.system.running.steps import plain_step
    from pipelines.system.settings import load_settings
    from schemas.source import find_sources

    settings = load_settings(options.data, options.engine)
    where = Path(options.directory).resolve() if options.directory else None
    _check_options(options)
    folders = find_sources(options.sources, with_drafts=options.with_drafts)
    reports: list[StepReport] = []

    def report(step: StepReport) -> None:
        reports.append(step)
        if not options.json:
            _print_step(step)

    session = Session(
        settings,
        where,
        plain_step(report),
        wait_seconds=options.wait,
        workers=settings.threads,
        accepted_loss=options.accept_loss,
    )
    with notify_of_failure(settings, print_error):
        result = run_all(folders, session, named=bool(options.sources), replay=options.replay_quarantine)
    if result.refused or not options.replay_quarantine:  # an empty quarantine is not worth a line
        for line in notify_of_run(result, settings):
            print_error(line)
    falls_short = _print_done(result, reports, options, settings)
    if result.faults:
        return EXIT_FAULT
    return EXIT_REFUSED if result.refused or falls_short else EXIT_DONE


def _print_done(result: RunResult, reports: list[StepReport], options: argparse.Namespace, settings: Settings) -> bool:
    """Build the site if asked to, and print what was done.

    Returns:
        True if there was no file of any source, or no site could be built.
    """
    found_nothing = _found_nothing(result) and not options.replay_quarantine
    if options.json:
        built = _build_site(options, settings)
        site = None if built is None or isinstance(built, str) else vars(built)
        print_json({**_document(result, reports, settings), "site": site})
    else:
        if options.replay_quarantine:
            _print_replayed(result)
        _print_result(result, settings, found_nothing)
        built = _build_site(options, settings)
        if built is not None and not isinstance(built, str):
            print_site(built)
    if found_nothing:
        print_error(
            f"no file of any source was found in {result.searched}: nothing was loaded; give the folder with the files "
            "with --from DIR, or see the expected file names: iccs sources show SOURCE"
        )
    if isinstance(built, str):
        print_error(built)
    return found_nothing or isinstance(built, str)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is read."""
    if options.replay_quarantine and options.directory:
        raise UsageError("--replay-quarantine rereads the files from which cells were rejected; leave out --from")
    if options.accept_loss is not None and (len(options.sources) != 1 or not options.accept_loss.strip()):
        raise UsageError('--accept-loss needs a reason and exactly one source: iccs run SOURCE --accept-loss "REASON"')
    if options.site:
        from pipelines.reader.site.build import check_site_folder

        check_site_folder(Path(options.site).absolute())


def _build_site(options: argparse.Namespace, settings: Settings) -> BuiltSite | str | None:
    """Build the site of the current release if asked to; without a release the old site stays.

    Returns:
        what was built; or why it could not be, which does not undo anything the run did; None if nothing was asked for.
    """
    if not options.site or not settings.published.is_file():
        return None
    from pipelines.reader.site.build import try_to_build_site

    return try_to_build_site(settings, Path(options.site))


def _print_step(step: StepReport) -> None:
    print_line(
        f"{step.source:<22} {step.step:<9} {step.rows_in:>10,} in {step.rows_out:>10,} out "
        f"{step.seconds:>6.1f} s  {step.summary}"
    )


def _document(result: RunResult, reports: list[StepReport], settings: Settings) -> dict[str, object]:
    from pipelines.reader.release_changes import read_release_changes

    return {
        "steps": [asdict(step) for step in reports],
        "loaded": result.loaded,
        "unchanged": result.unchanged,
        "absent": result.absent,
        "recovered": result.recovered,
        "unclaimed": result.unclaimed,
        "undefined": result.undefined,
        "edited": result.edited,
        "kept": result.kept,
        "taken": [asdict(file) for file in result.taken],
        "left": result.left,
        "freed": asdict(result.freed),
        "refused": [asdict(refusal) for refusal in result.refused],
        "replayed": [asdict(one) for one in result.replayed],
        "published": result.published if result.published.is_file() else None,
        "release": result.publication.release if result.publication else None,
        "changes": asdict(read_release_changes(settings)) if result.publication else None,
        "seconds": result.seconds,
    }


def _print_replayed(result: RunResult) -> None:
    print_line()
    if not result.replayed:
        print_line("no rejected cells in quarantine; nothing to try again")
    for one in result.replayed:
        more = f", {one.newly_rejected:,} newly rejected" if one.newly_rejected else ""
        print_line(
            f"{one.source} ({one.name}): {one.recovered:,} {'cell' if one.recovered == 1 else 'cells'} recovered, "
            f"{one.still_rejected:,} still rejected{more}"
        )
        if one.still_rejected or one.newly_rejected:
            print_line(f"  see: iccs quality {one.source} --rejected")


def _found_nothing(result: RunResult) -> bool:
    """Whether no source had any file: a folder that is not mounted must not look like a run without news."""
    return not (result.loaded or result.unchanged or result.refused)


def _print_result(result: RunResult, settings: Settings, found_nothing: bool) -> None:
    print_line()
    for refusal in result.refused:
        what = "not used" if refusal.is_fault else "refused"
        print_error(f"source {refusal.source} {what}; its last good vintage, if any, stays published\n")
        print_error(refusal.message + "\n")
    for line in result.recovered:
        print_line(line)
    for file in result.taken:
        print_line(
            f"{file.source}: {file.name} taken from the inbox{', replacing another' if file.is_replacement else ''}"
        )
    for line in result.left:
        print_error(line)
    _print_unclaimed(result)
    if result.undefined:
        print_error(
            f"not in the release: {', '.join(result.undefined)}; the data folder has figures from them, but there is "
            "no source definition here. If they belong to a project, run in its folder or set ICCS_PROJECT; if a "
            "source was renamed or given up, that is right\n"
        )
    if result.edited:
        print_error(
            f"edited since their figures were loaded: the definitions of {', '.join(result.edited)}. The release shows "
            "these figures as they were declared then; to load them as declared now: "
            f"iccs run {' '.join(result.edited)}\n"
        )
    if settings.published.is_file():
        if result.publication is not None:
            _print_changes(settings)
        _print_homicide_rates(settings)
    _print_account(result, settings, found_nothing)


def _print_account(result: RunResult, settings: Settings, found_nothing: bool) -> None:
    """Print what the run did, in at most ten lines, as the last thing it prints."""
    print_line()
    if result.loaded:
        print_line(f"loaded: {', '.join(result.loaded)}")
    if result.unchanged:
        print_line(f"unchanged since the last run, no work done: {', '.join(result.unchanged)}")
    if result.kept:
        print_line(f"no file in this run, so the figures of their last load stay: {', '.join(result.kept)}")
    if result.refused:
        print_line(f"refused (reasons above): {', '.join(refusal.source for refusal in result.refused)}")
    if result.publication is not None:
        print_line(f"published: release {result.publication.release}, {result.publication.observations:,} observations")
    elif settings.published.is_file():
        print_line(describe_unpublished(result, settings))
    elif not found_nothing:
        print_line("nothing to publish yet")
    if settings.published.is_file():
        print_line(f"DuckDB file: {settings.published}")
        print_line(f"quality reports: {settings.published.parent / 'quality'}{os.sep}<source>.html")
    if result.freed.summary:
        print_line(result.freed.summary)
    print_line(f"total time: {result.seconds:.1f} s")


def describe_unpublished(result: RunResult, settings: Settings) -> str:
    """Return a sentence on the published file, for a run that published nothing."""
    from pipelines.publish.releases import newer_than_published

    if newer := newer_than_published(settings):
        return (
            "the published file is an older release that was put back; to publish the newest again: "
            f"iccs releases restore {newer.release}"
        )
    return "the published file is unchanged" if result.refused else "the published file is up to date"


def _print_unclaimed(result: RunResult) -> None:
    """Name the files that no source takes: one that its publisher renamed would otherwise be left out silently."""
    # The patterns of a source whose definition is not valid are not known.
    which = "no source whose definition is valid" if result.refused or result.edited else "no source"
    for name, near in list(result.unclaimed.items())[:_MOST_UNCLAIMED]:
        hint = f"; expected names: {', '.join(near)}" if near else ""
        print_line(f"not read, because {which} has a file of this name: {name}{hint}")
    if len(result.unclaimed) > _MOST_UNCLAIMED:
        print_line(f"and {len(result.unclaimed) - _MOST_UNCLAIMED:,} more files that belong to no source")


def _print_changes(settings: Settings) -> None:
    """Print how many figures the release changed, by source and kind, why, and the largest changes."""
    from pipelines.publish.releases import kept_releases
    from pipelines.reader.release_changes import read_release_changes

    found = read_release_changes(settings)
    if found.against is None:
        alone = len(kept_releases(settings)) < 2
        print_line("no earlier release to compare with\n" if alone else "changed since the last release: no figure\n")
        return
    kinds = [name for name in found.sources[0] if name not in ("source", "reasons")]
    print_table(
        ["source", *kinds],
        [[row["source"], *(row[kind] for kind in kinds)] for row in found.sources],
        title=f"Figures changed since release {found.against} (gated: no longer given; marked: new caveat or status)",
    )
    for row in found.sources:
        for kind, reasons in row["reasons"].items():
            print_line(f"{row['source']}, {kind}: {reasons}")
    if found.largest:
        print_line()
        print_table(
            list(_CHANGE_COLUMNS),
            [[row[name] for name in _CHANGE_COLUMNS.values()] for row in found.largest],
            title="The largest changes",
        )
    print_line()


def _print_homicide_rates(settings: Settings) -> None:
    from pipelines.cli.series.compare import print_ranking
    from pipelines.reader.comparison import compare_areas
    from pipelines.reader.selection import SeriesQuery

    try:
        found = compare_areas(SeriesQuery(_SHOWN_CATEGORY, stage="recorded"), None, None, settings)
    except UsageError:  # no source has homicides, or there is no population for them
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
    print_line(f"for all figures, and what each counts: iccs compare {_SHOWN_CATEGORY} --year {found.year}")
