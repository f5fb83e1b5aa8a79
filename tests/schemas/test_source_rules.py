"""Rules on a whole source that keep it or refuse it: unknown measures, links without rows, reshapes, reconciliation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.collect.read import read
from pipelines.harmonise.conform import Conformed, conform
from pipelines.harmonise.reconcile import account
from pipelines.session import Session
from pipelines.source_steps import check_source
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused

ROWS = "area,year,code,n\n14,2023,HOM,3\n14,2024,HOM,5\n13,2024,HOM,7\n"
HOMICIDE = {"national_code": "HOM", "national_label": "Homicidio", "iccs_code": "0101", "relation": "exact"}
ATTEMPT = {"national_code": "TEN", "national_label": "Tentativa", "iccs_code": "0102", "relation": "exact"}


def outcomes(tiny: Tiny) -> dict[str, tuple[str, int, int, str]]:
    checked = check_source(tiny.source, Session(tiny.settings, tiny.given))
    return {one.rule: (one.outcome, one.checked, one.failing, one.detail) for one in checked.outcomes}


def rules(refused: pytest.ExceptionInfo[DataRefused]) -> list[str]:
    return [problem.rule for problem in refused.value.problems]


def test_a_link_that_no_row_uses_is_told(tiny: Tiny) -> None:
    tiny.declare_plain(links=[HOMICIDE, ATTEMPT])
    tiny.give("t.csv", ROWS)
    assert outcomes(tiny)["unused_links"] == ("warned", 2, 1, "TEN")
    tiny.declare_plain(links=[HOMICIDE])
    assert outcomes(tiny)["unused_links"] == ("passed", 1, 0, "")


def test_a_measure_that_is_not_declared_is_rejected(tiny: Tiny) -> None:
    declared = (
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, what, n]}\n"
        "area_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, measure: what, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
    )
    tiny.declare(declared)
    tiny.give("t.csv", "area,year,code,what,n\n14,2024,HOM,victims,5\n13,2024,HOM,victims,7\n")
    assert outcomes(tiny)["rejected_share"][0] == "passed"
    tiny.give("t.csv", "area,year,code,what,n\n14,2024,HOM,victims,5\n13,2024,HOM,vctims,7\n")
    with pytest.raises(DataRefused) as refused:
        outcomes(tiny)
    assert rules(refused) == ["unknown_measure"]
    assert "nearest: victims" in str(refused.value)


def test_a_reshape_that_does_not_run_is_told(tiny: Tiny) -> None:
    shaped = {"layout": "    reshape: reshape.sql\n    conserve: '^n$'\n"}
    tiny.declare_plain(**shaped, reshape="SELECT * FROM raw")
    tiny.give("t.csv", ROWS)
    assert outcomes(tiny)["reconciliation_closes"][:3] == ("passed", 1, 0)
    tiny.declare_plain(**shaped, reshape="SELECT *, sexo FROM raw")
    with pytest.raises(DataRefused, match="sexo") as refused:
        outcomes(tiny)
    assert rules(refused) == ["reshape_failed"]
    tiny.declare_plain(**shaped, reshape="SELECT area, year, code, n, _sheet FROM raw")
    with pytest.raises(DataRefused, match="it returns no column _file, _row, so its rows cannot be located") as refused:
        outcomes(tiny)
    assert rules(refused) == ["reshape_failed"]


YEAR = "-- Grain: as raw.\nSELECT * REPLACE (CAST(CAST(year AS INTEGER) AS VARCHAR) AS year) FROM raw"
COUNT = "-- Grain: as raw.\nSELECT * REPLACE (CAST(CAST(n AS INTEGER) AS VARCHAR) AS n) FROM raw"
OLD = "exclusions:\n  - {rule: old, where: CAST(year AS INTEGER) < 1900, reason: before}\n"
SUMS = "controls:\n  - {control: sums, total_column: all, part_columns: [n]}\n"


@pytest.mark.parametrize(
    ("more", "reshape", "row", "rule"),
    [
        pytest.param("", YEAR, "13,20x4,HOM,1", "reshape_failed", id="a reshape that casts a word"),
        pytest.param("", COUNT, "13,2024,HOM,x", "reshape_failed", id="a reshape that casts a count"),
        pytest.param(OLD, None, "13,20x4,HOM,1", "reshape_failed", id="an exclusion that casts a word"),
        pytest.param(SUMS, None, "13,2024,HOM,1", "declaration_invalid", id="a control over an absent column"),
    ],
)
def test_sql_of_a_source_that_fails_on_a_row_refuses_the_source_and_not_the_run(
    tiny: Tiny, more: str, reshape: str | None, row: str, rule: str
) -> None:
    # 3,000 good rows first: the statement runs, and fails only when it comes to the last one.
    layout = "" if reshape is None else "    reshape: reshape.sql\n    conserve: '^n$'\n"
    tiny.declare_plain(more, layout=layout, reshape=reshape)
    tiny.give(
        "t.csv",
        ROWS.splitlines()[0] + "\n" + "".join(f"{10 + n % 10},{1700 + n // 10},HOM,1\n" for n in range(3000)) + row,
    )

    with pytest.raises(DataRefused) as refused:
        tiny.run()

    assert rules(refused) == [rule]


def test_a_step_that_loses_a_count_or_a_row_is_refused(tiny: Tiny) -> None:
    """What a fault of ours would do: observations are missing after linking; one row was never read."""
    tiny.declare_plain()
    tiny.give("t.csv", ROWS)
    source, settings, work = tiny.source, tiny.settings, tiny.work
    raw = read(source, acquire(source, settings, tiny.given), settings, work)
    conformed = conform(source, raw, settings, work)

    def outcomes_of(judged: Conformed) -> set[str]:
        with connect(settings) as connection:
            return {one.rule for one in account(source, judged, connection, settings, work).outcomes}

    lost = replace(conformed.statements, linked=f"FROM ({conformed.statements.linked}) LIMIT 0")
    with pytest.raises(DataRefused, match="The measure 'victims' does not reconcile") as refused:
        outcomes_of(replace(conformed, statements=lost))
    assert rules(refused) == ["reconciliation_closes"]
    with pytest.raises(DataRefused, match="4 rows were read from the files, but 3 are accounted for"):
        outcomes_of(replace(conformed, raw=replace(raw, rows=4)))

    assert "reconciliation_closes" in outcomes_of(conformed)
