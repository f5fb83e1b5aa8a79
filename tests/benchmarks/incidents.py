"""Benchmark of files of incidents, run by hand: this pipeline against bare DuckDB, polars, pandas and Spark.

    python tests/benchmarks/incidents.py --rows 1000000 --times 5 --runners duckdb pipeline polars pandas spark

All runners take the same file to the same table of cells: annual by sex and age, monthly by sex, for 32 states and the
country, up the tree of categories, zeros where there was no event, with the columns of ``out.observation``. They run in
turn, each in a process of its own; the number of cells is compared, and the sum of those of all persons (the
pipeline leaves a sex or an age group open where events of unknown sex or age could be in it). Printed: median seconds,
processor seconds, peak memory, and the ratio to bare DuckDB. What only the pipeline does: the hash of the file, the
account of rejected rows, every rule, rates, changes, trends and their intervals, the stored vintage, reports and the
release.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import duckdb
from incident_data import BAND_CODES, BANDS, ROOT, code_categories, generate, municipality_states, write_source

from schemas.declarations import attribute_columns

ATTRIBUTES = attribute_columns()
Made = tuple[float, int]  # the sum and the number of cells


def _lists(connection: duckdb.DuckDBPyConnection) -> None:
    from iccs.classification import load_classification

    classification = load_classification()
    up = [
        (code, above)
        for code in sorted({iccs for _, iccs in code_categories()})
        for above in [code, *(category.code for category in classification.ancestors(code))]
    ]
    for name, rows in {"place": municipality_states(), "code": code_categories(), "up": up}.items():
        connection.execute(f"CREATE TABLE {name} (word VARCHAR, id VARCHAR)")
        values = ", ".join(f"('{one}', '{other}')" for one, other in rows)
        connection.execute(f"INSERT INTO {name} VALUES {values}")


FLOOR = """
CREATE TABLE base AS
SELECT left(fecha, 7) AS month, place.id AS state, code.id AS iccs,
    CASE sexo WHEN 'Hombre' THEN 'M' WHEN 'Mujer' THEN 'F' WHEN 'No identificado' THEN '_U' END AS sex,
    CASE {ages} END AS age,
    TRY_CAST(fecha AS DATE) <= current_date AS valid_date, count(*) AS n
FROM read_csv('{path}', auto_detect = false, header = true, columns = {{
    'folio': 'VARCHAR', 'fecha': 'VARCHAR', 'municipio': 'VARCHAR', 'delito': 'VARCHAR', 'sexo': 'VARCHAR',
    'edad': 'VARCHAR', 'nombre': 'VARCHAR'}})
LEFT JOIN place ON place.word = municipio
LEFT JOIN code ON code.word = delito
GROUP BY ALL;
CREATE TABLE observation AS
WITH good AS (
    FROM base
    WHERE state IS NOT NULL AND iccs IS NOT NULL AND sex IS NOT NULL AND age IS NOT NULL AND valid_date
),
annual AS (
    SELECT state, left(month, 4) AS period, iccs, sex, age, sum(n) AS n FROM good GROUP BY ALL
),
annual_tree AS (
    SELECT state, period, up.id AS iccs, sex, age, sum(n) AS n FROM annual JOIN up ON up.word = annual.iccs GROUP BY ALL
),
annual_area AS (
    FROM annual_tree
    UNION ALL BY NAME SELECT 'MX' AS state, period, iccs, sex, age, sum(n) AS n FROM annual_tree GROUP BY ALL
),
annual_cell AS (
    SELECT state, period, iccs, coalesce(sex, '_T') AS sex, coalesce(age, '_T') AS age, sum(n) AS n
    FROM annual_area GROUP BY state, period, iccs, GROUPING SETS ((sex, age), (sex), (age), ())
),
monthly AS (
    SELECT state, month AS period, iccs, sex, sum(n) AS n FROM good GROUP BY ALL
),
monthly_tree AS (
    SELECT state, period, up.id AS iccs, sex, sum(n) AS n FROM monthly JOIN up ON up.word = monthly.iccs GROUP BY ALL
),
monthly_area AS (
    FROM monthly_tree
    UNION ALL BY NAME SELECT 'MX' AS state, period, iccs, sex, sum(n) AS n FROM monthly_tree GROUP BY ALL
),
monthly_cell AS (
    SELECT state, period, iccs, coalesce(sex, '_T') AS sex, '_T' AS age, sum(n) AS n
    FROM monthly_area GROUP BY state, period, iccs, GROUPING SETS ((sex), ())
),
area AS (SELECT DISTINCT id AS state FROM place UNION ALL SELECT 'MX'),
cell AS (
    FROM annual_cell
    UNION ALL BY NAME FROM monthly_cell
    UNION ALL BY NAME
    SELECT *, 0 AS n
    FROM (
        FROM (SELECT DISTINCT iccs, sex, age FROM annual_cell), (SELECT DISTINCT period FROM annual_cell), area
    ) ANTI JOIN annual_cell USING (state, period, iccs, sex, age)
    UNION ALL BY NAME
    SELECT *, 0 AS n
    FROM (
        FROM (SELECT DISTINCT iccs, sex, age FROM monthly_cell), (SELECT DISTINCT period FROM monthly_cell), area
    ) ANTI JOIN monthly_cell USING (state, period, iccs, sex, age)
)
SELECT 'xx_bench_incidents' AS source, '2026-01-01' AS vintage, state AS ref_area,
    CASE state WHEN 'MX' THEN 'country' ELSE 'admin1' END AS area_level, period AS time_period,
    CASE length(period) WHEN 4 THEN 'A' ELSE 'M' END AS freq, iccs, NULL::VARCHAR AS iccs_made_from,
    'recorded' AS stage, 'victim' AS counting_unit, sex, age, {attributes}, n::DOUBLE AS value, 'A' AS obs_status,
    NULL::VARCHAR AS missing_reason, 'F' AS conf_status, 1.0::DOUBLE AS completeness, NULL::VARCHAR AS caveats
FROM cell;
"""


def _age_cases() -> str:
    cases = ["WHEN edad IS NULL THEN '_U'", "WHEN CAST(edad AS DOUBLE) > 120 THEN NULL"]
    for (_, high), code in zip(BANDS, BAND_CODES, strict=True):
        cases.append(f"WHEN CAST(edad AS DOUBLE) < {high + 1} THEN '{code}'" if high is not None else f"ELSE '{code}'")
    return " ".join(cases)


def run_duckdb(path: Path, work: Path, memory: str) -> Made:
    """Bare DuckDB: one statement for base cells, one for the grouping sets, into a database file. The floor."""
    with duckdb.connect(str(work / "floor.duckdb"), config={"memory_limit": memory, "threads": 2}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        # Without it the small lists are not built into the hash tables, but the file: slower and out of memory.
        connection.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
        _lists(connection)
        attributes = ", ".join(f"'_T' AS {name}" for name in ATTRIBUTES)
        connection.execute(FLOOR.format(ages=_age_cases(), path=path, attributes=attributes))
        ((total, cells),) = connection.execute(
            "SELECT sum(value) FILTER (sex = '_T' AND age = '_T'), count(*) FROM observation"
        ).fetchall()
    return float(total), int(cells)


def run_pipeline(path: Path, work: Path, memory: str) -> Made:
    """This pipeline, as ``iccs run`` does it, every rule included."""
    os.environ |= {"ICCS_MEMORY_LIMIT": memory, "ICCS_MAX_FILE_MIB": "16384"}
    from functools import partial

    import pipelines.run
    import schemas.source
    from pipelines.cli.main import main

    own = partial(schemas.source.list_sources, work / "sources")
    schemas.source.list_sources = pipelines.run.list_sources = lambda *_, **__: own()
    write_source(work / "sources")
    code = main(["run", "xx_bench_incidents", "--from", str(path.parent), "--data", str(work / "data")])
    if code:
        raise SystemExit(code)
    with duckdb.connect(str(work / "data/published/crime.duckdb"), read_only=True) as connection:
        ((total, cells),) = connection.execute(
            "SELECT sum(value) FILTER (sex = '_T' AND age = '_T'), count(*) FROM out.observation"
        ).fetchall()
    return float(total), int(cells)


def run_spark(path: Path, work: Path, memory: str) -> Made:
    """This pipeline on Spark, in one process with two threads."""
    os.environ |= {"ICCS_ENGINE": "local[2]", "SPARK_LOCAL_IP": "127.0.0.1"}
    return run_pipeline(path, work, memory)


PLANS = (("A", "year", ["sex", "age"]), ("M", "month", ["sex"]))
CONSTANTS = {"source": "xx_bench_incidents", "vintage": "2026-01-01", "stage": "recorded", "counting_unit": "victim",
             "obs_status": "A", "conf_status": "F", "completeness": 1.0}  # fmt: skip


def subsets(keys: list[str]) -> list[list[str]]:
    """Every selection of the keys, the largest first."""
    return [list(some) for size in range(len(keys), -1, -1) for some in combinations(keys, size)]


def run_polars(path: Path, work: Path, memory: str) -> Made:
    """polars with its streaming engine."""
    import polars as pl

    from iccs.classification import load_classification

    classification = load_classification()
    place = pl.LazyFrame(municipality_states(), schema=["municipio", "state"], orient="row")
    code = pl.LazyFrame(code_categories(), schema=["delito", "leaf"], orient="row")
    pairs = [
        (one, above)
        for one in sorted({iccs for _, iccs in code_categories()})
        for above in [one, *(category.code for category in classification.ancestors(one))]
    ]
    up = pl.LazyFrame(pairs, schema=["leaf", "iccs"], orient="row")
    edad = pl.col("edad").cast(pl.Float64, strict=False)
    age = pl.when(pl.col("edad").is_null()).then(pl.lit("_U")).when(edad > 120).then(None)
    for (_, high), band in zip(BANDS, BAND_CODES, strict=True):
        age = age.when(edad < (high + 1 if high is not None else 1000)).then(pl.lit(band))
    sexes = {"Hombre": "M", "Mujer": "F", "No identificado": "_U"}
    base = (
        pl.scan_csv(path, infer_schema=False)
        .join(place, on="municipio", how="left")
        .join(code, on="delito", how="left")
        .select(
            pl.col("fecha").str.slice(0, 7).alias("month"),
            (pl.col("fecha").str.to_date("%Y-%m-%d", strict=False) <= pl.lit("2026-12-31").str.to_date()).alias(
                "valid"
            ),
            "state",
            "leaf",
            pl.col("sexo").replace_strict(sexes, default=None).alias("sex"),
            age.alias("age"),
        )
        .group_by(pl.all())
        .len("n")
        .collect(engine="streaming")
    )
    good = base.drop_nulls().filter("valid").lazy().join(up, on="leaf")
    both = pl.concat([good, good.with_columns(pl.lit("MX").alias("state"))]).with_columns(
        pl.col("month").str.slice(0, 4).alias("year")
    )
    total = cells = 0
    for freq, period, keys in PLANS:
        parts = [both.group_by("iccs", "state", period, *some).agg(pl.col("n").sum()) for some in subsets(keys)]
        made = pl.concat(pl.collect_all(parts, engine="streaming"), how="diagonal").with_columns(
            pl.col(keys).fill_null("_T")
        )
        grid = made.select("iccs", *keys).unique().join(made.select(period).unique(), how="cross")
        grid = grid.join(made.select("state").unique(), how="cross")
        made = grid.join(made, on=["iccs", "state", period, *keys], how="left").with_columns(pl.col("n").fill_null(0))
        constants = {**dict.fromkeys(ATTRIBUTES, "_T"), **CONSTANTS, "freq": freq}
        table = made.with_columns(*(pl.lit(value).alias(name) for name, value in constants.items()))
        table.write_parquet(work / f"{freq}.parquet")
        whole = table.filter(pl.all_horizontal(pl.col(keys) == "_T"))
        total, cells = total + whole["n"].sum(), cells + len(table)
    return float(total), cells


def run_pandas(path: Path, work: Path, memory: str) -> Made:
    """pandas."""
    import numpy as np
    import pandas as pd

    from iccs.classification import load_classification

    classification = load_classification()
    columns = ["fecha", "municipio", "delito", "sexo", "edad"]
    data = pd.read_csv(path, usecols=columns, dtype={name: str for name in columns[:4]})
    day = pd.to_datetime(data["fecha"], format="%Y-%m-%d", errors="coerce")
    edges = [low for low, _ in BANDS] + [121]
    age = pd.cut(data["edad"], edges, right=False, labels=BAND_CODES).astype(object)
    age = age.where(data["edad"].notna(), "_U")
    base = pd.DataFrame(
        {
            "month": data["fecha"].str[:7],
            "state": data["municipio"].map(dict(municipality_states())),
            "leaf": data["delito"].map(dict(code_categories())),
            "sex": data["sexo"].map({"Hombre": "M", "Mujer": "F", "No identificado": "_U"}),
            "age": age,
            "valid": np.where(day <= pd.Timestamp("2026-12-31"), True, None),
        }
    )
    base = base.groupby(list(base.columns), observed=True).size().rename("n").reset_index()
    pairs = [
        (one, above)
        for one in sorted({iccs for _, iccs in code_categories()})
        for above in [one, *(category.code for category in classification.ancestors(one))]
    ]
    good = base.merge(pd.DataFrame(pairs, columns=["leaf", "iccs"]), on="leaf")
    both = pd.concat([good, good.assign(state="MX")])
    both["year"] = both["month"].str[:4]
    total = cells = 0
    for freq, period, keys in PLANS:
        parts = [both.groupby(["iccs", "state", period, *some], observed=True)["n"].sum() for some in subsets(keys)]
        made = pd.concat([part.reset_index() for part in parts]).fillna(dict.fromkeys(keys, "_T"))
        grid = made[["iccs", *keys]].drop_duplicates().merge(made[[period]].drop_duplicates(), how="cross")
        grid = grid.merge(made[["state"]].drop_duplicates(), how="cross")
        made = grid.merge(made, on=["iccs", "state", period, *keys], how="left").fillna({"n": 0})
        table = made.assign(**dict.fromkeys(ATTRIBUTES, "_T"), **CONSTANTS, freq=freq)
        table.to_parquet(work / f"{freq}.parquet")
        whole = table[(table[keys] == "_T").all(axis=1)]
        total, cells = total + int(whole["n"].sum()), cells + len(table)
    return float(total), cells


RUNNERS: dict[str, Callable[[Path, Path, str], Made]] = {
    "duckdb": run_duckdb,
    "pipeline": run_pipeline,
    "polars": run_polars,
    "pandas": run_pandas,
    "spark": run_spark,
}


def measure(name: str, path: Path, work: Path, memory: str) -> tuple[float, float, float, Made]:
    """Run one in a process of its own: seconds, processor seconds, peak MiB, sum and number of cells."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, __file__, "--one", name, "--file", str(path), "--work", str(work), "--memory", memory]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    (work / "said.txt").write_text(done.stdout, encoding="utf-8")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, processor, answer["peak_mib"], tuple(answer["made"])


def main() -> None:
    """Read the arguments and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dirty", type=float, default=0.0, help="share of rows that break a rule, 0 to 0.2")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--memory", default="2GiB")
    parser.add_argument("--runners", nargs="+", choices=RUNNERS, default=["duckdb", "pipeline", "polars", "pandas"])
    parser.add_argument("--folder", type=Path, default=Path("bench"), help="where files are made (default: ./bench)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        made = RUNNERS[options.one](options.file, options.work, options.memory)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write("\n" + json.dumps({"made": made, "peak_mib": peak}) + "\n")
        return
    missing = [name for name in ("polars",) if name in options.runners and importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    path = (options.folder / f"input-{options.rows}-{options.dirty}" / "incidents.csv").resolve()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        generate(path, options.rows, options.dirty)
    results: dict[str, list[tuple[float, float, float, Made]]] = {name: [] for name in options.runners}
    for _ in range(options.times):
        for name in options.runners:
            results[name].append(measure(name, path, (options.folder / f"work-{name}").resolve(), options.memory))
    totals = {name: found[0][3] for name, found in results.items()}
    floor = statistics.median(one[0] for one in results[options.runners[0]])
    out = [f"{options.rows:,} rows, {path.stat().st_size / 1024**2:,.0f} MiB, median of {options.times}"]
    out.append(f"{'runner':<10}{'seconds':>9}{'cpu s':>9}{'peak MiB':>10}{'ratio':>8}  cells, and their sum")
    for name, found in results.items():
        seconds, processor, peak = (statistics.median(one[n] for one in found) for n in range(3))
        out.append(
            f"{name:<10}{seconds:>9.1f}{processor:>9.1f}{peak:>10,.0f}{seconds / floor:>8.2f}  "
            f"{totals[name][1]:,} {totals[name][0]:,.0f}"
        )
    if len(set(totals.values())) > 1:
        out.append("THE CELLS DIFFER: the runners did not do the same work")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
