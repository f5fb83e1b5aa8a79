"""``iccs acquire``: download the files of sources from their addresses, without loading them."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, waiting_arguments
from pipelines.cli.printing import print_error, print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from schemas.source import SourceFolder


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = (
        "fetch new files from the addresses of the sources (acquire in source.yml); iccs run also does this, and "
        "loads them"
    )
    parser = add_command(commands, "acquire", text, waiting_arguments())
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="which sources (default: all that have addresses)")
    parser.set_defaults(command=acquire_command)


def acquire_command(options: argparse.Namespace) -> int:
    """Download, and print what became of each file; exit code 1 if one could not be, 3 for a damaged store."""
    from pipelines.collect.fetch.fetch import FetchedFile, fetch
    from pipelines.system.errors import EXIT_DONE, EXIT_FAULT, EXIT_REFUSED, DamagedStore, DataRefused
    from pipelines.system.lock import writing
    from pipelines.system.removal import check_folders
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    folders = _with_addresses(options.sources)
    check_folders(settings)
    files: list[tuple[str, FetchedFile]] = []
    refused: dict[str, str] = {}
    end = EXIT_DONE
    with writing(settings, options.wait):
        for folder in folders:
            try:
                files += [(folder.source_id, file) for file in fetch(folder, settings).files]
            except (DataRefused, UsageError, DamagedStore) as error:
                refused[folder.source_id] = str(error)
                end = max(end, EXIT_FAULT if isinstance(error, DamagedStore) else EXIT_REFUSED)
    if options.json:
        print_json({"files": [{"source": source, **asdict(file)} for source, file in files], "refused": refused})
        return end
    for message in refused.values():
        print_error(f"{message}\n")
    if files:
        print_table(
            ["source", "file", "what", "bytes", "received (UTC)", "address"],
            [[source, one.name, one.end, one.size, one.received[:16], one.address] for source, one in files],
        )
    for source, one in files:
        if one.end == "gone":
            print_line(f"{source}: {one.name} is no longer at its address; it stays until you delete it here")
    return end


def _with_addresses(names: list[str]) -> list[SourceFolder]:
    """Return the sources to fetch.

    Raises:
        UsageError: a named source has no addresses, or none of them all has.
    """
    from schemas.source import find_sources

    found = []
    for folder in find_sources(names, with_drafts=True):
        try:
            has_addresses = bool(folder.source.acquire)
        except UsageError:
            if names:
                raise
            continue  # said where it is run
        if has_addresses:
            found.append(folder)
        elif names:
            raise UsageError(
                f"source {folder.source_id} has no acquire in its source.yml, so there is no address to fetch from"
            )
    if not found:
        raise UsageError("no source has acquire in its source.yml; see docs/operations.md")
    return found
