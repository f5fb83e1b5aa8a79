"""``iccs share check|package|sdmx|cts|tables|...``: what may leave the office, and what is hidden first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_group, port_number, waiting_arguments
from pipelines.cli.printing import print_error, print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.share.check import SharedSource
    from pipelines.share.leave import Writer
    from pipelines.share.protection.protect import Series


def add_parser(commands: Commands) -> None:
    """Add the command."""
    group = add_group(commands, "share", "share a release: what may leave the office, with small counts hidden")
    check = add_command(group, "check", "show what would leave the office, what is hidden and why; writes nothing")
    _add_level(check, "public", "partners", "internal")
    check.add_argument(
        "--tau-argus",
        metavar="DIR",
        help=(
            "write the tables and their hidden cells for tau-argus (.tab, .rda, .hrc, .hst); these files contain the "
            "true counts"
        ),
    )
    check.set_defaults(command=check_command)
    package = _add_leaving(group, "package", "write what may leave as a protected DuckDB release and a data package")
    package.add_argument("--sign", metavar="FILE", help="private key for signing the checksums (iccs share key)")
    package.set_defaults(command=package_command)
    key = add_command(group, "key", "create a key for signing packages, in a file with mode 600", data=False)
    key.add_argument("file", metavar="FILE", help="must not exist yet; keep it secret")
    key.set_defaults(command=key_command)
    verify = add_command(
        group, "verify", "check the signature of a package and the checksum of each of its files", data=False
    )
    verify.add_argument("package", metavar="DIR")
    verify.add_argument(
        "--key",
        required=True,
        metavar="KEY",
        help="public key, or a file with it, received separately from the package",
    )
    verify.set_defaults(command=verify_command)
    sdmx = _add_leaving(
        group, "sdmx", "write what may leave as SDMX 2.1 and 3.0: structures and data in XML, JSON, CSV"
    )
    sdmx.add_argument(
        "--agency", default="NSO", metavar="ID", help="SDMX identifier of the publishing agency (default: NSO)"
    )
    sdmx.set_defaults(command=sdmx_command)
    cts = _add_leaving(group, "cts", "write the national figures that may leave as rows of the UN-CTS and SDG series")
    cts.set_defaults(command=cts_command)
    tables = _add_leaving(group, "tables", "write what may leave as a workbook of printed tables (.xlsx)")
    tables.set_defaults(command=tables_command)
    diff = add_command(
        group, "diff", "count the cells that a package shows, hides and changes compared with another, by source"
    )
    diff.add_argument("old", metavar="A", help="a package, by its name in data/shared/log.jsonl")
    diff.add_argument("new", metavar="B")
    diff.set_defaults(command=diff_command)
    _add_serve(group)


def _add_serve(group: Commands) -> None:
    text = "answer SDMX REST requests from packages (/v1 and /v2); reads nothing else"
    serve = add_command(group, "serve", text, data=False, json=False)
    serve.add_argument(
        "packages", metavar="DIR", help="a package, or a folder of packages: the newest is the current one"
    )
    serve.add_argument(
        "--agency", default="NSO", metavar="ID", help="SDMX identifier of the publishing agency (default: NSO)"
    )
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default: 127.0.0.1, only this machine)",
    )
    serve.add_argument("--port", type=port_number, default=8100, help="port (default: 8100; 0 for any free port)")
    serve.add_argument(
        "--tokens",
        metavar="FILE",
        help=(
            "tokens of partners, one 'NAME TOKEN' per line, in a file that only its owner can read (default: "
            "ICCS_SHARE_TOKEN)"
        ),
    )
    serve.add_argument(
        "--most-cells", type=int, default=1_000_000, metavar="N", help="most cells in an answer (default: 1000000)"
    )
    serve.add_argument(
        "--most-seconds", type=float, default=60, metavar="S", help="most seconds for an answer (default: 60)"
    )
    serve.add_argument(
        "--most-requests",
        type=int,
        default=600,
        metavar="N",
        help="most requests of a client per minute, by token or address; 0 for no limit (default: 600)",
    )
    serve.set_defaults(command=serve_command)


def _add_leaving(group: Commands, name: str, help_text: str) -> argparse.ArgumentParser:
    """Add a command that writes what leaves the office and logs it."""
    command = add_command(group, name, f"{help_text}; adds an entry to the log", waiting_arguments())
    _add_level(command, "public", "partners")
    command.add_argument("-o", "--output", required=True, metavar="DIR", help="folder to write; must not exist yet")
    command.add_argument("--recipient", metavar="TEXT", help="recipient, for the log (default: the level)")
    return command


def _add_level(command: argparse.ArgumentParser, *levels: str) -> None:
    command.add_argument(
        "--to", "--level", dest="to", choices=levels, default="public", help="who it is for (default: public)"
    )


def package_command(options: argparse.Namespace) -> int:
    """Write the package, and print what of each source left the office."""
    return _leave(options, "package", None)


def key_command(options: argparse.Namespace) -> int:
    """Create a key, and print its public half."""
    from pathlib import Path

    from pipelines.share.signature import make_key
    from pipelines.system.errors import EXIT_DONE

    public = make_key(Path(options.file))
    if options.json:
        print_json({"file": options.file, "public_key": public})
    else:
        print_line(f"Private key in {options.file}. Send readers the public key separately from the packages:")
        print_line(public)
    return EXIT_DONE


def verify_command(options: argparse.Namespace) -> int:
    """Print whether a package is as it was signed; fail if not."""
    from pathlib import Path

    from pipelines.share.signature import NotVerified, verify_package
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED

    try:
        found = verify_package(Path(options.package), options.key)
    except NotVerified as error:
        if options.json:
            print_json({"package": options.package, "verified": False, "why": str(error)})
        else:
            print_error(str(error))
        return EXIT_REFUSED
    if options.json:
        print_json({"package": options.package, "verified": True, "key": found.key, "files": found.files})
    else:
        print_line(f"{options.package}: {found.files} files are unchanged since they were signed with {found.key}")
    return EXIT_DONE


def sdmx_command(options: argparse.Namespace) -> int:
    """Write SDMX files, and print what of each source left the office."""
    from schemas.errors import UsageError

    try:
        from pipelines.share.sdmx.files import write_sdmx_files
        from pipelines.share.sdmx.structures import check_agency
    except ImportError as error:
        raise UsageError("SDMX needs a library: pip install 'iccs-pipelines[sdmx]'") from error
    check_agency(options.agency)
    return _leave(options, "sdmx", lambda connection, folder, _: write_sdmx_files(connection, folder, options.agency))


def cts_command(options: argparse.Namespace) -> int:
    """Write rows of the UN-CTS and SDG series, and print what of each source left the office."""
    from pipelines.share.questionnaires import write_questionnaires

    return _leave(options, "cts", lambda connection, folder, _: write_questionnaires(connection, folder))


def tables_command(options: argparse.Namespace) -> int:
    """Write a workbook of printed tables, and print what of each source left the office."""
    from pipelines.share.printed_tables import write_printed_tables

    return _leave(options, "tables", lambda connection, folder, _: write_printed_tables(connection, folder))


def _leave(options: argparse.Namespace, form: str, write: Writer | None) -> int:
    from pathlib import Path

    from pipelines.share.leave import Form, make_package
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.lock import writing
    from pipelines.system.settings import load_settings
    from schemas.source import list_sources

    settings = load_settings(options.data)
    with writing(settings, options.wait):
        made = make_package(
            list_sources(),
            options.to,
            options.recipient or options.to,
            settings,
            Path(options.output),
            form=Form(form, write),
            key=Path(options.sign) if getattr(options, "sign", None) else None,
        )
    if options.json:
        sources = [_as_json(one) for one in made.sources]
        print_json({"package": made.package, "folder": str(made.folder), "to": options.to, "sources": sources})
        return EXIT_DONE
    print_table(
        ["source", "what left", "hidden cells", "why"],
        [
            [one.source, one.outcome.replace("_", " "), sum(len(series.hidden) for series in one.series), one.why]
            for one in made.sources
        ],
        title=f"Package {made.package}, in {made.folder}",
    )
    return EXIT_DONE


def check_command(options: argparse.Namespace) -> int:
    """Print what of each source would leave the office; fail if any source is refused."""
    from datetime import date
    from pathlib import Path

    from pipelines.reader.release import OpenRelease
    from pipelines.share.check import check_sharing
    from pipelines.share.left import read_left
    from pipelines.share.tau_argus import write_tau_argus
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED
    from pipelines.system.settings import load_settings
    from schemas.source import list_sources

    settings = load_settings(options.data)
    with OpenRelease(settings) as release:
        number = release.release
        found = check_sharing(release, list_sources(), options.to, date.today(), read_left(settings))
        if options.tau_argus:
            write_tau_argus(release, found, Path(options.tau_argus))
    refused = [one for one in found if one.outcome == "refused"]
    if options.json:
        print_json(
            {"release": number, "to": options.to, "shareable": not refused, "sources": [_as_json(one) for one in found]}
        )
        return EXIT_REFUSED if refused else EXIT_DONE
    print_table(
        ["source", "what leaves", "why"],
        [[one.source, one.outcome.replace("_", " "), one.why] for one in found if one.outcome != "refused"],
        title=f"Release {number}, to {options.to}",
    )
    if rows := [{"source": one.source, **figures} for one in found for figures in map(_figures, one.series)]:
        print_line()
        print_table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])
    for one in found:
        for step in one.coarser:
            print_line(f"{one.source}: {step}")
    for one in refused:
        print_error(f"{one.source} cannot be shared: {one.why}")
    return EXIT_REFUSED if refused else EXIT_DONE


def serve_command(options: argparse.Namespace) -> int:
    """Serve packages until stopped."""
    from pathlib import Path

    from pipelines.system.errors import EXIT_DONE
    from schemas.errors import UsageError

    try:
        from pipelines.share.sdmx.structures import check_agency
        from pipelines.share.serve.app import run_server
        from pipelines.share.serve.service import Limits, Service
        from pipelines.share.serve.shelf import Shelf
    except ImportError as error:
        raise UsageError("SDMX needs a library: pip install 'iccs-pipelines[sdmx]'") from error
    from pipelines.share.serve.tokens import read_tokens

    check_agency(options.agency)
    tokens = read_tokens(options.tokens)
    shelf = Shelf(Path(options.packages), options.agency)
    print_line(f"SDMX REST of {options.packages}: http://{options.host}:{options.port}/v2/ and /v1/")
    limits = Limits(options.most_cells, options.most_seconds, per_minute=options.most_requests)
    run_server(Service(shelf, tokens, limits), options.host, options.port)
    return EXIT_DONE


def diff_command(options: argparse.Namespace) -> int:
    """Print how many cells of each source are shown unchanged, changed, newly or no longer; and changed policies."""
    from pipelines.share.difference import compare_packages
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    found = compare_packages(options.old, options.new, load_settings(options.data))
    if options.json:
        print_json({"old": options.old, "new": options.new, "sources": found.sources, "policies": found.policies})
        return EXIT_DONE
    print_table(
        [name.replace("_", " ") for name in found.sources[0]] if found.sources else ["source"],
        [list(row.values()) for row in found.sources],
        title=f"Package {options.new} against {options.old}, in cells",
    )
    if found.policies:
        print_line()
        print_table(["source", "policy", "old", "new"], [list(row.values()) for row in found.policies])
    return EXIT_DONE


def _figures(series: Series) -> dict[str, Any]:
    """Return how much of a series is hidden; each hidden cell is counted once, whatever the breakdown."""
    hidden = len(series.primary) + len(series.secondary)
    return {
        "stage": series.stage,
        "counting_unit": series.counting_unit,
        "cells": series.cells,
        "below_threshold": len(series.primary),
        "hidden_to_protect": len(series.secondary),
        "hidden_%": round(100 * hidden / series.cells, 1),
        "count_hidden_%": round(100 * series.hidden_count / series.count, 1) if series.count else 0.0,
        "audited": series.examined,
        "computable": series.determined,
        "computable_by_one_person": series.determined_for_one_person,
    }


def _as_json(one: SharedSource) -> dict[str, Any]:
    return {
        "source": one.source,
        "outcome": one.outcome,
        "why": one.why,
        "threshold": one.threshold,
        "rounding": one.policy.rounding if one.policy else None,
        "coarser": list(one.coarser),
        "series": [_figures(series) for series in one.series],
    }
