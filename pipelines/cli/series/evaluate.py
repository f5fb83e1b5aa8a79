"""``iccs evaluate``: the effect of a policy on a series, with its limitations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.series.linear import LinearEvaluation
    from pipelines.reader.series.policy import PolicyEvaluation
    from pipelines.statistics.regression import Effect


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "evaluate", "estimate the effect of a policy (interrupted time series)", series_arguments()
    )
    parser.add_argument("--area", required=True, help="area with the policy, by code or name: MX-JAL")
    parser.add_argument("--date", required=True, help="first month (2019-03) or year (2019) with the policy")
    parser.add_argument(
        "--control",
        nargs="+",
        default=[],
        metavar="AREA",
        help="areas without the policy to compare with, by code or name; several are weighted (synthetic control)",
    )
    parser.add_argument(
        "--family",
        choices=("counts", "gaussian"),
        default="counts",
        help="gaussian: also fit a linear model of the rates, as many published studies do",
    )
    parser.set_defaults(command=evaluate_command)


def evaluate_command(options: argparse.Namespace) -> int:
    """Print effect, interval, diagnostics and limitations of the evaluation; draw it if asked to."""
    from pipelines.reader.areas import find_area
    from pipelines.reader.series.linear import as_document as linear_document
    from pipelines.reader.series.linear import evaluate_linear
    from pipelines.reader.series.policy import as_document, evaluate_policy
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    controls = [find_area(text, settings) for text in options.control]
    found = evaluate_policy(series_query(options, settings), options.date, controls, settings)
    if options.plot:
        from pipelines.reader.plots.evaluation import plot_evaluation
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_evaluation(found, options.lang, settings, style=options.style), Path(options.plot))
    linear = evaluate_linear(found) if options.family == "gaussian" else None
    if options.json:
        beside = {} if linear is None else {"linear": linear_document(linear)}
        print_json(as_document(found, options.plot) | beside)
        return EXIT_DONE
    _print(found, options.lang)
    if linear is not None:
        _print_linear(linear)
    if options.plot:
        print_line(f"\npicture: {options.plot}")
    return EXIT_DONE


def _print(found: PolicyEvaluation, language: str) -> None:
    import numpy as np

    from iccs.periods import period_at
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.series.policy import effects, limitations
    from pipelines.statistics.wording import p_value_text

    series = found.series
    rows = [
        [
            name,
            effect.value,
            effect.low,
            effect.high,
            f"{effect.percent:+.1f} %",
            p_value_text(effect.p).removeprefix("= "),
            found.first_year.verdict if effect is found.first_year.effect else _verdict(effect),
        ]
        for name, effect in effects(found).items()
    ]
    title = f"{series.title}: change at {period_at(found.at, series.query.freq)}"
    print_table(["ratio of rates", "value", "low", "high", "change", "p", ""], rows, title=title, decimals=3)
    first = found.first_year
    print_line(
        f"model: quasi-Poisson, autocorrelation {first.autocorrelation:.2f} allowed for; 95 % limits include the usual "
        "swings of the series"
    )
    if first.randomisation_p is not None:
        ratios = np.quantile(np.exp(first.placebos.logs), [0.025, 0.975])
        print_line(
            f"randomisation p {p_value_text(first.randomisation_p)}: rank among the same estimate at "
            f"{first.placebos.number:,} other dates and areas, 95 % of which are from {ratios[0]:.2f} to "
            f"{ratios[1]:.2f}"
        )
    if first.placebos_in_words:
        print_line(f"other dates and areas {first.placebos_in_words}")
    if len(first.weights) > 1:
        print_line("weights: " + ", ".join(f"{area} {weight:.2f}" for area, weight in first.weights.items()))
    segmented = f"diagnostics of the segmented model ({found.family})"
    for name, figures in ((segmented, found.interrupted), ("against the control", found.controlled)):
        if figures is not None:
            values = ", ".join(
                f"{key} {p_value_text(value) if key.endswith(' p') else f'{value:.3g}'}"
                for key, value in figures.diagnostics.items()
            )
            print_line(f"{name}: {values}")
    for remark in found.remarks:
        print_line(f"note: {remark}")
    for caveat, periods in series.caveat_spans.items():
        print_line(caveat_line(caveat, periods, language))
    print_line("\nLimitations:")
    for note in limitations(found):
        print_line(f"- {note}")


def _print_linear(linear: LinearEvaluation) -> None:
    from pipelines.statistics.wording import p_value_text

    rows = [
        [name, effect.value, effect.low, effect.high, p_value_text(effect.p).removeprefix("= ")]
        for name, effect in linear.effects.items()
    ]
    print_line()
    title = f"linear model, {linear.unit}; Newey-West errors, {linear.model.lags} lags"
    print_table(["difference", "value", "low", "high", "p"], rows, title=title, decimals=3)
    if linear.panel is not None:
        panel = linear.panel
        print_line(
            f"mean after less before, against the controls: {panel.value:+.3f}; randomisation p "
            f"{p_value_text(panel.p)} among {panel.assignments:,} areas taken in turn as the one with the policy; the "
            f"smallest possible is {panel.smallest_p:.3f}"
        )
    print_line(
        "A linear model assumes the same noise at all levels and considers no other date or area: the verdict is that "
        "of the first table."
    )


def _verdict(effect: Effect) -> str:
    from pipelines.statistics.arguments import SIGNIFICANCE

    return "none found" if effect.p >= SIGNIFICANCE else "down" if effect.value < 1 else "up"
