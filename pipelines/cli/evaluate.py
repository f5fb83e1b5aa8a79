"""``iccs evaluate``: the effect of a policy on a series, with limits and what it cannot tell."""

from __future__ import annotations

from pathlib import Path

from iccs.periods import period_of
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.policy import Evaluation, as_document, cannot_tell, effects, evaluate
from pipelines.statistics.regression import Effect
from pipelines.statistics.wording import p_value_text
from pipelines.system.errors import EXIT_DONE
from pipelines.system.settings import load_settings


def evaluate_command(
    code: str,
    area: str,
    date: str,
    control: str | None,
    sex: str,
    source: str | None,
    counting_unit: str | None,
    plot: str | None,
    language: str,
    data: str | None,
    as_json: bool,
) -> int:
    """Print effect, interval, diagnostics and limits of the evaluation; draw it where asked."""
    from iccs.classification import load_classification

    settings = load_settings(data)
    iccs = load_classification().normalise(code)
    found = evaluate(
        iccs,
        area,
        date,
        control=control,
        sex=sex,
        source=source,
        counting_unit=counting_unit,
        settings=settings,
    )
    if plot:
        from pipelines.reader.plots.evaluation import plot_evaluation

        plot_evaluation(found, Path(plot), language=language, settings=settings)
    if as_json:
        print_json(as_document(found, plot))
    else:
        _print(found)
        if plot:
            print_line(f"\npicture: {plot}")
    return EXIT_DONE


def _print(found: Evaluation) -> None:
    series = found.series
    rows = [
        [
            name,
            effect.value,
            effect.low,
            effect.high,
            f"{effect.percent:+.1f} %",
            p_value_text(effect.p).removeprefix("= "),
            _verdict(effect),
        ]
        for name, effect in effects(found).items()
    ]
    title = (
        f"{series.iccs} in {series.area}, sex {series.sex}, {series.name}: change at {period_of(found.at, series.freq)}"
    )
    print_table(["ratio of rates", "value", "low", "high", "change", "p", ""], rows, title=title, decimals=3)
    lags = found.interrupted.model.lags
    print_line(f"model: {found.family} regression, errors robust to autocorrelation up to lag {lags}, 95 % limits")
    for name, figures in (("diagnostics", found.interrupted), ("against the control", found.controlled)):
        if figures is not None:
            values = ", ".join(
                f"{key} {p_value_text(value) if key.endswith(' p') else f'{value:.3g}'}"
                for key, value in figures.diagnostics.items()
            )
            print_line(f"{name}: {values}")
    for remark in found.remarks:
        print_line(f"remark: {remark}")
    print_line("\nThis cannot tell:")
    for note in cannot_tell(found):
        print_line(f"- {note}")


def _verdict(effect: Effect) -> str:
    return "no significant change" if effect.p >= 0.05 else "lower" if effect.value < 1 else "higher"
