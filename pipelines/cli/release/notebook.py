"""``iccs notebook``: JupyterLab on the project's notebooks, or the notebooks as HTML pages."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "notebook", "open the notebooks in JupyterLab (extra: notebook)")
    parser.add_argument("--no-browser", action="store_true", help="print the address without opening a browser")
    parser.add_argument("--html", action="store_true", help="run the notebooks, write each as an HTML page, and exit")
    parser.set_defaults(command=notebook_command)


def notebook_command(options: argparse.Namespace) -> int:
    """Write the missing notebooks, then open them or write their pages."""
    from pipelines.project.notebooks import open_jupyter, write_notebooks, write_pages
    from pipelines.reader.release import reading_settings
    from pipelines.system.errors import EXIT_DONE
    from schemas.project import project_root

    settings = reading_settings(options.data)
    folder = (project_root() or Path.cwd()) / "notebooks"
    environment = {"ICCS_DATA": str(settings.data)}
    written = write_notebooks(folder)
    if not options.json:
        for path in written:
            print_line(f"written: {path}")
    if not options.html:
        if options.json:
            print_json({"written": written})
        return open_jupyter(folder, environment, browser=not options.no_browser)
    pages = []
    for page in write_pages(folder, environment):
        pages.append(page)
        if not options.json:
            print_line(f"page: {page}")
    if options.json:
        print_json({"written": written, "pages": pages})
    return EXIT_DONE
