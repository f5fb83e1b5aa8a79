"""Styles of pictures: matplotlib style sheets for screen, print and slides, or the user's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from schemas.errors import UsageError, nearest_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

STYLE_NAMES = ("screen", "print", "slides")
SCREEN = "screen"
_SHEET = ".mplstyle"
_LETTERS, _LINES, _WIDTH, _HEIGHT = 10.0, 1.5, 8.0, 4.8
"""Of the sheet for screens, in which sizes of pictures are written."""

P = ParamSpec("P")
R = TypeVar("R")


def style_path(style: str) -> Path:
    """Return the style sheet with a name, or the user's own by its path.

    Raises:
        UsageError: there is no such style or file.

    >>> style_path("slides").name
    'slides.mplstyle'
    """
    if style in STYLE_NAMES:
        return Path(str(resources.files("pipelines").joinpath("reader", "plots", "styles", style + _SHEET)))
    own = Path(style)
    if own.suffix == _SHEET and own.is_file():
        return own
    near = nearest_values(style, STYLE_NAMES) or STYLE_NAMES
    raise UsageError(f"there is no style {style!r}; nearest: {', '.join(near)}; or give a file that ends in {_SHEET}")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw in the style of its parameter ``style``: a name, or the path of a style sheet."""

    @wraps(draw)
    def draw_in_style(*arguments: P.args, **named: P.kwargs) -> R:
        from matplotlib.style import context

        # The sheet for screens is the base of every other, so that a user's own only has what it changes.
        sheets = [style_path(SCREEN), style_path(str(named.get("style", SCREEN)))]
        with context([str(sheet) for sheet in sheets]):
            return draw(*arguments, **named)

    return draw_in_style


def sized(points: float) -> float:
    """Return the font size in the current style for one given for screens.

    >>> sized(8)
    8.0
    """
    return points * float(_setting("font.size")) / _LETTERS


def thick(width: float) -> float:
    """Return the line width in the current style for one given for screens."""
    return width * float(_setting("lines.linewidth")) / _LINES


def figure_size(width: float, height: float) -> tuple[float, float]:
    """Return width and height of a figure, in inches, in the current style for those given for screens."""
    across, up = _setting("figure.figsize")
    return width * float(across) / _WIDTH, height * float(up) / _HEIGHT


def make_grey_if_printed(figure: Figure | SubFigure) -> None:
    """If the style in use is for print, replace every colour in a figure by the grey of the same lightness."""
    if _setting("image.cmap") not in ("gray", "grey", "Greys"):
        return
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    for part in figure.findobj(lambda one: isinstance(one, Line2D | Text | Patch | Collection)):
        if isinstance(part, Line2D):
            part.set_color(_grey(part.get_color()))
            part.set_markerfacecolor(_grey(part.get_markerfacecolor()))
            part.set_markeredgecolor(_grey(part.get_markeredgecolor()))
        elif isinstance(part, Text):
            part.set_color(_grey(part.get_color()))
            if (arrow := getattr(part, "arrow_patch", None)) is not None:  # of an annotation
                arrow.set_color(_grey(arrow.get_edgecolor()))
        elif isinstance(part, Patch):
            part.set_edgecolor(_grey(part.get_edgecolor()))
            part.set_facecolor(_grey(part.get_facecolor()))
        elif isinstance(part, Collection):
            part.set_facecolor([_grey(one) for one in part.get_facecolor()])
            part.set_edgecolor([_grey(one) for one in part.get_edgecolor()])


def _grey(colour: Any) -> Any:
    """Return the grey with the luminance (Rec. 709) and opacity of a colour."""
    from matplotlib.colors import to_rgba

    red, green, blue, opacity = to_rgba(colour)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (light, light, light, opacity)


def _setting(name: str) -> Any:
    import matplotlib as mpl

    settings: dict[Any, Any] = mpl.rcParams
    return settings[name]
