"""``iccs sources list|show``: the declared sources."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, add_group
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from schemas.source import SourceFolder


def add_parser(commands: Commands) -> None:
    """Add the commands."""
    group = add_group(commands, "sources", "list or show the declared sources")
    listing = add_command(group, "list", "list the sources, one per line")
    listing.set_defaults(command=list_command)
    show = add_command(group, "show", "show one source: publisher, licence, files, measures")
    show.add_argument("source", metavar="SOURCE")
    show.set_defaults(command=show_command)


def list_command(options: argparse.Namespace) -> int:
    """Print each declared source with the vintage that is current in the data folder."""
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings
    from pipelines.tabulate.vintages import current_vintage
    from schemas.source import find_sources

    settings = load_settings(options.data)
    rows = []
    for folder in find_sources([]):
        vintage = current_vintage(folder.source_id, settings)
        kind, title = _kind_and_title(folder)
        rows.append(
            {
                "source": folder.source_id,
                "from": folder.origin,
                "kind": kind,
                "title": title,
                "vintage": vintage.vintage if vintage else None,
            }
        )
    if options.json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    return EXIT_DONE


def _kind_and_title(folder: SourceFolder) -> tuple[str, str]:
    """A source under construction must not hide the others."""
    try:
        return folder.source.kind, folder.source.title
    except UsageError:
        return "not valid", f"see: iccs sources show {folder.source_id}"


def show_command(options: argparse.Namespace) -> int:
    """Print what one source declares."""
    from pipelines.system.errors import EXIT_DONE
    from schemas.source import find_sources

    (folder,) = find_sources([options.source])
    source = folder.source
    if options.json:
        print_json({**source.model_dump(), "from": folder.origin, "folder": str(folder.folder)})
        return EXIT_DONE
    lines = [
        f"{source.source_id}: {source.title}",
        f"publisher   {source.publisher}",
        f"page        {source.url}",
        f"licence     {source.licence.name}",
        f"citation    {source.citation}",
        f"from        {folder.origin}: {folder.folder}",
        f"concordance {folder.concordance or 'none'}",
        f"kind        {source.kind}",
        f"files       {', '.join(pattern for layout in source.layouts for pattern in layout.files)}",
        *([f"personal    never stored: {', '.join(source.personal)}"] if source.personal else []),
        *(f"measure     {key}: {m.stage}, {m.counting_unit}" for key, m in source.measures.items()),
        *(f"breakdown   {b.freq} by {', '.join(b.by) or 'total only'}" for b in source.breakdowns),
        *(f"exclusion   {e.rule}: {e.reason}" for e in source.exclusions),
        *(f"control     {c.control}" for c in source.controls),
        *(f"caveat      {c.caveat}: {c.note}" for c in source.caveats),
        *(f"break       {b.period}: {b.note}{f' Bridge: {b.bridge.basis}' if b.bridge else ''}" for b in source.breaks),
    ]
    for line in lines:
        print_line(line)
    return EXIT_DONE
