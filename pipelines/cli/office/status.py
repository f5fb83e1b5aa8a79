"""``iccs status``: the state of each source, for people and for monitoring."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_error, print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.schedule import SourceState
    from pipelines.system.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "state of each source: last vintage, age, last outcome, next run; exit code 1 if a source needs attention"
    parser = add_command(commands, "status", text)
    parser.add_argument(
        "--notify", action="store_true", help="send a list of what needs attention to the addresses in ICCS_NOTIFY"
    )
    parser.set_defaults(command=status_command)


def status_command(options: argparse.Namespace) -> int:
    """Print the state of each source of the office; exit code 1 if one needs attention or nothing is published."""
    from pipelines.publish.releases import newer_than_published
    from pipelines.schedule import find_office_problems, read_states
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED
    from pipelines.system.settings import load_settings

    settings, now = load_settings(options.data), datetime.now(UTC)
    states = read_states(settings, now)
    problems = [state for state in states if state.is_problem]
    published = settings.published
    since = datetime.fromtimestamp(published.stat().st_mtime, UTC) if published.is_file() else None
    of_office = find_office_problems(settings, now)
    good = since is not None and not problems and not of_office
    if options.notify:
        _notify(states, settings)
    if options.json:
        rows = [{**asdict(state), "problem": state.is_problem} for state in states]
        print_json(
            {
                "good": good,
                "published": published if since else None,
                "published_at": since,
                "problems": of_office,
                "sources": rows,
            }
        )
        return EXIT_DONE if good else EXIT_REFUSED
    print_table(
        ["source", "state", "vintage", "changed", "days ago", "last run", "outcome", "next run (UTC)"],
        [
            [
                state.source,
                state.state,
                state.vintage,
                _day(state.changed),
                (now - state.changed).days if state.changed else None,
                _minute(state.last_run),
                state.outcome,
                _minute(state.next_run),
            ]
            for state in states
        ],
    )
    print_line(f"published: {published}, {_minute(since)} UTC" if since else "nothing is published yet")
    if newer := newer_than_published(settings):
        print_line(
            "it is an older release that was put back, without later figures; to publish the newest again: "
            f"iccs releases restore {newer.release}"
        )
    for state in problems:
        due = f", due {_day(state.due)}" if state.due and state.state in ("late", "missed") else ""
        print_error(f"{state.source}: {state.state}{due}{f': {state.message}' if state.message else ''}")
    for line in of_office:
        print_error(line)
    return EXIT_DONE if good else EXIT_REFUSED


def _notify(states: list[SourceState], settings: Settings) -> None:
    from pipelines.notices import VARIABLE, notify_of_states

    if not os.environ.get(VARIABLE):
        raise UsageError(f"--notify: {VARIABLE} has no address; see docs/operations.md")
    for line in notify_of_states(states, settings):
        print_error(line)


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None


def _minute(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else None
