"""``iccs check``: the outcome that a run would have for one file, without storing anything."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import WITH_DRAFTS, add_command
from pipelines.cli.printing import print_error, print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "check", "check a file before loading it; writes nothing")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--source", required=True, metavar="ID", help="the source it belongs to")
    parser.add_argument("--with-drafts", action="store_true", help=WITH_DRAFTS)
    parser.set_defaults(command=check_command)


def check_command(options: argparse.Namespace) -> int:
    """Take one file through every step short of storing it, in a folder that is removed afterwards; nothing is kept.

    If the data folder holds the figures published now, changes against them are reported too.
    """
    from pipelines.collect.acquire import find_layouts
    from pipelines.session import Session
    from pipelines.source_steps import check_source
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED, DataRefused
    from pipelines.system.scratch import process_folder
    from pipelines.system.settings import load_settings
    from pipelines.tabulate.structure_suite import SuiteProcess
    from pipelines.tabulate.vintages.parts import find_damage
    from pipelines.tabulate.vintages.pointers import current_vintage
    from schemas.source import find_sources

    path = Path(options.file).absolute()
    if not path.is_file():
        raise UsageError(f"there is no file {options.file}")
    (folder,) = find_sources([options.source], with_drafts=options.with_drafts)
    settings = load_settings(options.data)
    known = current_vintage(options.source, settings)
    if known is not None and (damage := find_damage(known.folder)):
        raise damage  # nothing could be compared with it
    with tempfile.TemporaryDirectory(dir=process_folder()) as place, SuiteProcess() as suite:
        try:
            # The file is read in place: a copy of personal records could be left behind.
            given = tuple((path, layout) for layout in find_layouts(folder, path.parent, path))
            session = Session(replace(settings, data=Path(place, "data")), path.parent, suite=suite, given=given)
            checked = check_source(folder, session, known.as_previous() if known else None)
        except DataRefused as error:
            if options.json:
                print_json({"accepted": False, "problems": [problem.as_dict() for problem in error.problems]})
            else:
                print_error(f"{path.name} would be refused\n\n{error}")
            return EXIT_REFUSED
        outcomes = [vars(outcome) for outcome in checked.outcomes]
    if options.json:
        print_json({"accepted": True, "rules": outcomes})
        return EXIT_DONE
    shown = [row for row in outcomes if row["outcome"] not in ("passed", "not applicable")]
    print_line(f"{path.name} would be accepted; {checked.summary}")
    if shown:
        print_table(list(shown[0]), [list(row.values()) for row in shown])
    return EXIT_DONE
