"""A vintage of another version, without an attribute and with a column that is gone, is read in today's columns."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tiny_source import Tiny

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.files import sha256_of_file
from pipelines.tabulate.vintages.columns import columns_version, part_columns, read_part
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage

FIRST = "area,year,code,n\n14,2022,HOM,4\n14,2023,HOM,10\n15,2023,HOM,7\n"


def run(tiny: Tiny) -> RunResult:
    result = run_all([tiny.source], Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    assert result.refused == ()
    return result


def current(tiny: Tiny) -> Vintage:
    vintage = current_vintage(tiny.name, tiny.settings)
    assert vintage is not None
    return vintage


def make_older(vintage: Vintage) -> None:
    """Rewrite a vintage as a version would have that knew no weapons and had a column that is gone by now."""
    manifest = vintage.manifest
    for part in ("cells", "links"):
        table = pq.read_table(vintage.part(part)).drop_columns(["weapon"])
        if part == "cells":
            table = table.append_column("gone", [["x"] * table.num_rows])
        pq.write_table(table, vintage.part(part))
        manifest["parts"][part] = sha256_of_file(vintage.part(part))
    manifest["columns"] = "an older one"
    (vintage.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def observations(published: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        columns = ", ".join(part_columns("cells"))
        return connection.execute(f"SELECT {columns} FROM out.observation ORDER BY ALL").fetchall()


def test_an_older_vintage_is_published_as_it_was(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", FIRST)
    before = observations(run(tiny).published)
    assert current(tiny).manifest["columns"] == columns_version()

    make_older(current(tiny))
    tiny.settings.published.unlink()
    result = run(tiny)

    assert (result.loaded, result.unchanged) == ((), (tiny.name,))
    assert observations(result.published) == before
    with duckdb.connect(str(result.published), read_only=True) as connection:
        assert connection.execute("SELECT DISTINCT weapon FROM out.observation").fetchall() == [("_T",)]
        assert connection.execute("SELECT tags FROM out.mapping").fetchall() == [(None,)]


def test_figures_are_compared_with_an_older_vintage(tiny: Tiny) -> None:
    """One figure is another one: it is the only revision (with its parents), and the rule on revised figures is run."""
    tiny.declare_plain()
    tiny.give("t.csv", FIRST)
    run(tiny)
    make_older(current(tiny))
    tiny.give("t.csv", FIRST.replace("15,2023,HOM,7", "15,2023,HOM,9"))

    result = run(tiny)

    with duckdb.connect(str(result.published), read_only=True) as connection:
        revised = connection.execute(
            "SELECT ref_area, time_period, weapon, old_value, new_value FROM out.revision WHERE iccs = '0101'"
        ).fetchall()
        (outcome,) = connection.execute("SELECT outcome FROM out.quality WHERE rule = 'past_changed'").fetchall()
    assert revised == [("MX-MEX", "2023", "_T", 7, 9)]
    assert outcome == ("warned",)


def test_what_its_source_hid_is_not_free_in_an_older_vintage_either(tmp_path: Path) -> None:
    """Earlier versions wrote F, free for publication, for every cell."""
    cells = {"missing_reason": ["suppressed", "not_reported", None], "conf_status": ["F", "F", "F"]}
    pq.write_table(pa.table(cells), tmp_path / "cells.parquet")
    with duckdb.connect() as connection:
        query = read_part("cells", tmp_path / "cells.parquet")
        found = connection.execute(f"SELECT missing_reason, conf_status FROM {query}").fetchall()
    assert found == [("suppressed", "C"), ("not_reported", "F"), (None, "F")]
