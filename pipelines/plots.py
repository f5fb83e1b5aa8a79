"""Pictures of trends, legible in black and white, with source and release in the foot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.settings import Settings
from pipelines.warehouse import packaged_query, query

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Line style, marker and a colour of the Okabe-Ito set: each alone tells the series apart.
STYLES = (
    ("-", "o", "#000000"),
    ("--", "s", "#0072B2"),
    (":", "^", "#D55E00"),
    ("-.", "D", "#009E73"),
    ((0, (5, 1, 1, 1, 1, 1)), "v", "#CC79A7"),
    ((0, (1, 3)), "P", "#56B4E9"),
)


def new_figure(width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return a figure that needs no screen, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def draw_series(axes: Axes, rows: Sequence[dict[str, Any]], label: str, position: int) -> None:
    """Draw one annual series of rates with its 95 % interval; a missing year leaves a gap.

    Args:
        axes: where to draw.
        rows: time_period, rate_per_100k, ci_low, ci_high, in order of time.
        label: name in the legend.
        position: number of the series, for its style.
    """
    line, marker, colour = STYLES[position % len(STYLES)]
    first, last = int(rows[0]["time_period"]), int(rows[-1]["time_period"])
    by_year = {int(row["time_period"]): row for row in rows}
    years = list(range(first, last + 1))

    def column(name: str) -> list[float]:
        return [
            float("nan") if year not in by_year or by_year[year][name] is None else by_year[year][name]
            for year in years
        ]

    axes.plot(years, column("rate_per_100k"), linestyle=line, marker=marker, color=colour, markersize=4, label=label)
    axes.fill_between(years, column("ci_low"), column("ci_high"), color=colour, alpha=0.15, linewidth=0)


def finish(figure: Figure, axes: Axes, title: str, foot: str) -> None:
    """Put title, axis, legend and foot on a figure of rates."""
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel("per 100,000 population")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8)
    figure.supxlabel(foot, fontsize=7, color="0.35", x=0.01, ha="left")


def foot_text(sources: Sequence[str], settings: Settings | None = None) -> str:
    """Return the foot of a picture: sources, method of the interval, release."""
    (release,) = query("SELECT release FROM out.release", settings).rows[0]
    return f"Source: {', '.join(sources)}. Band: exact Poisson 95 % interval. Release {release}."


def plot_trend(code: str, area: str, sex: str, path: Path, settings: Settings | None = None) -> Path:
    """Draw the annual rates of one ICCS category in one area, a line for each source and counting unit.

    Raises:
        UsageError: there is no rate to draw, or the file's ending is not that of a picture.
    """
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"{path.name}: a picture ends in .png, .svg or .pdf")
    rows = packaged_query("trend_series", settings, iccs=code, area=area, sex=sex).records()
    rows = [row for row in rows if row["rate_per_100k"] is not None]
    if not rows:
        raise UsageError(f"there is no rate of {code} in {area} to draw")
    names = query(
        "SELECT (SELECT title_en FROM out.iccs WHERE code = $code), (SELECT name_en FROM out.area WHERE code = $area), "
        "(SELECT label_en FROM out.sex WHERE code = $sex)",
        settings,
        {"code": code, "area": area, "sex": sex},
    ).rows[0]
    figure, axes = new_figure()
    series = list(dict.fromkeys((row["source"], row["counting_unit"], row["stage"]) for row in rows))
    for position, key in enumerate(series):
        chosen = [row for row in rows if (row["source"], row["counting_unit"], row["stage"]) == key]
        draw_series(axes, chosen, f"{key[0]}: {key[2]} {key[1]}s", position)
    people = "" if sex == "_T" else f", {names[2].lower()}"
    foot = foot_text(sorted({key[0] for key in series}), settings)
    finish(figure, axes, f"{code} {names[0]}: {names[1]}{people}", foot)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
