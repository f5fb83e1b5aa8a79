"""Arguments shared by several commands."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.reader.selection import SeriesQuery
    from pipelines.system.settings import Settings

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


WITH_DRAFTS = "also use concordance links that have not been reviewed (default: their counts are left out, and listed)"


def common_arguments(*, data: bool, json: bool) -> argparse.ArgumentParser:
    """Return the arguments of a command that reads or writes a data folder, and of one that answers."""
    parent = argparse.ArgumentParser(add_help=False)
    if data:
        parent.add_argument(
            "--data", metavar="DIR", help="data folder (default: ICCS_DATA, otherwise the project's, otherwise ./data)"
        )
    if json:
        parent.add_argument("--json", action="store_true", help="print JSON")
    return parent


def waiting_arguments() -> argparse.ArgumentParser:
    """Return the arguments of a command that takes the lock of the data folder."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--wait",
        type=seconds,
        default=0,
        metavar="SECONDS",
        help="how long to wait if another run holds the lock (default: 0, fail at once)",
    )
    return parent


def seconds(text: str) -> float:
    """Return a number of seconds, for argparse.

    >>> seconds("2.5")
    2.5
    >>> seconds("nan")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: 'nan' is not a number of seconds
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return number


def port_number(text: str, least: int = 0) -> int:
    """Return the number of a port, for argparse; 0 means any free port.

    >>> port_number("8000")
    8000
    >>> port_number("99999")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '99999' is not a port: write a number from 0 to 65535
    """
    if not text.isdecimal() or not least <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: write a number from {least} to 65535")
    return int(text)


def known_port(text: str) -> int:
    """Return the number of a port that others must know, so not 0, for argparse."""
    return port_number(text, least=1)


def add_command(
    commands: Commands,
    name: str,
    help_text: str,
    *more: argparse.ArgumentParser,
    data: bool = True,
    json: bool = True,
) -> argparse.ArgumentParser:
    """Add a command with the arguments of :func:`common_arguments` and of further parsers.

    Args:
        commands: where to add it.
        name: name of the command.
        help_text: one line of help.
        more: parsers whose arguments it takes as well.
        data: whether it uses a data folder.
        json: whether it prints an answer; a command that serves until it is stopped does not.
    """
    common = common_arguments(data=data, json=json)
    return commands.add_parser(name, parents=[common, *more], help=help_text, description=help_text)


def add_group(commands: Commands, name: str, help_text: str) -> Commands:
    """Add a command with subcommands, and return the place to add those."""
    parser = commands.add_parser(name, help=help_text, description=help_text)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def series_arguments() -> argparse.ArgumentParser:
    """Return the arguments that choose a series and draw it; :func:`series_query` reads them."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("code", metavar="CODE", help="ICCS category, by code or title: 0101, Robbery")
    parent.add_argument("--sex", default="_T", help="sex, by code or name: F, Female, _O, _U (default: _T, all)")
    parent.add_argument("--age", default="_T", help="age, by code or name: Y15T29, 15-19 years (default: _T, all)")
    parent.add_argument("--source", metavar="ID", help="source of the figures")
    parent.add_argument("--stage", metavar="STAGE", help="stage of the process: recorded, convicted, held ...")
    parent.add_argument(
        "--unit",
        metavar="UNIT",
        help=(
            "counting unit: victim, offence, person ... (default: if there are several series, the first by stage, "
            "then unit)"
        ),
    )
    parent.add_argument("--plot", metavar="FILE", help="draw a picture: .png, .svg or .pdf")
    add_style(parent)
    add_language(parent, "tables, lines and pictures")
    return parent


def add_language(parser: argparse.ArgumentParser, of: str = "tables and lines") -> None:
    """Add ``--lang``, the language of what a command prints."""
    parser.add_argument("--lang", choices=("en", "fr", "es"), default="en", help=f"language of {of} (default: en)")


class _Style(argparse.Action):
    """Stores the style, and that it was given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.style, namespace.style_asked = values, True


def add_style(parser: argparse.ArgumentParser) -> None:
    """Add ``--style``, which needs a picture; see :func:`style_problem`."""
    parser.add_argument(
        "--style",
        action=_Style,
        default="screen",
        metavar="STYLE",
        help="style of the picture: screen, print (grey, for paper), slides (16:9, large text), or a matplotlib style "
        "sheet, .mplstyle (default: screen)",
    )


def style_problem(options: argparse.Namespace) -> str | None:
    """Return why ``--style`` has no effect (no picture is asked for); None if it has one, or was not given."""
    pictures = (getattr(options, name, None) for name in ("plot", "map_file"))
    if not getattr(options, "style_asked", False) or any(pictures):
        return None
    other = " or --map FILE" if hasattr(options, "map_file") else ""
    return f"--style is the style of a picture: add --plot FILE{other}, or leave it out"


def series_query(options: argparse.Namespace, settings: Settings, freq: str = "A") -> SeriesQuery:
    """Return the query that the arguments of :func:`series_arguments` and ``--area`` ask for.

    Raises:
        UnknownCode: no category has that code or title.
        UsageError: no area has that code or name, there is no such style, or the file name of the picture does
            not end like a picture's.
    """
    from pathlib import Path

    from pipelines.reader.areas import find_area
    from pipelines.reader.names import find_category, find_code, find_listed
    from pipelines.reader.plots.sheets import style_path
    from pipelines.reader.plots.style import check_picture_path
    from pipelines.reader.selection import SeriesQuery

    if options.plot:
        check_picture_path(Path(options.plot))
        style_path(options.style)
    return SeriesQuery(
        iccs=find_category(options.code),
        area=None if options.area is None else find_area(options.area, settings),
        sex=find_code("sex", options.sex, settings),
        age=find_code("age", options.age, settings),
        freq=freq,
        source=options.source,
        stage=options.stage and find_listed("stage", options.stage),
        counting_unit=options.unit and find_listed("counting_unit", options.unit),
    )
