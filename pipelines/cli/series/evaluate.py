"""``iccs evaluate``: the effect of a policy on a series, with its limitations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import figure_as, headings_in, print_json, print_line, print_table

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
    from pipelines.reader.words import word
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    language = "en" if options.json else options.lang
    controls = [find_area(text, settings) for text in options.control]
    found = evaluate_policy(series_query(options, settings), options.date, controls, settings, language)
    if options.plot:
        from pipelines.reader.plots.evaluation import plot_evaluation
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_evaluation(found, options.lang, settings, style=options.style), Path(options.plot))
    linear = evaluate_linear(found) if options.family == "gaussian" else None
    if options.json:
        beside = {} if linear is None else {"linear": linear_document(linear)}
        print_json(as_document(found, options.plot) | beside)
        return EXIT_DONE
    _print(found, language)
    if linear is not None:
        _print_linear(linear, language)
    if options.plot:
        print_line(f"\n{word('picture', language).format(path=options.plot)}")
    return EXIT_DONE


def _print(found: PolicyEvaluation, language: str) -> None:
    from iccs.periods import period_at
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.series.policy import effects, limitations
    from pipelines.reader.words import figure_in, word

    series, first = found.series, found.first_year
    rows = [
        [
            name,
            effect.value,
            effect.low,
            effect.high,
            figure_in(f"{effect.percent:+.1f} %", language),
            _p_value(effect.p, language),
            word(first.verdict_key if effect is first.effect else _verdict(effect), language),
        ]
        for name, effect in effects(found, language).items()
    ]
    date = period_at(found.at, series.query.freq)
    title = word("change at", language).format(series=series.titled(language), date=date)
    headings = headings_in(language, "ratio of rates", "ratio value", "low", "high", "change")
    print_table([*headings, "p", ""], rows, title=title, decimals=3, language=language)
    _print_noise(found, language)
    for remark in found.remarks:
        print_line(word("note", language).format(remark=remark))
    for caveat, periods in series.caveat_spans.items():
        print_line(caveat_line(caveat, periods, language))
    print_line(f"\n{word('limitations', language)}")
    for note in limitations(found, language):
        print_line(f"- {note}")


def _print_noise(found: PolicyEvaluation, language: str) -> None:
    """Print how the effect compares with noise: the model, other dates and areas, diagnostics."""
    import numpy as np

    from pipelines.reader.words import figure_in, word
    from pipelines.statistics.wording import p_value_text

    first = found.first_year
    print_line(word("evaluation noise", language).format(r=figure_as(first.autocorrelation, ".2f", language)))
    if first.randomisation_p is not None:
        low, high = np.quantile(np.exp(first.placebos.logs), [0.025, 0.975])
        said = {
            "p": figure_in(p_value_text(first.randomisation_p), language),
            "n": figure_as(first.placebos.number, ",", language),
        }
        print_line(
            word("randomisation", language).format(
                low=figure_as(low, ".2f", language), high=figure_as(high, ".2f", language), **said
            )
        )
    if others := first.placebos_in_words(language):
        print_line(word("others", language).format(parts=others))
    if len(first.weights) > 1:
        weights = ", ".join(f"{area} {figure_as(weight, '.2f', language)}" for area, weight in first.weights.items())
        print_line(word("weights", language).format(weights=weights))
    family = word(f"family {found.family}", language)
    for key, figures in (("segmented diagnostics", found.interrupted), ("control diagnostics", found.controlled)):
        if figures is not None:
            values = ", ".join(
                f"{word(f'diagnostic {name}', language)} "
                + (
                    figure_in(p_value_text(value), language)
                    if name.endswith(" p")
                    else figure_as(value, ".3g", language)
                )
                for name, value in figures.diagnostics.items()
            )
            print_line(word(key, language).format(family=family, values=values))


def _print_linear(linear: LinearEvaluation, language: str) -> None:
    from pipelines.reader.words import counted, figure_in, word
    from pipelines.statistics.wording import p_value_text

    rows = [
        [word(f"linear {name}", language), effect.value, effect.low, effect.high, _p_value(effect.p, language)]
        for name, effect in linear.effects.items()
    ]
    print_line()
    lags = linear.model.lags
    unit = word("linear rate", language) if linear.unit == word("linear rate", "en") else _unit(linear.unit, language)
    title = counted("linear title", lags, language).format(unit=unit, n=lags)
    headings = headings_in(language, "difference", "ratio value", "low", "high")
    print_table([*headings, "p"], rows, title=title, decimals=3, language=language)
    if linear.panel is not None:
        panel = linear.panel
        said = word("linear panel", language).format(
            value=figure_as(panel.value, "+.3f", language),
            p=figure_in(p_value_text(panel.p), language),
            n=figure_as(panel.assignments, ",", language),
            least=figure_as(panel.smallest_p, ".3f", language),
        )
        print_line(said)
    print_line(word("linear assumes", language))


def _unit(code: str, language: str) -> str:
    """Return a counting unit: its code in English, its label in other languages."""
    from pipelines.reader.comparison import code_words

    return code_words("counting_unit", code, language).lower()


def _p_value(p: float, language: str) -> str:
    from pipelines.reader.words import figure_in
    from pipelines.statistics.wording import p_value_text

    return figure_in(p_value_text(p).removeprefix("= "), language)


def _verdict(effect: Effect) -> str:
    """Return the key of the verdict on a drift."""
    from pipelines.statistics.arguments import SIGNIFICANCE

    return "drift none" if effect.p >= SIGNIFICANCE else "drift down" if effect.value < 1 else "drift up"
