"""Picture of the dark figure: survey estimates beside police records, never as one series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import (
    POINTS_OF_INCH,
    STYLES,
    Picture,
    caveat_notes,
    clear_frame,
    finish_picture,
    foot_text,
    inches_wide,
    label_of,
    panel_canvas,
    people_words,
    text_width,
    wrap_lines,
)
from pipelines.reader.release import names_of
from pipelines.reader.series.estimates import Rows, read_estimates
from pipelines.reader.words import LANGUAGES, WORDS, colon, figure_in, word
from pipelines.system.settings import Settings
from schemas.codelists import age_labels
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOTAL = "_T"
_SURVEY = (
    "survey_source",
    "measure",
    "national_code",
    "survey_counting_unit",
    "universe",
    "age",
    "reference_period",
)
"""The columns that identify a series of a survey: figures that differ in one of them are never drawn as one."""
_SHARES = ("recorded_share", "recorded_share_low", "recorded_share_high")
_TOLD_OF = ("offences", "victims")
"""The units of shares estimated by the survey itself."""
_MOST_TOLD = 2
_SHARE_OF_WIDTH = 0.2
"""Share of the figure's width for the panel of shares."""
_WIDE = 1.85
"""Room above the first panel, relative to the width of the panel of shares."""
_RECORDED = ("recorded_source", "recorded_counting_unit")
_MOST_SERIES = len(STYLES)


@styled
def plot_dark_figure(
    iccs: str,
    area: str,
    sex: str = TOTAL,
    language: str = "en",
    settings: Settings | None = None,
    *,
    ax: Axes | None = None,
    style: str = SCREEN,
) -> Picture:
    """Draw the estimates of a survey, the recorded counts of the same years, and the one over the other.

    Three panels, each of its own population, which the footer names; the first two have the same scale. Bars are the
    limits of the estimates, and in the panel of shares those that follow from them. Above that panel is the last share
    as a number with its limits; above the panel of the survey, what the survey itself found, such as a share reported.

    Args:
        iccs: category, without those inside it.
        area: code of the area.
        sex: of the persons.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes of yours, made by ``subplots``, whose place the panels take; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: the release has no estimate of them, or no recorded count beside one, or more series on a side than
            a picture can tell apart; or ``ax`` is in no grid.

    Example::

        plot_dark_figure("0401", "AU")
    """
    found = read_estimates(iccs, [area], sex=sex, settings=settings)
    rows = [row for row in found.beside if row["iccs"] == iccs]
    if not rows:
        beside = f"no recorded count to compare with an estimate of {iccs} in {area} for the same year and sex {sex}"
        raise UsageError(f"{beside}; see: iccs estimates")
    most = max(len(_series(rows, *side)) for side in (_SURVEY, _RECORDED))
    if most > _MOST_SERIES:
        raise UsageError(f"{most} series of {iccs} in {area} are too many for one picture; see: iccs estimates")
    survey_shares = _survey_shares(found.figures, iccs, rows)
    figure = panel_canvas(ax, 9.5, 4.8)
    panels = figure.subplots(1, 3, gridspec_kw={"width_ratios": (3, 3, 2)})
    narrow = _SHARE_OF_WIDTH * inches_wide(figure)
    _draw_estimates(panels[0], rows, survey_shares, _WIDE * narrow, language)
    _draw_recorded(panels[1], rows, language)
    _draw_share(panels[2], rows, narrow, language)
    _space_years(panels, rows, narrow)
    top = 1.1 * max(max(row["upper_limit"] or row["estimate"], row["recorded"]) for row in rows)
    for panel in panels[:2]:
        panel.set_ylim(0, top)
    title, name = names_of(iccs, area, language, settings)
    people = people_words(sex, TOTAL, language)
    whole = f"{iccs} {title}{colon(language)}{name}{people}, {word('dark figure', language)}"
    sources = [row[side] for row in rows for side in ("survey_source", "recorded_source")]
    sources = list(dict.fromkeys([*sources, *(row["source"] for row in survey_shares)]))
    text = foot_text(sources, _notes(rows, survey_shares, language), language, settings)
    return finish_picture(figure, list(panels), whole, text)


def _space_years(panels: Iterable[Axes], rows: Rows, narrow: float) -> None:
    """Mark as many years as there is room for; ``narrow`` is the width of the last panel in inches."""
    from matplotlib.ticker import MaxNLocator  # late, as all of matplotlib

    years = [int(row["time_period"]) for row in rows]
    most = int(narrow * POINTS_OF_INCH / (1.4 * text_width("2020", sized(8))))
    for axes, times in zip(panels, (1.5, 1.5, 1.0), strict=True):
        clear_frame(axes)
        axes.set_xlim(min(years) - 0.5, max(years) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(max(int(times * most), 1), integer=True, min_n_ticks=1))


def _series(rows: Rows, *columns: str) -> dict[tuple[str | None, ...], Rows]:
    """Return the rows of each series of one side, each year once."""
    found: dict[tuple[str | None, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in columns), {})[row["time_period"]] = row
    return {key: [years[year] for year in sorted(years)] for key, years in found.items()}


def _survey_names(rows: Rows, language: str) -> dict[tuple[str | None, ...], str]:
    """Return the name of each series of a survey: the category, and if there are several, its measure and unit."""
    series = _series(rows, *_SURVEY)
    names = {}
    for key, own in series.items():
        one = own[0]
        name = f"{one['national_label']}, {one['survey_source']}"
        if len(series) > 1:
            unit = label_of("counting_unit", one["survey_counting_unit"], language).lower()
            name = f"{name}, {one['measure']}\n({unit}; {_people(one, language)})"
        names[key] = name
    return names


def _people(row: dict[str, Any], language: str) -> str:
    """Return the population of an estimate, in words."""
    people = label_of("universe", row["universe"], language).partition(" (")[0].lower()
    if row["age"] not in (TOTAL, "_Z") and row["universe"] == "persons":
        people = f"{people}, {age_labels(row['age'])[LANGUAGES.index(language)].lower()}"
    return people


def _draw_estimates(axes: Axes, rows: Rows, survey_shares: Rows, room: float, language: str) -> None:
    _head(axes, word("experienced panel", language), _survey_share_lines(survey_shares, language), room)
    names = _survey_names(rows, language)
    for place, (key, own) in enumerate(_series(rows, *_SURVEY).items()):
        _draw_points(axes, own, "estimate", ("lower_limit", "upper_limit"), names[key], (place, place))
    _finish(axes, language)


def _draw_recorded(axes: Axes, rows: Rows, language: str) -> None:
    axes.set_title(word("recorded panel", language), fontsize=sized(9), loc="left")
    for place, ((source, unit), own) in enumerate(_series(rows, *_RECORDED).items()):
        label = f"{label_of('counting_unit', str(unit), language)}, {source}"
        _draw_points(axes, own, "recorded", None, label, (place, place), hollow=True)
    _finish(axes, language)


def _draw_share(axes: Axes, rows: Rows, room: float, language: str) -> None:
    """Draw each share in the colour of its estimates, with the marker of its recorded counts; the last as numbers.

    ``room`` is the width of the panel in inches.
    """
    _head(axes, word("share panel", language), _share_lines(rows, language), room)
    limits = ("recorded_share_low", "recorded_share_high")
    surveys, records = list(_series(rows, *_SURVEY)), list(_series(rows, *_RECORDED))
    for key, own in _series(rows, *_SURVEY, *_RECORDED).items():
        looks = surveys.index(key[: len(_SURVEY)]), records.index(key[len(_SURVEY) :])
        percent = [
            {**row, **{name: row[name] and 100 * row[name] for name in ("recorded_share", *limits)}} for row in own
        ]
        _draw_points(axes, percent, "recorded_share", limits, None, looks, hollow=True)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("%", fontsize=sized(8))
    axes.tick_params(labelsize=sized(8))


def _draw_points(
    axes: Axes,
    rows: Sequence[dict[str, Any]],
    value: str,
    limits: tuple[str, str] | None,
    label: str | None,
    looks: tuple[int, int],
    *,
    hollow: bool = False,
) -> None:
    """Draw the points of one series, offset from others in the same year, with limits if they have both.

    ``looks`` are the positions of its colour and its marker in the list of styles.
    """
    colour, marker = STYLES[looks[0]][3], STYLES[looks[1]][1]
    x = [int(row["time_period"]) + 0.12 * max(looks) for row in rows]
    if limits is not None:
        for at, row in zip(x, rows, strict=True):
            if row[limits[0]] is not None and row[limits[1]] is not None:
                axes.plot([at, at], [row[limits[0]], row[limits[1]]], "-", color=colour, linewidth=thick(1.4))
    face = "white" if hollow else colour
    heights = [row[value] for row in rows]
    look: dict[str, Any] = {
        "linestyle": "none",
        "marker": marker,
        "color": colour,
        "markerfacecolor": face,
        "markersize": 6,
    }
    axes.plot(x, heights, label=label, **look)


def _finish(axes: Axes, language: str) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: figure_in(f"{value:,.0f}", language)))
    axes.tick_params(labelsize=sized(8))
    axes.legend(frameon=False, fontsize=sized(7), loc="best")


def _notes(rows: Rows, survey_shares: Rows, language: str) -> list[str]:
    """Return what the two sides are, how they compare in the last year of each survey series, and how they differ."""
    notes = []
    names = _survey_names(rows, language)
    for row in _last_rows(rows):
        text = _describe_series(row, language)
        name = names[tuple(row[column] for column in _SURVEY)].replace(chr(10), " ")
        notes += [f"{name}{colon(language)}{text}"] if len(names) > 1 else [text]
    if len(names) > 1:
        notes.append(word("share signs", language))
    notes.append(word("no reporting rate", language))
    for row in survey_shares:
        share = _share_text(row["estimate"], row["lower_limit"], row["upper_limit"], language)
        told_by = word(f"told of {row['universe']}", language)
        notes.append(
            told_by.format(measure=_measure_name(row["measure"], language), year=row["time_period"], share=share)
        )
    return [*notes, *caveat_notes([{**row, "year": int(row["time_period"])} for row in rows], language)]


def _survey_shares(figures: Rows, iccs: str, rows: Rows) -> Rows:
    """Return the surveys' shares of offences or victims in the last year of the picture, such as those reported."""
    year = max(row["time_period"] for row in rows)
    return [
        row
        for row in figures
        if row["iccs"] == iccs
        and row["universe"] in _TOLD_OF
        and row["unit_of_measure"] == "percent"
        and row["time_period"] == year
        and row["estimate"] is not None
    ][:_MOST_TOLD]


def _last_rows(rows: Rows) -> Rows:
    """Return for each survey series the row of its last year, beside the largest of the recorded counts."""
    last = []
    for key, own in _series(rows, *_SURVEY).items():
        year = own[-1]["time_period"]
        same = [row for row in rows if tuple(row[name] for name in _SURVEY) == key and row["time_period"] == year]
        last.append(max(same, key=lambda row: row["recorded"]))
    return last


def _share_lines(rows: Rows, language: str) -> list[str]:
    """Return the last share of each survey series, for the heading of the panel of shares."""
    last = _last_rows(rows)
    lines = []
    for row in last if len(last) <= _MOST_TOLD else []:
        share, low, high = (row[name] and 100 * row[name] for name in _SHARES)
        name = "" if len(last) == 1 else f"{row['measure']}, "
        lines.append(f"{name}{row['time_period']}{colon(language)}{_share_text(share, low, high, language)}")
    return lines


def _survey_share_lines(survey_shares: Rows, language: str) -> list[str]:
    """Return the shares estimated by surveys, for the heading of the panel of estimates."""
    lines = []
    for row in survey_shares:
        share = _share_text(row["estimate"], row["lower_limit"], row["upper_limit"], language)
        lines.append(f"{_measure_name(row['measure'], language)}, {row['time_period']}{colon(language)}{share}")
    return lines


def _measure_name(measure: str, language: str) -> str:
    """Return a measure of packaged surveys in words; any other as named by its source."""
    key = f"measure {measure}"
    return word(key, language) if key in WORDS else measure.replace("_", " ")


def _head(axes: Axes, name: str, lines: Sequence[str], room: float) -> None:
    """Write the name of a panel, and lines below it, above it; ``room`` is its width in inches."""
    heading = "\n".join(wrap_lines(one, room, sized(9)) for one in (name, *lines))
    axes.set_title(heading, fontsize=sized(9), loc="left")


def _share_text(share: float, low: float | None, high: float | None, language: str) -> str:
    """Return a share in percent, with its limits if it has both."""
    limits = "" if low is None or high is None else f" ({_number(low, language)}-{_number(high, language)})"
    return f"{_number(share, language)}\N{NO-BREAK SPACE}%{limits}"


def _describe_series(row: dict[str, Any], language: str) -> str:
    """Return what the two sides of a row count and of whom, the reference period, and the share with its limits."""
    units = {
        side: label_of("counting_unit", row[f"{side}_counting_unit"], language).lower()
        for side in ("survey", "recorded")
    }
    notes = [word("two populations", language).format(people=_people(row, language), **units)]
    period = row["reference_period"]
    if period is None:
        notes.append(word("told of unknown period", language))
    else:
        label = label_of("reference_period", period, language)
        notes.append(word("told of period", language).format(period=label[0].lower() + label[1:]))
    parts = {"share": "recorded_share", "low": "recorded_share_low", "high": "recorded_share_high"}
    shown = {name: _percent(row[column], language) for name, column in parts.items()}
    limited = row["recorded_share_low"] is not None and row["recorded_share_high"] is not None
    kind = "share with limits" if limited else "share without limits"
    return " ".join([*notes, word(kind, language).format(year=row["time_period"], **shown)])


def _percent(share: float | None, language: str) -> str:
    return "" if share is None else f"{_number(100 * share, language)} %"


def _number(value: float, language: str) -> str:
    return figure_in(f"{value:.1f}", language)
