"""Estimates of surveys and published ratios: kept as given, with their errors; nothing is computed from them.

They take the steps of a national table up to their account, and then this one instead of totals and the rules on
counts. Their cells are rows of ``out.estimate``, one for each figure of the file.
"""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import duckdb
import pyarrow as pa

from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.values.errors_of_estimates import error_columns, error_number
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.tabulate.aggregate import caveats_sql
from pipelines.tabulate.fingerprints import fingerprint_periods
from pipelines.tabulate.gates import declared_breaks
from pipelines.tabulate.losses import Earlier, accept_losses, judge_losses
from pipelines.tabulate.rules import (
    CHECKED_PARTS,
    Checked,
    create_number_text,
    figure_rules,
    judge_rules,
    locate_findings,
    open_findings,
    refuse_failed,
)
from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintages.columns import read_part
from schemas.declarations import attribute_columns, load_rules, load_tables, quote_literal
from schemas.definition.measures import BESIDE_ESTIMATES
from schemas.source import Source, SourceFolder

MIDDLE_SHARE = 0.02
"""How far an estimate may be from the middle of its limits, as a share of their distance, for a standard error to be
derived from them: printed limits are rounded, and those of a small share are not symmetric."""
DIFFERING_SHARE = 0.005
"""How far the sum of the parts may differ from a whole, as a share of it: published figures are rounded."""
DISAGREEING_SHARE = 0.1
"""How far two forms of one error may differ, as a share: both are printed with few digits."""
_LEAST_ERRORS = 3
_LEAST_ERROR = 0.0005
"""Standard error, as a share of its estimate, that a sample hardly reaches: of a half, one of a million persons has
0.001."""
_MOST_CV = 0.8
_LARGEST_SHARE = 0.5
"""Where so many coefficients of variation in percent are at most this, they may be shares: 0.06 for 6 percent."""
_LEAST_PERCENTS = 5
"""How many figures of a measure in percent, none of them 0, must all be at most 1 to rule out chance."""


def take_estimates(
    folder: SourceFolder,
    validated: Validated,
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    earlier: Earlier,
) -> Checked:
    """Make the estimates of a source into cells, checked by the rules on their errors.

    Args:
        folder: the source.
        validated: its observations.
        connection: with the tables ``core`` and ``tally_part`` and the lists of codes.
        work: folder for what this step writes.
        earlier: the previous vintage, for comparison.

    Raises:
        DataRefused: an estimate would be split among categories, coefficients of variation have another scale than
            declared, or most of what the previous vintage had is gone.
    """
    paths = {name: work / f"checked-{name}.parquet" for name in CHECKED_PARTS}
    _refuse_split(connection, folder)
    _make_cells(connection, folder, validated.links)
    outcomes = [*validated.outcomes, *_judge_errors(connection, folder), _judge_sums(connection, folder.source)]
    outcomes += _judge_losses(connection, folder.source, validated, earlier.compared)
    outcomes = accept_losses(outcomes, earlier.accepted_loss)
    refuse_failed(connection, folder, outcomes)
    columns = [column.name for column in load_tables()["estimate"].columns[2:]]
    for name, query in (
        ("cells", f"SELECT {', '.join(columns)} FROM cells ORDER BY iccs, ref_area, freq, time_period"),
        ("unmarked", "SELECT * FROM cells LIMIT 0"),
        ("findings", "SELECT * EXCLUDE (place) FROM located ORDER BY rule, place"),
        ("judged", "FROM judged_by_period"),
        ("coverage", _no_coverage()),
    ):
        connection.execute(f"COPY ({query}) TO {quote_literal(str(paths[name]))} (FORMAT parquet)")
    figures = fingerprint_periods(connection, paths["cells"], paths["periods"], "estimate")
    (rows,) = fetch_row(connection, "SELECT count(*) FROM cells")
    if not rows:
        raise DataRefused([Problem("nothing_published", folder.source_id, "No estimate is left to publish.")])
    return Checked(folder.source_id, **paths, figures=figures, outcomes=tuple(outcomes), rows=rows, year_keys={})


def _refuse_split(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    split = connection.execute(
        "SELECT national_code FROM core GROUP BY national_code, cell HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchone()
    if split is not None:
        found = f"The concordance splits {split[0]!r} between categories: the error of a part is not known."
        raise DataRefused([Problem("split_estimate", folder.source_id, found)])


def _make_cells(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, links: Path) -> None:
    """Create the table ``cells`` of a source of estimates."""
    source = folder.source
    create_number_text(connection)
    connection.register("estimate_measure", _measure_table(source))
    numbers = dict.fromkeys((name for name in BESIDE_ESTIMATES if name != "precision"), "NULL::DOUBLE")
    numbers |= {name: error_number(name, f"tally_part.{name}_word", folder) for name in error_columns(source)}
    graded = "precision" in source.columns
    run_sql(
        connection,
        "tabulate/estimates",
        numbers=numbers,
        links=quote_literal(str(links)),
        form=quote_literal(_form(source)),
        precision="precision_code.code" if graded else "NULL::VARCHAR",
        precision_join="LEFT JOIN precision_code ON precision_code.id = tally_part.precision_id" if graded else "",
        middle=str(MIDDLE_SHARE),
        quantile_95=str(_quantile(95)),
        attributes=", ".join(attribute_columns()),
        breaks=declared_breaks(source),
        mass_events=_mass_events(source),
        doubted=", ".join(map(quote_literal, _rules_on_words())),
        caveats=caveats_sql(source),
    )


def _rules_on_words() -> list[str]:
    """Return the rules that find words which contradict what the figures are published as."""
    return [rule.name for rule in load_rules().values() if rule.caveat == "words_disagree"]


def _form(source: Source) -> str:
    """Return the code for the origin of a standard error."""
    if source.survey is None:
        return "standard_error"
    return "replicates" if source.survey.replicates else "taylor"


def _quantile(confidence_percent: float) -> float:
    """Return the distance of a limit of this level from the estimate in standard errors, by the normal distribution.

    >>> round(_quantile(95), 2), round(_quantile(90), 2)
    (1.96, 1.64)
    """
    return NormalDist().inv_cdf(0.5 + confidence_percent / 200)


def _measure_table(source: Source) -> pa.Table:
    measures = source.measures
    levels = [measure.confidence_percent for measure in measures.values()]
    return pa.table(
        {
            "measure": list(measures),
            "figures": [measure.figures for measure in measures.values()],
            "unit": [measure.unit for measure in measures.values()],
            "universe": pa.array([measure.universe for measure in measures.values()], pa.string()),
            "reference_period": pa.array([measure.reference_period for measure in measures.values()], pa.string()),
            "sdg": pa.array([measure.sdg for measure in measures.values()], pa.string()),
            "confidence_percent": pa.array(levels, pa.float64()),
            "quantile": pa.array([_quantile(level) if level else None for level in levels], pa.float64()),
        }
    )


def _mass_events(source: Source) -> str:
    """Return the condition for the estimates of the years, categories and areas of declared events."""
    parts = []
    for event in source.mass_events:
        limits = [f"left(CAST(cells.time_period AS VARCHAR), 4) = {quote_literal(event.period[:4])}"]
        for column, codes in (("iccs", event.iccs), ("ref_area", event.areas)):
            if codes:
                limits.append(f"CAST(cells.{column} AS VARCHAR) IN ({', '.join(map(quote_literal, codes))})")
        parts.append(f"({' AND '.join(limits)})")
    return " OR ".join(parts) or "false"


def _judge_errors(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> list[Outcome]:
    """Return the outcomes of the rules on errors; refuse coefficients of variation of another scale."""
    estimates, without = fetch_row(
        connection,
        "SELECT count(*), count(*) FILTER (standard_error IS NULL AND lower_limit IS NULL) FROM cells "
        "WHERE figure_kind = 'estimate' AND estimate IS NOT NULL",
    )
    detail = "these estimates have no standard error, limits, half-width or coefficient of variation" if without else ""
    outcomes = [Outcome.of_counts("error_given", estimates, without, detail), _judge_percents(connection)]
    return [*outcomes, _compare_errors(connection, folder), _judge_scale_of_errors(connection, folder)]


def _judge_percents_of_cv(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> str:
    """Return what says that coefficients of variation in percent may be shares; refuse those that must be.

    Raises:
        DataRefused: none is above 1.
    """
    if "cv_percent" not in folder.source.columns:
        return ""
    number = error_number("cv_percent", "cv_percent_word", folder)
    numbers, largest, most = fetch_row(
        connection,
        f"SELECT count(number), max(number), quantile_disc(number, {_MOST_CV}) FROM (SELECT {number} AS number "
        "FROM tally_part) WHERE number > 0",
    )
    if numbers and largest <= 1:
        found = f"All {numbers:,} coefficients of variation are at most {largest:g}, although declared in percent."
        raise DataRefused([Problem("cv_scale", folder.source_id, found)])
    if numbers < _LEAST_PERCENTS or most > _LARGEST_SHARE:
        return ""
    return f"cv_percent: {_MOST_CV:.0%} of {numbers:,} coefficients of variation are at most {most:g} percent"


def _judge_scale_of_errors(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> Outcome:
    """Warn of measures whose errors are as a whole larger than the estimates, or next to nothing of them."""
    found = connection.execute(
        "SELECT measure, count(*), median(standard_error / abs(estimate)) FROM cells WHERE figure_kind = 'estimate' "
        f"AND standard_error IS NOT NULL AND estimate <> 0 GROUP BY measure HAVING count(*) >= {_LEAST_ERRORS} "
        "ORDER BY measure"
    ).fetchall()
    wrong = [
        f"{measure}: of {count:,} standard errors the median is {100 * share:.3g} % of the estimate"
        for measure, count, share in found
        if not _LEAST_ERROR <= share <= 1
    ]
    wrong += filter(None, [_judge_percents_of_cv(connection, folder)])
    return Outcome.of_counts("error_scale", max(len(found), len(wrong)), len(wrong), "; ".join(wrong))


def _judge_percents(connection: duckdb.DuckDBPyConnection) -> Outcome:
    """Warn of measures in percent without a figure above 1, which may be shares."""
    found = connection.execute(
        "SELECT measure, count(estimate), max(estimate) FROM cells WHERE unit_of_measure = 'percent' AND estimate <> 0 "
        f"GROUP BY measure HAVING count(estimate) >= {_LEAST_PERCENTS} ORDER BY measure"
    ).fetchall()
    shares = [f"{measure}: all {count:,} are at most {most:g}" for measure, count, most in found if most <= 1]
    return Outcome.of_counts("percent_as_share", len(found), len(shares), "; ".join(shares))


def _judge_sums(connection: duckdb.DuckDBPyConnection, source: Source) -> Outcome:
    """Compare wholes with the sums of their parts, if the source declares that they add up; mark those that differ."""
    over = {
        what: [name for name, one in source.measures.items() if what in one.adds]
        for what in ("areas", "sexes", "codes")
    }
    parts = {what: ", ".join(map(quote_literal, names)) or "NULL" for what, names in over.items()}
    run_sql(
        connection,
        "tabulate/sums_of_parts",
        **parts,
        attributes=", ".join(attribute_columns()),
        most=str(DIFFERING_SHARE),
    )
    checked, differing, first = fetch_row(
        connection,
        "SELECT count(*), count(*) FILTER (differs), min_by(detail, (ref_area, time_period)) FILTER (differs) "
        "FROM part_sum",
    )
    run_sql(connection, "tabulate/mark_sums", attributes=attribute_columns())
    return Outcome.of_counts("estimate_parts_add", checked, differing, first or "")


def _judge_losses(
    connection: duckdb.DuckDBPyConnection, source: Source, validated: Validated, compared: PreviousVintage | None
) -> list[Outcome]:
    """Return the outcomes of the rules on losses against the previous vintage; leaves ``finding`` and ``located``."""
    core = quote_literal(str(validated.core))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW core_text AS FROM read_parquet({core})")
    if compared is not None:
        cells = read_part("estimates", compared.cells)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW previous AS SELECT *, estimate AS value FROM {cells}")
    open_findings(connection)
    outcomes = judge_rules(connection, figure_rules("estimate"), source)
    locate_findings(connection)
    return [*outcomes, *judge_losses(connection, validated, compared)]


def _compare_errors(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> Outcome:
    """Compare the forms in which the error of an estimate is given, which must agree."""
    source = folder.source
    forms = {name: error_number(name, f"tally_part.{name}_word", folder) for name in error_columns(source)}
    as_error = []
    if "standard_error" in forms:
        as_error.append(forms["standard_error"])
    if "half_width" in forms:
        as_error.append(f"{forms['half_width']} / quantile")
    if "ci_low" in forms:
        as_error.append(f"({forms['ci_high']} - {forms['ci_low']}) / (2 * quantile)")
    as_error += [f"{forms['cv_percent']} / 100 * abs(value)"] if "cv_percent" in forms else []
    as_error += [f"{forms['cv_share']} * abs(value)"] if "cv_share" in forms else []
    if len(as_error) < 2 or source.survey is not None:  # computed here, each form from the other
        return Outcome.not_applicable("errors_agree")
    checked, differing, first = run_sql(
        connection, "tabulate/errors_agree", errors=", ".join(as_error), most=str(DISAGREEING_SHARE)
    ).fetchall()[0]
    return Outcome.of_counts("errors_agree", checked, differing, first or "")


def _no_coverage() -> str:
    """Return a query without rows, with the columns of ``out.coverage`` except source and vintage."""
    columns = load_tables()["coverage"].columns[2:]
    return f"SELECT {', '.join(f'NULL::{column.type} AS {column.name}' for column in columns)} LIMIT 0"
