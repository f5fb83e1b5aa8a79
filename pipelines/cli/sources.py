"""``iccs sources list|show|new``: the declared sources, and a first definition of a new one."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, add_group
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError, nearest_values

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from schemas.project import Project
    from schemas.source import SourceFolder


def add_parser(commands: Commands) -> None:
    """Add the commands."""
    group = add_group(commands, "sources", "list, show and draft sources")
    listing = add_command(group, "list", "list the sources, one per line")
    listing.set_defaults(command=list_command)
    show = add_command(group, "show", "show one source: publisher, licence, files, measures", data=False)
    show.add_argument("source", metavar="SOURCE")
    show.set_defaults(command=show_command)
    _add_new(group)


def _add_new(group: Commands) -> None:
    text = "draft a source definition in the project, from one of the source's files"
    new = group.add_parser("new", help=text, description=text)
    new.add_argument("file", metavar="FILE", help="one of its files: text (plain or compressed) or a workbook")
    new.add_argument(
        "--id", required=True, metavar="ID", help="name of the source: <country>_<producer>_<what>, a-z, 0-9 and _"
    )
    for name, what in (("area", "areas"), ("offence", "offences"), ("value", "counts"), ("period", "years or months")):
        new.add_argument(f"--{name}", metavar="COLUMN", help=f"column with the {what} (default: detected)")
    new.add_argument("--offence-name", metavar="NAME", help="the offence, if the file is about one only")
    new.add_argument("--year", metavar="YEAR", help="the year, if the file is about one only")
    new.add_argument("--sheet", metavar="NAME", help="sheet of a workbook (default: the first visible one)")
    new.add_argument("--encoding", metavar="NAME", help="encoding of a text file (default: detected)")
    new.add_argument(
        "--lang", choices=("en", "es", "fr", "pt", "de"), help="language of the offences (default: detected)"
    )
    for name in _ASKED:
        new.add_argument(f"--{name}", metavar="TEXT", help=f"{name} of the source; asked for on a terminal")
    new.add_argument("--unit", metavar="UNIT", help="what is counted: victim, offence, case ... (default: guessed)")
    new.add_argument("--stage", metavar="STAGE", help="stage: recorded, convicted, held ... (default: recorded)")
    new.add_argument("--no-questions", action="store_true", help="ask no questions; fill in later what is not given")
    new.add_argument("--json", action="store_true", help="ask no questions and print JSON")
    new.set_defaults(command=new_command)


_ASKED = ("title", "publisher", "url", "licence")
"""Return the answers to what a file cannot show."""


def list_command(options: argparse.Namespace) -> int:
    """Print each declared source with its current vintage in the data folder."""
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings
    from pipelines.tabulate.vintages.pointers import current_vintage
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
    """Print the declaration of one source."""
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


def new_command(options: argparse.Namespace) -> int:
    """Inspect a file, draft a definition of its source, and print what was found and what is left to do."""
    from pipelines.project.draft import Answers
    from pipelines.project.new_source import draft_source, write_draft
    from pipelines.project.roles import find_roles, looks_like_events
    from pipelines.project.seen_table import see_table
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    project, path = _project_for_new(options.id), Path(options.file)
    if not path.is_file():
        raise UsageError(f"there is no file {options.file}")
    country = _country_of(options.id)
    table = see_table(path, load_settings(), options.sheet, options.encoding)
    given = {name: getattr(options, name) for name in ("area", "offence", "value", "period")}
    if options.offence and options.offence_name:
        raise UsageError("--offence is the column of the offences, --offence-name the only one: give one of them")
    named = {name: column for name, column in given.items() if column}
    roles = find_roles(table, country, named, one_offence=bool(options.offence_name))
    if looks_like_events(table, roles, named.values()):
        raise UsageError(
            f"each row of {path.name} seems to be an event or a person, since it has a date and no count; declare such "
            "files by hand, so that no personal data are kept: docs/incidents.md. If it has counts, give --value"
        )
    _check_code("unit", "counting_unit", options.unit)
    _check_code("stage", "stage", options.stage)
    answers = {name: getattr(options, name) for name in (*_ASKED, "unit", "stage", "offence_name", "year")}
    if sys.stdin.isatty() and not (options.no_questions or options.json):
        answers |= {name: input(f"{name}: ").strip() or None for name in _ASKED if answers[name] is None}
    draft = draft_source(options.id, table, roles, country, Answers(**answers, language=options.lang))
    files = write_draft(draft, project.root / "sources" / options.id, options.lang)
    if options.json:
        print_json({"source": options.id, "written": files, "seen": draft.seen, "to_do": draft.to_do})
        return EXIT_DONE
    for line in draft.seen:
        print_line(f"  {line}")
    print_line(f"written: {', '.join(str(file.relative_to(project.root)) for file in files)}")
    print_line("to do:")
    for line in draft.to_do:
        print_line(f"  - {line}")
    print_line(f"then: iccs check {shlex.quote(options.file)} --source {options.id} --with-drafts")
    return EXIT_DONE


def _project_for_new(source_id: str) -> Project:
    from schemas.project import find_project, source_id_problem
    from schemas.source import list_sources

    if problem := source_id_problem(source_id):
        raise UsageError(f"--id: {problem}")
    project = find_project()
    if project is None:
        raise UsageError("there is no project here to write the source to; create one: iccs init DIR, then cd DIR")
    if source_id in list_sources():
        raise UsageError(f"--id: source {source_id} already exists; see: iccs sources show {source_id}")
    return project


def _country_of(source_id: str) -> str | None:
    """Return the country that a source's identifier begins with; None for organisations (un_, eu_, wb_)."""
    from schemas.codelists import load_areas

    code = {"UK": "GB", "EL": "GR"}.get(source_id.split("_")[0].upper(), source_id.split("_")[0].upper())
    return code if any(area.code == code and area.level == "country" for area in load_areas()) else None


def _check_code(option: str, codelist: str, given: str | None) -> None:
    from schemas.codelists import load_codelist

    known = [code.code for code in load_codelist(codelist)]
    if given is not None and given not in known:
        near = ", ".join(nearest_values(given, known)) or ", ".join(known)
        raise UsageError(f"--{option}: there is no {given!r}; nearest: {near}")
