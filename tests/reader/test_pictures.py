"""What pictures share: words in every language, lines that differ without colour, a text for readers who do not see."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.publish.series.breaks import Breaks, Bridge
from pipelines.publish.series.trends import FEWEST_YEARS_TESTED, NO_EVENTS
from pipelines.reader.plots.sheets import sized, styled, thick
from pipelines.reader.plots.style import (
    STYLES,
    Picture,
    blank_figure,
    finish_picture,
    label_ends,
    new_figure,
    save_picture,
    wrap_lines,
)
from pipelines.reader.plots.trend import draw_breaks, draw_gaps, few_notes, gap_notes
from pipelines.reader.selection import SeriesKey
from pipelines.reader.series.rates import RateSeries
from pipelines.reader.series.trends import DIRECTED, handling_in, trend_sentence
from pipelines.reader.words import LANGUAGES, WORDS, load_catalogue, word
from schemas.errors import UsageError


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_word_is_translated_with_the_same_places(language: str) -> None:
    catalogue = load_catalogue(language)
    assert sorted(set(WORDS) - set(catalogue)) == []
    for key, text in WORDS.items():
        assert sorted(re.findall(r"{\w*}", catalogue[key])) == sorted(re.findall(r"{\w*}", text)), key


@pytest.mark.parametrize(
    "direction",
    [
        *(f"{basis}{way}" for basis in ("", "number ") for way in ("rising", "falling", "stable")),
        "inconclusive",
        "too few events",
        f"not tested (fewer than {FEWEST_YEARS_TESTED} years)",
        NO_EVENTS,
    ],
)
def test_a_sentence_says_no_more_than_the_trend(direction: str) -> None:
    row = {"first_year": 2015, "last_year": 2024, "direction": direction, "apc": 3.1, "apc_low": 0.2, "apc_high": None}
    for language in LANGUAGES:
        sentence = trend_sentence(row, language)
        assert word(f"direction {direction}", language) in sentence
        assert ("%" in sentence) == (word("no upper limit", language) in sentence) == (direction in DIRECTED)


def test_twelve_lines_differ_without_colour() -> None:
    assert len(STYLES) == 12
    assert len({(str(line), marker, filled) for line, marker, filled, _ in STYLES}) == 12


def _series(name: str, years: list[int], cuts: list[int], gaps: dict[int, str | None]) -> RateSeries:
    rows = [
        {"year": year, "rate_per_100k": 5.0, "ci_low": 4.0, "ci_high": 6.0, "value": 50.0, "recorded": 5.0}
        for year in years
    ]
    return RateSeries(SeriesKey(name, "recorded", "victim"), "XX", "_T", "_T", rows, Breaks(tuple(cuts)), gaps=gaps)


def test_years_with_few_events_are_named() -> None:
    many, few = (_series(name, [2020, 2021, 2022], [], {}) for name in ("many", "few"))
    for row in few.rows[1:]:
        row["value"] = 9.0

    assert few_notes([many], ["M"], "en") == []
    assert few_notes([few], ["F"], "en") == ["Fewer than 10 events, so chance can move the rate a long way: 2021-2022."]
    of_one_day = replace(few, rows=[row | {"is_stock": True} for row in few.rows])
    assert few_notes([of_one_day], ["F"], "en") == []
    (note,) = few_notes([many, few], ["M", "F"], "es")
    assert note.endswith(": F 2021-2022.")
    (note,) = few_notes([few] * 7 + [many], "ABCDEFGM", "fr")
    assert note.endswith(" : 7/8.")


def test_a_break_is_drawn_on_its_own_series_only() -> None:
    _, axes = new_figure()
    axes.set_ylim(0, 10)
    with_break, without = _series("a", [2019, 2020, 2021], [2020], {}), _series("b", [2019, 2020, 2021], [], {})
    draw_breaks(axes, [without, with_break], "en")
    (line,) = axes.lines
    assert line.get_color() == STYLES[1][3]
    assert list(line.get_xdata()) == [2019.5, 2019.5]
    low, high = line.get_ydata()
    assert 4 < low < 5 < high < 6  # beside its own rate of 5, not over the whole height of 10


def test_a_year_without_a_rate_is_marked_with_its_reason() -> None:
    _, axes = new_figure()
    gaps = draw_gaps(axes, [_series("a", [2018, 2021], [], {2019: "suppressed", 2022: "value_missing"})])
    assert gaps == {(2019, "suppressed"), (2020, None), (2022, "value_missing")}
    (note,) = gap_notes(gaps, "en")
    assert "Suppressed to protect persons (2019)" in note
    assert "no figure (2020)" in note
    assert "The count is missing (2022)" in note


def test_labels_at_the_ends_of_lines_do_not_cover_each_other() -> None:
    _, axes = new_figure()
    axes.set_ylim(0, 10)
    label_ends(axes, [(2020, 5.0, "one", "k"), (2020, 5.0, "two", "k"), (2020, 5.1, "three", "k")])
    heights = sorted(text.xyann[1] for text in axes.texts)  # type: ignore[attr-defined]
    assert min(high - low for low, high in itertools.pairwise(heights)) >= 0.0449


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_picture_has_its_text_for_those_who_do_not_see_it(tmp_path: Path, ending: str) -> None:
    figure, axes = new_figure()
    picture = finish_picture(figure, axes, "Homicide", "Rising. Source: X.")
    assert (figure, axes) == tuple(picture)
    save_picture(picture, tmp_path / f"picture.{ending}")
    assert b"Rising. Source: X." in (tmp_path / f"picture.{ending}").read_bytes()


def test_a_picture_is_drawn_on_axes_of_the_caller() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    picture = finish_picture(figure, right, "Homicide", "Source: X.", right)
    assert picture.figure is figure
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("", "Homicide")
    assert right.get_xlabel() == "Source: X."


@styled
def _drawn(*, style: str = "screen") -> Picture:
    figure, axes = new_figure()
    axes.plot([1, 2], [3, 4], color=STYLES[1][3], linewidth=thick(2))
    axes.set_title("a title", fontsize=sized(10), color="red")
    return finish_picture(figure, axes, "title", "foot")


@pytest.mark.parametrize(
    ("style", "letters", "width", "size"),
    [("screen", 10, 2.0, (8.0, 4.8)), ("print", 8.5, 1.6, (6.7, 4.2)), ("slides", 16, 2.6 / 1.5 * 2, (10.67, 6.0))],
)
def test_a_style_sets_letters_lines_and_size_and_print_is_grey(
    style: str, letters: float, width: float, size: tuple[float, float]
) -> None:
    """Figures of the style sheets: slides are 16:9, print is as wide as the text of an A4 page (6.7 of 8.3 inches)."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgb

    before = dict(rcParams)
    figure, axes = _drawn(style=style)
    assert dict(rcParams) == before
    (line,) = axes.lines
    assert axes.title.get_size() == pytest.approx(letters)
    assert line.get_linewidth() == pytest.approx(width)
    assert tuple(figure.get_size_inches()) == pytest.approx(size)
    red, green, blue = to_rgb(line.get_color())
    assert (red == green == blue) == (style == "print")


def test_an_own_style_sheet_has_only_what_it_changes_and_an_unknown_style_is_named(tmp_path: Path) -> None:
    own = tmp_path / "ours.mplstyle"
    own.write_text("font.size: 20\n", encoding="utf-8")
    figure, axes = _drawn(style=str(own))
    assert axes.title.get_size() == 20
    assert tuple(figure.get_size_inches()) == (8.0, 4.8)
    with pytest.raises(UsageError, match="no style 'slide'; nearest: slides"):
        _drawn(style="slide")


def test_what_was_done_about_breaks_is_said_in_every_language() -> None:
    """Every kind of text that the pipeline writes (``Breaks.handling``) has its words in the others."""
    breaks = Breaks((2010,), (Bridge(2014, 1.38, 1.362, 1.398), Bridge(2017, 2.0, 2.0, 2.0)))
    text = breaks.handling(2012, 2024)
    assert handling_in(text, "en") == (
        "Break in 2010; used 2012-2024; bridged in 2014 (factor 1.380, 1.362 to 1.398); bridged in 2017 (factor 2.000)."
    )
    for language, used, factor in (
        ("fr", "années utilisées : 2012-2024", "1,380"),
        ("es", "se usan 2012-2024", "1,380"),
    ):
        said = handling_in(text, language)
        assert used in said
        assert factor in said
        assert not re.search(r"break|bridged|used", said)
        assert handling_in(Breaks().handling(2012, 2024), language) != "No break declared."
    assert handling_in("another <text>", "fr") == "Another <text>."


def test_a_notebook_gives_the_picture_its_text() -> None:
    image, about = _drawn()._repr_png_()
    assert image.startswith(b"\x89PNG")
    assert about == {"alt": "title. foot"}


def test_lines_are_as_wide_as_the_room_whatever_the_letters_are() -> None:
    """Measured by what matplotlib draws: forty wide letters need twice the room of forty narrow ones."""
    text = " ".join(["WWWW"] * 40 + ["iiii"] * 40)
    figure = blank_figure(4.0, 3.0)
    for line in wrap_lines(text, 4.0, 7.0).split("\n"):
        drawn = figure.text(0, 0, line, fontsize=7.0)
        inches = drawn.get_window_extent().width / figure.dpi
        assert inches <= 4.0
        assert "iiii" in line or inches > 3.3, "the line is full"
    assert wrap_lines(text, 4.0, 7.0).replace("\n", " ") == text
