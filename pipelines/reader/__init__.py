"""For readers of the published file: an open release, its series, and charts of them.

The names used in notebooks are here, imported on first use::

    from pipelines.reader import SeriesQuery, open_release, plot_trend, read_series

    crime = open_release()
    crime.connection.sql("FROM out.trend_of('0101', 'MX')").df()
    plot_trend(SeriesQuery("0101", "MX"), by="sex")  # a picture: shown inline, or figure, axes = ...
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.reader.comparison import compare_areas
    from pipelines.reader.maps import map_boundaries, read_map_rates
    from pipelines.reader.plots.comparison import plot_compared, plot_pyramid, plot_slopes
    from pipelines.reader.plots.dark_figure import plot_dark_figure
    from pipelines.reader.plots.evaluation import plot_evaluation, plot_monthly
    from pipelines.reader.plots.funnel import plot_funnel
    from pipelines.reader.plots.latest import plot_latest
    from pipelines.reader.plots.map import plot_map
    from pipelines.reader.plots.style import Picture, save_picture
    from pipelines.reader.plots.trend import plot_trend
    from pipelines.reader.release import open_release
    from pipelines.reader.selection import SeriesQuery
    from pipelines.reader.series.counts import read_series
    from pipelines.reader.series.latest import read_latest
    from pipelines.reader.series.monthly import read_monthly
    from pipelines.reader.series.policy import evaluate_policy
    from pipelines.reader.series.rates import country_rates, read_rates
    from pipelines.reader.series.small_areas import read_small_areas
    from pipelines.reader.series.trends import read_trends

_MODULES = {
    "Picture": "plots.style",
    "SeriesQuery": "selection",
    "compare_areas": "comparison",
    "country_rates": "series.rates",
    "evaluate_policy": "series.policy",
    "map_boundaries": "maps",
    "open_release": "release",
    "plot_compared": "plots.comparison",
    "plot_dark_figure": "plots.dark_figure",
    "plot_evaluation": "plots.evaluation",
    "plot_funnel": "plots.funnel",
    "plot_latest": "plots.latest",
    "plot_map": "plots.map",
    "plot_monthly": "plots.evaluation",
    "plot_pyramid": "plots.comparison",
    "plot_slopes": "plots.comparison",
    "plot_trend": "plots.trend",
    "read_latest": "series.latest",
    "read_map_rates": "maps",
    "read_monthly": "series.monthly",
    "read_rates": "series.rates",
    "read_series": "series.counts",
    "read_small_areas": "series.small_areas",
    "read_trends": "series.trends",
    "save_picture": "plots.style",
}
"""The module of each name."""

__all__ = [
    "Picture",
    "SeriesQuery",
    "compare_areas",
    "country_rates",
    "evaluate_policy",
    "map_boundaries",
    "open_release",
    "plot_compared",
    "plot_dark_figure",
    "plot_evaluation",
    "plot_funnel",
    "plot_latest",
    "plot_map",
    "plot_monthly",
    "plot_pyramid",
    "plot_slopes",
    "plot_trend",
    "read_latest",
    "read_map_rates",
    "read_monthly",
    "read_rates",
    "read_series",
    "read_small_areas",
    "read_trends",
    "save_picture",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package on first use, as some need DuckDB, others matplotlib."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
