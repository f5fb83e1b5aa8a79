"""The command ``iccs``: assembles the commands, runs one, and turns errors into messages and exit codes.

Command modules import heavy packages inside their functions, so that help is quick.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from pipelines.cli import areas, check, codes, concordance, quality, run, sources
from pipelines.cli.arguments import style_problem
from pipelines.cli.office import acquire, init, repair, serve, status
from pipelines.cli.release import notebook, query, releases, share, site
from pipelines.cli.series import compare, estimates, evaluate, evidence, funnel, latest, map, trend

COMMANDS = (
    init,
    sources,
    concordance,
    codes,
    areas,
    check,
    acquire,
    run,
    quality,
    status,
    repair,
    serve,
    query,
    trend,
    latest,
    compare,
    map,
    funnel,
    estimates,
    evaluate,
    evidence,
    notebook,
    releases,
    site,
    share,
)
"""In the order of the help: declaring sources, running them, asking the published file, passing it on."""


def _read(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; ends with a usage error if they are not valid or have no effect."""
    options = parser.parse_args(arguments)
    if problem := style_problem(options):
        parser.error(problem)
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 data refused, 2 usage, 3 internal error."""
    parser = build_parser()
    options = _read(parser, arguments)
    from pipelines.system.errors import EXIT_DONE, EXIT_USAGE

    if arguments is None:  # run as the program, not called by another one
        prepare_process()
    command: Callable[[argparse.Namespace], int] | None = getattr(options, "command", None)
    if command is None:
        parser.print_help()
        return EXIT_USAGE
    try:
        if arguments is None:
            _name_project()
        return command(options)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the last release is unchanged\n")
        return 130
    except SystemExit as ended:
        if ended.code == 128 + signal.SIGTERM:
            sys.stderr.write("stopped by SIGTERM; the last release is unchanged\n")
        raise
    except BrokenPipeError:  # the reader of the pipe closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as error:  # whatever it is, the user gets a message and an exit code, not a traceback
        from pipelines.system.running.steps import ended_by_signal

        if number := ended_by_signal():  # DuckDB turns it into an error, "Query interrupted"
            sys.stderr.write("stopped by a signal; the last release is unchanged\n")
            return 128 + number
        return _explain(error)


def prepare_process() -> None:
    """End on SIGTERM as on Ctrl-C, and hide what is written from accounts that are neither owner nor in the group."""
    from pipelines.system.running.steps import end_on_signals

    if threading.current_thread() is threading.main_thread():
        end_on_signals()
        os.umask(os.umask(0o027) | 0o027)


def _name_project() -> None:
    """Let every process that the command starts find the project, whatever folder it runs in."""
    from schemas.project import VARIABLE, find_project

    if (project := find_project()) is not None:
        os.environ[VARIABLE] = str(project.root)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    parser = argparse.ArgumentParser(
        prog="iccs",
        description=(
            "From national crime files to comparable trends in the International Classification of Crime (ICCS)."
        ),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return parser


class _Version(argparse.Action):
    """Look up the installed version only on request: it takes as long as the rest of the help."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("iccs-pipelines")
        except PackageNotFoundError:
            found = "(not installed: run from the source tree)"
        sys.stdout.write(f"iccs {found}\n")
        parser.exit()


def _explain(error: Exception) -> int:
    """Print what went wrong and what to do, and return the exit code."""
    if isinstance(error, MemoryError):  # not DuckDB's, which has its own limit: nothing more can be imported
        sys.stderr.write("the system gives the process no more memory; the last release is unchanged\n")
        return 3
    from iccs.classification import UnknownCode
    from iccs.concordance import ConcordanceError
    from pipelines.cli.printing import print_error
    from pipelines.system.errors import (
        EXIT_FAULT,
        EXIT_REFUSED,
        EXIT_USAGE,
        DamagedStore,
        DataRefused,
        LimitReached,
        SharingRefused,
        reason_of,
    )
    from pipelines.system.running.limits import describe_limit
    from schemas.declarations import DeclarationError
    from schemas.errors import UsageError

    for note in getattr(error, "__notes__", ()):  # where it happened, and what became of the rest
        print_error(note)
    if isinstance(error, (DataRefused, ConcordanceError, SharingRefused)):
        print_error(str(error))
        return EXIT_REFUSED
    if isinstance(error, (UsageError, UnknownCode, DeclarationError)):
        print_error(str(error))
        return EXIT_USAGE
    if isinstance(error, (DamagedStore, LimitReached)):
        print_error(str(error))
        return EXIT_FAULT
    if (limit := describe_limit(error)) is not None:
        print_error(limit.summary)
        print_error(f"the last release is unchanged; {limit.to_do}")
        return EXIT_FAULT
    print_error(str(error) or reason_of(error))
    if os.environ.get("ICCS_TRACEBACK"):
        raise error
    print_error(f"internal error ({type(error).__name__}); please report it; set ICCS_TRACEBACK=1 to see the traceback")
    return EXIT_FAULT
