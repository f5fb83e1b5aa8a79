"""Shared by all pictures: styles that do not depend on colour, words in three languages, titles and the footer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from iccs.periods import month_spans, year_spans
from pipelines.reader.plots.sheets import figure_size, make_grey_if_printed, sized, thick
from pipelines.reader.release import names_of, query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery
from pipelines.reader.words import LANGUAGES, colon, word
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, load_codelist
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from pipelines.reader.series.counts import Series

# Line style, marker, whether it is filled, and a colour: line and marker distinguish the series without the colour.
# The first eight colours are those of Okabe and Ito, the others darker or lighter kin of them.
STYLES = (
    ("-", "o", True, "#000000"),
    ("--", "s", True, "#0072B2"),
    (":", "^", True, "#D55E00"),
    ("-.", "D", True, "#009E73"),
    ((0, (5, 1, 1, 1, 1, 1)), "v", True, "#CC79A7"),
    ((0, (1, 3)), "P", True, "#56B4E9"),
    ("-", "s", False, "#E69F00"),
    ("--", "o", False, "#7F3C8D"),
    (":", "D", False, "#005A32"),
    ("-.", "^", False, "#8C510A"),
    ((0, (8, 2)), "X", False, "#01665E"),
    ((0, (3, 1, 1, 1)), "*", False, "#A50F15"),
)


POINTS_OF_INCH = 72
_ROUNDED_UP = 1.08
"""Allowance for letters whose widths are rounded up to whole pixels on a low-resolution screen."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, which a notebook shows inline, and its parts: ``figure, axes = plot_trend(...)``.

    Attributes:
        figure: to restyle, or to save with matplotlib.
        axes: of the figure; a list if it has several panels.
        title: what is shown.
        text: of the foot: verdict, population, definition, methods, caveats, source and release.
    """

    figure: Figure
    axes: Any
    title: str
    text: str

    def __iter__(self) -> Iterator[Any]:
        """Yield figure and axes."""
        return iter((self.figure, self.axes))

    @property
    def alt(self) -> str:
        """The picture in words, for screen readers."""
        return f"{self.title}. {self.text}"

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        """Return the picture, and its text for pages made from a notebook."""
        image = BytesIO()
        self.figure.savefig(image, format="png", metadata={"Description": self.alt})
        return image.getvalue(), {"alt": self.alt}


def label_of(codelist: str, code: str, language: str) -> str:
    """Return the label of a code in a language.

    >>> label_of("sex", "F", "fr")
    'Femmes'
    """
    return next(str(getattr(entry, f"label_{language}")) for entry in load_codelist(codelist) if entry.code == code)


def people_words(sex: str, age: str, language: str) -> str:
    """Return sex and age, unless they are totals, to append to a name.

    >>> people_words("F", "Y15T29", "en"), people_words("_T", "_T", "en")
    (', female, 15-29 years', '')
    """
    parts = [label_of("sex", sex, language).lower()] if sex != TOTAL else []
    parts += [age_labels(age)[LANGUAGES.index(language)].lower()] if age != TOTAL else []
    return "".join(f", {part}" for part in parts)


def key_words(keys: Iterable[SeriesKey], language: str) -> str:
    """Return counting unit and stage as far as the series of a picture share them, to follow a title.

    >>> key_words([SeriesKey("un_cts_prisons", "held_unsentenced", "person")], "en")
    ' (person, held in prison without a sentence)'
    """
    found = list(keys)
    shared = []
    for codelist in ("counting_unit", "stage"):
        codes = list({getattr(key, codelist) for key in found})
        shared += [label_of(codelist, codes[0], language).lower()] if len(codes) == 1 else []
    return f" ({', '.join(shared)})" if shared else ""


def key_label(key: SeriesKey, others: Iterable[SeriesKey], language: str) -> str:
    """Return the label of a series in the legend: counting unit and source, and the stage where the stages differ."""
    stages = {other.stage for other in others}
    stage = f" ({label_of('stage', key.stage, language).lower()})" if len(stages) > 1 else ""
    return f"{label_of('counting_unit', key.counting_unit, language)}{stage}, {key.source}"


def picture_title(
    wanted: SeriesQuery, keys: Iterable[SeriesKey], language: str, settings: Settings | None = None
) -> str:
    """Return the title of a picture: category, area, sex, age, and what its series share of counting unit and stage."""
    title, name = names_of(wanted.iccs, wanted.area or "", language, settings)
    where = f"{colon(language)}{name}" if wanted.area else ""
    attributes = "".join(f", {label_of(column, code, language).lower()}" for column, code in wanted.attributes.items())
    people = people_words(wanted.sex, wanted.age, language)
    return f"{wanted.iccs} {title}{where}{people}{attributes}{key_words(keys, language)}"


def short_name(name: str) -> str:
    """Return the name of an area, shortened to fit next to a line or above a small panel.

    >>> short_name("Jalisco"), short_name("Ciudad Autónoma de Buenos Aires")
    ('Jalisco', 'Ciudad Autónoma de …')
    """
    return name if len(name) < 21 else name[:19] + "…"


def new_figure(width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return a figure that needs no display, and its axes."""
    figure = blank_figure(width, height)
    axes = figure.subplots()
    clear_frame(axes)
    return figure, axes


def blank_figure(width: float, height: float) -> Figure:
    """Return a figure without axes that needs no display."""
    from matplotlib import rcParams
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=figure_size(width, height), dpi=rcParams["figure.dpi"], layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def panel_canvas(ax: Axes | None, width: float, height: float) -> Figure | SubFigure:
    """Return where to draw panels: a new figure, or the space of the caller's axes, which are removed.

    A caller's figure without a layout gets the constrained layout, so that titles, legends and feet have room.

    Raises:
        UsageError: the axes are not in a grid, such as that of ``subplots``.
    """
    if ax is None:
        return blank_figure(width, height)
    place = ax.get_subplotspec()
    if place is None:
        raise UsageError("ax: panels replace axes created by subplots or add_subplot; these axes were placed by hand")
    root = cast("Figure", ax.get_figure(root=True))
    parent = cast("Figure | SubFigure", ax.get_figure(root=False))
    if root.get_layout_engine() is None:
        root.set_layout_engine("constrained")
    ax.remove()
    return parent.add_subfigure(place)


def inches_wide(figure: Figure | SubFigure) -> float:
    """Return the width of a figure, or of a part of one, in inches."""
    return float(figure.bbox.width / figure.dpi)


def clear_frame(axes: Axes) -> None:
    """Keep only the useful parts of the frame: two axes and light grid lines."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.88", linewidth=thick(0.8))
    axes.set_axisbelow(True)


def whole_years(axes: Axes) -> None:
    """Put the ticks of the horizontal axis on whole years."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def canvas(ax: Axes | None, width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return the figure and axes to draw on: those given, or new ones."""
    if ax is None:
        return new_figure(width, height)
    clear_frame(ax)
    return cast("Figure", ax.get_figure(root=True)), ax


def finish_picture(figure: Figure | SubFigure, axes: Any, title: str, text: str, ax: Axes | None = None) -> Picture:
    """Add title and foot to the figure or its part, or to the axes if they are the caller's; return the picture."""
    root = figure.get_figure(root=True)
    if ax is None:
        width, (large, small) = inches_wide(figure) * 0.98, (11, 7) if figure is root else (9, 6)
        figure.suptitle(wrap_lines(title, width, sized(large)), x=0.01, ha="left", fontsize=sized(large))
        foot = wrap_lines(text, width, sized(small))
        figure.supxlabel(foot, fontsize=sized(small), color="0.35", x=0.01, ha="left")
    else:
        width = inches_wide(figure) * ax.get_position().width
        ax.set_title(wrap_lines(title, width, sized(9)), loc="left", fontsize=sized(9))
        ax.set_xlabel(wrap_lines(text, width, sized(6)), fontsize=sized(6), color="0.35", loc="left")
    if ax is None:  # the rest of the caller's figure is not ours to change
        make_grey_if_printed(figure)
    return Picture(root, axes, title, text)


def wrap_lines(text: str, inches: float, points: float) -> str:
    """Return a text wrapped to a width; a wider word gets a line of its own.

    Args:
        text: to be set in the font of the pictures.
        inches: width of a line.
        points: size of the letters.
    """
    lines: list[str] = []
    left = 0.0
    for one in text.split(" "):
        width = text_width(one, points)
        if lines and width <= left:
            lines[-1] += f" {one}"
        else:
            lines.append(one)
            left = inches * POINTS_OF_INCH / _ROUNDED_UP
        left -= width + text_width(" ", points)
    return "\n".join(lines)


@lru_cache(maxsize=10_000)
def text_width(text: str, points: float) -> float:
    """Return the width of a text at a font size, both in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    def measure(letters: str) -> float:
        return float(TextToPath().get_text_width_height_descent(letters, FontProperties(size=points), False)[0])

    # A blank alone has no outline to measure.
    return measure("n n") - measure("nn") if text == " " else measure(text)


def foot_text(sources: Sequence[str], notes: Sequence[str], language: str, settings: Settings | None = None) -> str:
    """Return the foot of a picture: notes, sources and release."""
    publishers = query("SELECT source, publisher FROM out.source", settings).rows
    (release,) = query("SELECT release FROM out.release", settings).rows[0]
    names = list(dict.fromkeys(f"{name} ({source})" for source, name in publishers if source in sources))
    text = f"{' '.join(notes)} {word('source', language)}{colon(language)}{', '.join(names)}. "
    text += f"{word('release', language)} {release}."
    if language == "fr":  # no line begins with the mark that follows a space
        text = re.sub(" (?=[:;%])", "\N{NO-BREAK SPACE}", text)
    return text.strip()


def label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write the name of each line beside its end, without overlaps, instead of a legend.

    Args:
        axes: with their limits set.
        ends: of each line: x and y of its last point, name and colour.
    """
    low, high = axes.get_ylim()
    ranked = sorted(ends, key=lambda end: end[1])
    heights = spread_labels([(y - low) / (high - low) for _, y, _, _ in ranked], 0.045)
    for (x, y, text, colour), height in zip(ranked, heights, strict=True):
        axes.annotate(
            text,
            (x, y),
            (1.02, height),
            textcoords="axes fraction",
            fontsize=sized(8),
            va="center",
            color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 4},
        )


_SPANS: dict[str, Callable[[list[Any]], str]] = {"year": year_spans, "month": month_spans, "ref_area": ", ".join}


def series_caveat_notes(series: Series, language: str) -> list[str]:
    """Return the caveats of the periods of one series, as :func:`caveat_notes`."""
    by = "month" if series.query.freq == "M" else "year"
    return caveat_notes([row | {by: row["step"]} for row in series.caveat_rows], language, by)


def caveat_notes(rows: Sequence[dict[str, Any]], language: str, by: str = "year") -> list[str]:
    """Return the caveats of the figures of a picture, each once, with the years or areas concerned if not all.

    Args:
        rows: year (or month, as a step) or ref_area, and caveats, of each figure.
        language: of the texts.
        by: ``year``, ``month`` or ``ref_area``.
    """
    places: dict[str, set[Any]] = {}
    for row in rows:
        for caveat in filter(None, (row["caveats"] or "").split(";")):
            places.setdefault(caveat, set()).add(row[by])
    if not places:
        return []
    every = {row[by] for row in rows}
    texts = []
    for caveat, found in sorted(places.items()):
        where = _SPANS[by](sorted(found))
        texts.append(label_of("caveat", caveat, language) + ("" if found == every else f" ({where})"))
    return [f"{word('caveats', language)}{colon(language)}{'; '.join(texts)}."]


def population_notes(rows: Sequence[dict[str, Any]], language: str, settings: Settings | None = None) -> list[str]:
    """Return the source of the population behind the rates of a picture, in one line.

    Args:
        rows: ``population_source`` of each figure.
        language: of the text.
        settings: where the published file is.
    """
    populations = sorted({row["population_source"] for row in rows if row["population_source"]})
    if not populations:
        return []
    names = dict(query("SELECT source, publisher FROM out.source", settings).rows)
    listed = ", ".join(f"{names[source]} ({source})" for source in populations)
    return [f"{word('population', language)}{colon(language)}{listed}."]


def check_picture_path(path: Path) -> None:
    """Check the name of a picture before work is done for it.

    Raises:
        UsageError: the ending is not that of a picture, it is a folder, or it is below a file.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file for the picture")
    if file := next((above for above in path.parents if above.is_file()), None):
        raise UsageError(f"{file} is a file, so no picture can be written below it")
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"{path.name}: the name of a picture must end in .png, .svg or .pdf")


def save_picture(picture: Picture, path: Path) -> None:
    """Write a picture to a .png, .svg or .pdf file, with its text for screen readers.

    Its folder is made if needed.

    Raises:
        UsageError: the ending is not that of a picture.
    """
    check_picture_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = "Subject" if path.suffix.lower() == ".pdf" else "Description"
    picture.figure.savefig(path, metadata={"Title": picture.title, key: picture.alt})


def spread_labels(places: Sequence[float], apart: float) -> list[float]:
    """Return heights with a minimum distance, as near as possible to their original ones, for labels of points.

    Least squares under order constraints by pooling neighbours (Robertson, Wright and Dykstra 1988, Order Restricted
    Statistical Inference, section 1.2).

    Args:
        places: rising.
        apart: smallest distance.

    >>> [round(height, 2) for height in spread_labels([1.0, 1.1, 5.0], 0.5)]
    [0.8, 1.3, 5.0]
    """
    pools: list[list[float]] = []  # mean and size
    for position, place in enumerate(places):
        pools.append([place - position * apart, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * size) / (pools[-1][1] + size), pools[-1][1] + size]
    flat = [mean for mean, size in pools for _ in range(int(size))]
    return [height + position * apart for position, height in enumerate(flat)]
