"""``iccs init``: a new project."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "create a project: a folder of your own for sources, lists and settings"
    parser = commands.add_parser("init", help=text, description=text)
    parser.add_argument(
        "folder", type=_folder, metavar="DIR", help="folder to create; with --demo also an existing project"
    )
    parser.add_argument("--demo", action="store_true", help="add the input files of the demonstration (2 MB)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=init_command)


def _folder(text: str) -> str:
    """Return the name of a folder; an empty one, as of a variable that is not set, would be the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; name the folder to create, or . for this one")
    return text


def init_command(options: argparse.Namespace) -> int:
    """Write a project, and print what to do next."""
    from pipelines.project.new_project import copy_demonstration, write_project
    from pipelines.system.errors import EXIT_DONE
    from schemas.project import FILE, Project

    folder = Path(options.folder)
    root = folder.resolve()
    is_new = not (options.demo and (folder / FILE).is_file())
    written = write_project(folder) if is_new else []
    if options.demo:
        written += copy_demonstration(Project(root).data_folder())
    if options.json:
        print_json({"project": root, "written": written})
        return EXIT_DONE
    for path in written:
        print_line(f"  {path.relative_to(root) if path.is_relative_to(root) else path}")
    print_line(f"{'created' if is_new else 'completed'} the project {folder}; next:")
    for line in (
        *([] if root == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]),
        "iccs run                              # load what is in data/input and publish",
        "iccs trend 0101 --area XX             # a series of the example (invented figures)",
        "iccs sources new FILE --id NAME       # draft a source definition from a file of yours",
    ):
        print_line(f"  {line}")
    return EXIT_DONE
