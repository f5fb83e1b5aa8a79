"""``iccs share check`` on a release of made incidents: who may have them, what is hidden, and when it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest
import yaml
from damaged_files import INCIDENTS, command, declared

from pipelines.reader.release import OpenRelease
from pipelines.share.check import SharedSource, check_sharing
from pipelines.share.left import Left
from pipelines.share.protection.counts import read_counts
from pipelines.share.protection.margins import dimensions
from pipelines.system.settings import Settings
from schemas.definition.sharing import Level
from schemas.errors import UsageError
from schemas.source import list_sources

SOURCE = "xx_test_incidents"
PERSONS = {("MX-AGU", "man"): 9, ("MX-AGU", "woman"): 1, ("MX-JAL", "man"): 20, ("MX-JAL", "woman"): 12}
"""Incidents of January 2021, all of one age: one woman in Aguascalientes. 20 men in Jalisco in each other month."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a release of the incidents, and the folder of sources beside it."""
    root = tmp_path_factory.mktemp("share")
    shutil.copytree(INCIDENTS, root / "sources" / SOURCE)
    given = root / "given" / SOURCE
    given.mkdir(parents=True)
    rows = [f"2021-01-02,{area},H1,{sex},40" for (area, sex), number in PERSONS.items() for _ in range(number)]
    rows += [f"2021-{month:02}-02,MX-JAL,H1,man,40" for month in range(2, 13) for _ in range(20)]
    lines = [f"F{number},{row},Somebody" for number, row in enumerate(rows)]
    (given / "incidents.csv").write_text("\n".join(["folio,day,place,offence,sex,age,name", *lines]) + "\n")
    with declared(root / "sources"):
        code, said = command("run", "--data", str(root / "data"), "--from", str(root / "given"))
        assert code == 0, said
        yield root


def policy(place: Path, sharing: dict[str, object] | None) -> None:
    """Declare a policy in the place of the last one."""
    text = (INCIDENTS / "source.yml").read_text(encoding="utf-8")
    more = "" if sharing is None else yaml.safe_dump({"sharing": sharing})
    (place / "sources" / SOURCE / "source.yml").write_text(text + more, encoding="utf-8")


def check(place: Path, level: Level = "public", today: date = date(2026, 1, 1)) -> SharedSource:
    with OpenRelease(Settings(data=place / "data")) as release:
        (found,) = check_sharing(release, list_sources(place / "sources"), level, today)
    return found


def test_incidents_without_a_policy_are_refused_with_what_to_do(place: Path) -> None:
    policy(place, None)
    code, said = command("share", "check", "--data", str(place / "data"))
    assert code == 1
    assert f"{SOURCE} cannot be shared: it contains counts of incidents and declares no policy" in said
    assert "sharing: {level: public, threshold: 3}" in said


def test_a_source_whose_definition_is_not_here_is_refused(place: Path) -> None:
    with OpenRelease(Settings(data=place / "data")) as release:
        (found,) = check_sharing(release, {}, "public", date(2026, 1, 1))
    assert found.outcome == "refused"
    assert "its policy is not known" in found.why


@pytest.mark.parametrize(
    ("sharing", "level", "today", "outcome"),
    [
        ({"level": "internal"}, "partners", date(2026, 1, 1), "stays"),
        ({"level": "internal"}, "internal", date(2026, 1, 1), "protected"),
        ({"level": "partners"}, "public", date(2026, 1, 1), "stays"),
        ({"level": "public"}, "partners", date(2026, 1, 1), "protected"),
        ({"level": "public", "embargo": date(2026, 2, 1)}, "public", date(2026, 1, 31), "stays"),
        ({"level": "public", "embargo": date(2026, 2, 1)}, "public", date(2026, 2, 1), "protected"),
    ],
)
def test_level_and_embargo_say_who_has_it_when(
    place: Path, sharing: dict[str, object], level: Level, today: date, outcome: str
) -> None:
    policy(place, sharing)
    assert check(place, level, today).outcome == outcome


def test_the_cells_below_the_threshold_are_hidden_at_every_level_of_every_breakdown(place: Path) -> None:
    """The one woman is in the year by sex, and by sex and age, of her state, in each level of the tree above her."""
    policy(place, {"level": "public"})
    (series,) = check(place).series
    names = dimensions()
    primary = [dict(zip(names, key, strict=True)) for key in series.primary]
    assert {(cell["ref_area"], cell["sex"]) for cell in primary} == {("MX-AGU", "F")}
    assert {cell["age"] for cell in primary} == {"_T", "Y_GE30"}
    assert series.secondary
    assert (series.determined, series.determined_for_one_person) == (0, 0)
    policy(place, {"level": "public", "threshold": 10})
    (wider,) = check(place).series
    areas = {(key[names.index("ref_area")], key[names.index("sex")]) for key in wider.primary}
    assert areas == {("MX-AGU", "F"), ("MX-AGU", "M")}  # 1 and 9; their sum of 10 is not below the threshold


def test_categories_that_are_never_suppressed_are_shown(place: Path) -> None:
    policy(place, {"level": "public"})
    (series,) = check(place).series
    used = sorted({key[dimensions().index("iccs")] for key in series.primary})
    policy(place, {"level": "public", "never_suppress": used})
    (shown,) = check(place).series
    assert (shown.primary, shown.secondary) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("sharing", "said"),
    [
        ({"level": "everybody"}, "level"),
        ({"level": "public", "threshold": 1}, "threshold"),
        ({"level": "public", "never_suppress": ["9999"]}, "never_suppress"),
        ({"threshold": 3}, "level"),
    ],
)
def test_a_policy_that_means_nothing_is_refused(place: Path, sharing: dict[str, object], said: str) -> None:
    policy(place, sharing)
    with pytest.raises(UsageError, match=f"sharing.*{said}"):
        _ = list_sources(place / "sources")[SOURCE].source


def test_the_command_says_how_much_is_hidden_and_not_which_counts(place: Path) -> None:
    policy(place, {"level": "public"})
    code, said = command("share", "check", "--data", str(place / "data"), "--json")
    assert code == 0, said
    answer = json.loads(said)
    (source,) = answer["sources"]
    assert (answer["shareable"], source["outcome"], source["threshold"]) == (True, "protected", 3)
    (series,) = source["series"]
    assert series["below_threshold"] > 0
    assert series["hidden_to_protect"] > 0
    assert (series["computable"], series["computable_by_one_person"]) == (0, 0)
    code, said = command("share", "check", "--data", str(place / "data"))
    assert code == 0, said
    assert "protected" in said


@pytest.mark.parametrize(("by_all", "is_bug"), [(0, False), (2, True)])
def test_what_one_person_could_compute_is_no_bug(
    place: Path, monkeypatch: pytest.MonkeyPatch, by_all: int, is_bug: bool
) -> None:
    """Where few are of unknown sex, the only one of them in a cell knows the others: nothing that is hidden helps."""
    policy(place, {"level": "public"})
    held = check(place).series
    told = {SOURCE: tuple(replace(one, determined=by_all, determined_for_one_person=8) for one in held)}
    monkeypatch.setattr("pipelines.share.check.protect", lambda *_: told)
    found = check(place)
    assert found.outcome == "refused"
    assert ("report this as a bug" in found.why) == is_bug
    assert ("the only one counted in a cell could compute 8 other small counts" in found.why) != is_bug


def test_what_left_protected_does_not_leave_as_it_is(place: Path) -> None:
    left = Left("p1", {"package": "p1", "sources": {SOURCE: {"outcome": "protected"}}}, place / "cells.parquet")
    policy(place, {"level": "public"})
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA out")
        connection.execute(f"CREATE TABLE out.source AS SELECT '{SOURCE}' AS source, 'count' AS kind")
        connection.execute("CREATE TABLE out.area AS SELECT 'MX' AS code, NULL AS parent")
        connection.execute("CREATE TABLE out.iccs AS SELECT '01' AS code, NULL AS parent, true AS in_tree")
        connection.execute("CREATE TABLE out.age AS SELECT '_T' AS code, NULL::INTEGER AS lower_age, 1 AS upper_age")
        release = cast("OpenRelease", SimpleNamespace(connection=connection))
        (found,) = check_sharing(release, list_sources(place / "sources"), "public", date(2026, 1, 1), [left])
    assert found.outcome == "refused"
    assert "it was shared with hidden cells in package p1" in found.why


def test_bounds_in_place_of_a_count_are_counts_that_nobody_protected() -> None:
    """Of a woman beside nine persons of unknown sex: at_least 1 is the count that is withheld."""
    with duckdb.connect() as connection:
        known = {"ref_area": "MX", "sex": "F"}
        codes = ", ".join(f"'{known.get(name, '_T')}' AS {name}" for name in dimensions())
        connection.execute("CREATE SCHEMA out")
        connection.execute(
            f"CREATE TABLE out.observation AS SELECT 's' AS source, 'recorded' AS stage, 'victim' AS counting_unit, "
            f"{codes}, NULL::DOUBLE AS value, 1.0 AS at_least, 10.0 AS at_most"
        )
        with pytest.raises(UsageError, match=r"^the cell ref_area MX, sex F has bounds instead of a count"):
            read_counts(connection, "s")


def test_rounded_counts_leave_as_estimates_and_nothing_is_hidden(place: Path) -> None:
    """Every number is a multiple of 3, next to the count that it stands for, which the office has."""
    policy(place, {"level": "public", "rounding": 3})
    code, said = command("share", "package", "-o", str(place / "rounded"), "--data", str(place / "data"))
    assert code == 0, said
    key = ", ".join(("stage", "counting_unit", *dimensions()))
    with duckdb.connect(str(place / "rounded" / "crime.duckdb"), read_only=True) as connection:
        connection.execute(f"ATTACH '{place / 'data' / 'published' / 'crime.duckdb'}' AS office (READ_ONLY)")
        (cells, away, of_three, marked, free) = connection.execute(
            "SELECT count(*), max(abs(left_as.value - own.value)), bool_and(left_as.value % 3 = 0), "
            "bool_and(left_as.obs_status IN ('E', 'B') AND contains(left_as.caveats, 'figures_rounded')), "
            "bool_and(left_as.conf_status = 'F') "
            f"FROM out.observation AS left_as JOIN office.out.observation AS own USING ({key}) "
            "WHERE own.value IS NOT NULL"
        ).fetchall()[0]
        assert (cells > 10, 0 < away < 3, of_three, marked, free) == (True, True, True, True, True)
        assert connection.execute("SELECT count(ci_low) FROM out.rate").fetchall() == [(0,)], "no limits from chance"
    entry = json.loads((place / "data" / "shared" / "log.jsonl").read_text().splitlines()[-1])["sources"][SOURCE]
    assert (entry["rounding"], entry["hidden"], entry["computable"]) == (3, 0, 0)
    policy(place, {"level": "public", "threshold": 3})
    code, said = command("share", "check", "--data", str(place / "data"))
    assert code == 1
    assert "were rounded to 3 in package" in said


def read_tau_argus(folder: Path) -> tuple[list[tuple[str, str, dict[str, list[str]]]], dict[tuple[str, ...], int]]:
    """A table as its metadata says: name, total and hierarchy of each dimension; value of each cell."""
    described: list[tuple[str, str, dict[str, list[str]]]] = []
    for line in (folder / "table.rda").read_text().splitlines():
        word, _, rest = line.strip().partition(" ")
        if not line.startswith((" ", "<")) and word not in ("VALUE", "STATUS"):
            described.append((word, "", {}))
        elif word == "<TOTCODE>":
            described[-1] = (described[-1][0], rest.strip('"'), {})
        elif word == "<HIERCODELIST>":
            path = [described[-1][1]]
            for code in (folder / rest.strip('"')).read_text().splitlines():
                depth = len(code) - len(code.lstrip("@"))
                path[depth + 1 :] = [code.lstrip("@")]
                described[-1][2].setdefault(path[depth], []).append(path[-1])
    rows = [line.split(";") for line in (folder / "table.tab").read_text().splitlines()]
    hidden = {tuple(line.split(";")[:-1]) for line in (folder / "table.hst").read_text().splitlines()}
    assert {tuple(codes) for *codes, _, status in rows if status == "U"} == hidden
    for place, (_, total, below) in enumerate(described):
        if not below:
            below[total] = sorted({row[place] for row in rows} - {total})
    return described, {tuple(codes): int(value) for *codes, value, _ in rows}


def test_tables_for_tau_argus_are_additive_and_have_the_pattern(place: Path) -> None:
    """Read by what the metadata say, with nothing of the program: every total is the sum of what is below it."""
    policy(place, {"level": "public", "threshold": 3})
    hidden = {key for series in check(place).series for key in series.hidden}
    words = ("share", "check", "--tau-argus", str(place / "argus"), "--data", str(place / "data"))
    (place / "data" / "shared").rename(place / "left before")
    code, said = command(*words)
    assert code == 0, said
    assert command(*words)[0] == 2, "a folder that is there is never written over"
    (place / "left before").rename(place / "data" / "shared")
    sums, marked = 0, 0
    for folder in sorted((place / "argus").iterdir()):
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}, "the counts are the true ones"
        described, values = read_tau_argus(folder)
        for cell, value in values.items():
            for at, (_, _, below) in enumerate(described):
                parts = [values.get((*cell[:at], code, *cell[at + 1 :])) for code in below.get(cell[at], [])]
                if any(one is not None for one in parts):
                    assert sum(one or 0 for one in parts) == value, (folder.name, cell)
                    sums += 1
        marked += len({line for line in (folder / "table.hst").read_text().splitlines() if "~rest" not in line})
    assert sums > 10
    assert marked >= len(hidden) > 0
