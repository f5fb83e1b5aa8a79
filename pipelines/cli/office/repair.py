"""``iccs repair``: say which stored files are missing or damaged, and rebuild them on request."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, waiting_arguments
from pipelines.cli.printing import print_json, print_line
from schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.cli.arguments import Commands
    from pipelines.repair.damage import Damage


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "repair", "find damaged files in the data folder", waiting_arguments())
    parser.add_argument("--apply", action="store_true", help="carry out the repairs (default: only list them)")
    parser.add_argument("--from", dest="directory", metavar="DIR", help="folder with the files as published")
    parser.set_defaults(command=repair_command)


def repair_command(options: argparse.Namespace) -> int:
    """Print what is damaged and what can be done, or do it; exit code 1 if anything is still damaged at the end."""
    from pipelines.repair.repair import look_for_damage, repair
    from pipelines.session import Session
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED
    from pipelines.system.lock import writing
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    directory = Path(options.directory).resolve() if options.directory else None
    if not settings.data.is_dir():
        raise UsageError(f"there is no data folder {settings.data}")
    if directory is not None and not directory.is_dir():
        raise UsageError(f"there is no folder {directory} to take files from")
    session = Session(settings, directory, wait_seconds=options.wait)
    if options.apply:
        repaired = repair(session)
        done, left = repaired.done, repaired.left
    else:
        with writing(settings, options.wait):  # otherwise what a run is about to write would look damaged
            done, left = (), tuple(look_for_damage(session))
    if options.json:
        print_json({"done": done, "damaged": [damage.as_dict() for damage in left]})
    else:
        for line in done:
            print_line(line)
        _print_damage(left, applied=options.apply)
    return EXIT_REFUSED if left else EXIT_DONE


def _print_damage(damaged: Sequence[Damage], *, applied: bool) -> None:
    if not damaged:
        print_line("no stored file is missing or damaged")
        return
    for damage in damaged:
        print_line(f"{damage.path} {damage.what}")
        print_line(f"  {'a repair would' if damage.can_repair else 'to do'}: {damage.remedy}")
    if not applied and any(damage.can_repair for damage in damaged):
        print_line("\nnothing was changed; to carry out the repairs: iccs repair --apply")
