"""``iccs share package``: the release that leaves shows what was audited, and nothing in it tells of the rest."""

from __future__ import annotations

import base64
import csv
import json
import math
import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from damaged_files import INCIDENTS, command, damage, declared
from tiny_source import Tiny

from pipelines.publish.published_schema import load_published
from pipelines.share.left import read_known
from pipelines.share.protection.margins import dimensions
from pipelines.share.protection.protect import Protected
from pipelines.share.signature import read_key
from schemas.declarations import load_columns, load_tables
from schemas.errors import UsageError

SOURCE = "xx_test_incidents"
POLICY = {"level": "public", "threshold": 5}
POPULATION = {
    ("MX-AGU", "F"): 728_924, ("MX-AGU", "M"): 696_683, ("MX-JAL", "F"): 4_249_696, ("MX-JAL", "M"): 4_098_455
}  # fmt: skip


def incidents(women: int) -> list[str]:
    """Rows of a year: few women in Aguascalientes. The sums by area and by sex are the same for 3 and for 4."""
    january = {("MX-AGU", "woman"): women, ("MX-JAL", "woman"): 92 - women}
    january |= {("MX-AGU", "man"): 40 - women, ("MX-JAL", "man"): 78 + women}
    usual = {("MX-AGU", "man"): 40, ("MX-JAL", "man"): 78, ("MX-JAL", "woman"): 91}
    return [
        f"2021-{month:02}-02,{area},H1,{sex},40"
        for month in range(1, 13)
        for (area, sex), many in (january if month == 1 else usual).items()
        for _ in range(many)
    ]


def declare_population(root: Path) -> None:
    """A population that everybody knows, by area and sex: with a rate it gives a count."""
    people = Tiny(root, "xx_people")
    people.declare(
        "kind: population\nlayouts:\n  - files: [people.csv]\n    read: {columns: [area, year, sex, n]}\n"
        "area_scheme: code\ncolumns: {ref_area: area, time_period: year, sex: sex, value: n}\n"
        "measures:\n  persons: {counting_unit: person}\nbreakdowns: [{by: [sex]}]\n",
        values="sex,M,M,\nsex,F,F,\n",
    )
    (root / "sources" / "xx_people" / "concordance.csv").unlink()
    rows = [f"{area},2021,{sex},{POPULATION[area, sex]}" for area, sex in POPULATION]
    (root / "given" / "xx_people").mkdir(parents=True)
    (root / "given" / "xx_people" / "people.csv").write_text("\n".join(["area,year,sex,n", *rows]) + "\n")


def stored(root: Path, rows: list[str]) -> Path:
    """A data folder with a release of the incidents, which are shared with everybody."""
    shutil.copytree(INCIDENTS, root / "sources" / SOURCE)
    text = (INCIDENTS / "source.yml").read_text(encoding="utf-8") + yaml.safe_dump({"sharing": POLICY})
    text = text.replace('"*.csv", "*.csv.gz"', '"incidents*.csv"')
    (root / "sources" / SOURCE / "source.yml").write_text(text, encoding="utf-8")
    declare_population(root)
    give(root, rows)
    return root


def give(root: Path, rows: list[str]) -> None:
    given = root / "given" / SOURCE
    given.mkdir(parents=True, exist_ok=True)
    lines = [f"F{number},{row},Somebody" for number, row in enumerate(rows)]
    (given / "incidents.csv").write_text("\n".join(["folio,day,place,offence,sex,age,name", *lines]) + "\n")
    with declared(root / "sources"):
        code, said = command("run", "--data", str(root / "data"), "--from", str(root / "given"))
    assert code == 0, said


def share(root: Path, *words: str) -> tuple[int, str]:
    with declared(root / "sources"):
        return command("share", *words, "--data", str(root / "data"))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = stored(tmp_path_factory.mktemp("package"), incidents(3))
    code, said = command("share", "key", str(root / "key"), "--json")
    assert code == 0, said
    (root / "key.pub").write_text(json.loads(said)["public_key"])
    words = ("--recipient", "the ministry", "--sign", str(root / "key"))
    code, said = share(root, "package", "-o", str(root / "out"), *words)
    assert code == 0, said
    yield root


def hidden_cells(database: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "SELECT ref_area, sex, value, obs_status, missing_reason, conf_status FROM out.observation "
            "WHERE conf_status = 'C' AND freq = 'A' AND iccs = '0101' AND age = '_T' ORDER BY ALL"
        ).fetchall()


def test_hidden_cells_have_no_value_and_one_status(left: Path) -> None:
    found = hidden_cells(left / "out" / "crime.duckdb")
    assert ("MX-AGU", "F", None, "Q", "suppressed", "C") in found
    assert len(found) >= 4, "one cell alone would be the total less the others"
    assert {row[2:] for row in found} == {(None, "Q", "suppressed", "C")}


def test_nothing_is_computed_from_a_hidden_cell(left: Path) -> None:
    """In every table and view with the codes of a cell, each number of a hidden one is NULL, but of its population."""
    with duckdb.connect(str(left / "out" / "crime.duckdb"), read_only=True) as connection:
        key = "source, stage, counting_unit, ref_area, time_period, iccs, sex, age"
        connection.execute(
            f"CREATE TEMP TABLE hidden AS SELECT {key} FROM out.observation WHERE conf_status = 'C' "
            "AND freq = 'A' AND weapon = '_T'"
        )
        views = [one.name for one in load_published() if one.kind == "VIEW"]
        seen = 0
        for name in [*(f"out.{table}" for table in load_tables()), *views]:
            columns = {column for column, *_ in connection.execute(f"DESCRIBE {name}").fetchall()}
            if not set(key.split(", ")) <= columns or name == "out.observation":
                continue
            seen += 1
            others = {"population", "completeness", "share_known", "total"}  # not of the hidden cell, but beside it
            numbers = [column for column in columns - others if load_columns()[column].type in ("DOUBLE", "BIGINT")]
            for column in numbers if name != "out.series" else ():  # whose grain is no year
                rows = connection.execute(f"SELECT {column} FROM {name} SEMI JOIN hidden USING ({key})").fetchall()
                assert {value for (value,) in rows} <= {None}, (name, column)
        assert seen >= 5
        reasons = connection.execute(f"SELECT DISTINCT no_rate_reason FROM out.rate SEMI JOIN hidden USING ({key})")
        assert reasons.fetchall() == [("suppressed",)]


MACROS = (
    "out.trend_of('0101', 'MX-AGU', sex := 'F')",
    "out.trend_of('0101', 'MX-JAL', sex := 'M')",
    "out.change_between(2020, 2021)",
    "out.counts_at_level(2)",
    "out.counts_by_age_band('minor_adult')",
    "out.counts_by_period('A')",
    "out.counts_of_areas(['MX-AGU', 'MX-JAL'])",
    "out.observation_asof('2100-01-01')",
    "out.revision_triangle('xx_test_incidents', '0101', 'MX-AGU', sex := 'F')",
)


def numbers_of(database: Path, *names: str) -> dict[str, set[float]]:
    """Every number of some tables, views and macros of a release, by column."""
    found: dict[str, set[float]] = {}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS crime (READ_ONLY)")
        connection.execute("USE crime.out")
        for name in names:
            for column, values in connection.execute(f"FROM {name}").fetchnumpy().items():
                there = values.compressed() if isinstance(values, np.ma.MaskedArray) else values
                found[f"{name}.{column}"] = {float(one) for one in there.tolist() if isinstance(one, int | float)}
    return found


def test_no_rate_gives_a_hidden_count_away(left: Path) -> None:
    """The attack: whatever number there is, times a known population, is no count of the cell that is hidden.

    Expected values by hand: of Aguascalientes, 3 women of 728,924 and 477 men (37 in January, 40 in eleven months).
    """
    office = left / "data" / "published" / "crime.duckdb"
    package = left / "out" / "crime.duckdb"
    women = 3 / POPULATION["MX-AGU", "F"] * 100_000
    men = 477 / POPULATION["MX-AGU", "M"] * 100_000

    def recovered(database: Path, *names: str) -> set[str]:
        columns = numbers_of(database, *names).items()
        return {
            column
            for column, numbers in columns
            if any(math.isclose(one, rate) for one in numbers for rate in (women, men))
        }

    assert {"out.rate.rate_per_100k", f"{MACROS[0]}.rate_per_100k"} <= recovered(office, "out.rate", MACROS[0]), (
        "the attack works there"
    )
    views = [f"out.{table}" for table in load_tables()] + [one.name for one in load_published() if one.kind == "VIEW"]
    assert recovered(package, *views, *MACROS) == set()
    with duckdb.connect(str(package), read_only=True) as connection:
        query = (
            "SELECT ref_area, sex, no_rate_reason FROM out.rate WHERE iccs = '0101' AND age = '_T' AND population > 0"
        )
        reasons = {(area, sex): why for area, sex, why in connection.execute(query).fetchall()}
    assert (reasons["MX-AGU", "F"], reasons["MX-AGU", "M"], reasons["MX-AGU", "_T"]) == (
        "suppressed",
        "suppressed",
        None,
    )


def test_a_rate_that_another_source_prints_makes_its_count_known() -> None:
    """By hand: of 728,924 persons, 3 are 0.41 in 100,000, and 2 are 0.27: with two decimals no other count is possible.

    With none, 0 in 100,000 are 0 to 3 persons, and nothing is known. A rate of another count is no count of ours.
    """
    key = ("MX-AGU", "2021", "0101", "F", *["_T"] * (len(dimensions()) - 4))
    for printed, more, known in (("0.41", "12.25", {3}), ("0", "12", set()), ("0.55", "12.25", set())):
        with duckdb.connect() as connection:
            connection.execute("CREATE SCHEMA out")
            quoted = ", ".join(f"'{code}' AS {name}" for name, code in zip(dimensions(), key, strict=True))
            connection.execute(
                "CREATE TABLE out.estimate AS SELECT 'rates' AS source, 'r' AS measure, 'recorded' AS stage, "
                f"'victim' AS counting_unit, {quoted}, rate AS estimate, 'per_100k' AS unit_of_measure "
                f"FROM (VALUES ({printed}::DOUBLE), ({more}::DOUBLE)) AS printed (rate)"
            )
            connection.execute(f"CREATE TABLE out.population AS SELECT {quoted}, 728924.0::DOUBLE AS population")
            connection.execute(
                "CREATE TABLE out.observation AS SELECT * REPLACE ('' AS source), 1 AS value FROM out.estimate"
            )
            found = read_known(connection, [Protected(SOURCE, {("recorded", "victim"): {key: 3}}, 5)], ["rates"], [])
        assert {count for _, _, count in found.cells} == known, printed


@pytest.mark.slow
def test_two_secrets_with_the_same_shown_cells_give_the_same_bytes(
    left: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The strongest form of "nothing in the bytes tells": 3 women of 40, or 4 of 40, and nothing differs.

    Other incidents were counted, with other totals by the source's own categories, other sums of files and other
    fingerprints. What is shown is the same, and so is every byte of the data package.
    """
    other = stored(tmp_path_factory.mktemp("other"), incidents(4))
    code, said = share(other, "package", "-o", str(other / "out"))
    assert code == 0, said
    assert hidden_cells(left / "out" / "crime.duckdb") == hidden_cells(other / "out" / "crime.duckdb")
    contents = []
    for root in (left, other):
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{root / 'out' / 'crime.duckdb'}' AS crime (READ_ONLY)")
            tables = {}
            for table in load_tables().values():
                moments = ["published_at", "loaded_at", "release"]  # when the two were made
                columns = ", ".join(column.name for column in table.columns if column.name not in moments)
                tables[table.name] = connection.execute(
                    f"SELECT {columns} FROM crime.out.{table.name} ORDER BY ALL"
                ).fetchall()
        contents.append(tables)
    assert contents[0] == contents[1]


def test_the_true_counts_are_in_no_byte_of_the_package(left: Path) -> None:
    """Hidden counts that occur nowhere else, as the number in any file and as a field of a CSV file."""
    counts = []
    for place in ("data/published", "out"):
        with duckdb.connect(str(left / place / "crime.duckdb"), read_only=True) as connection:
            rows = connection.execute("SELECT DISTINCT value FROM out.observation WHERE value > 800").fetchall()
            counts.append({int(value) for (value,) in rows})
    secret = counts[0] - counts[1]
    assert secret
    for path in (path for path in (left / "out").rglob("*") if path.is_file()):
        content = path.read_bytes()
        for count in secret:
            assert struct.pack("<d", count) not in content, (path.name, count)
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as handle:
                fields = {field for row in csv.reader(handle) for field in row}
            assert fields.isdisjoint({f"{count}{end}" for count in secret for end in ("", ".0")}), path.name


def test_what_only_the_office_may_see_stays(left: Path) -> None:
    with duckdb.connect(str(left / "out" / "crime.duckdb"), read_only=True) as connection:
        for table in (
            "mapping_count",
            "reconciliation",
            "exclusion",
            "quality",
            "coverage",
            "revision",
            "release_change",
        ):
            assert connection.execute(f"FROM out.{table} WHERE source = '{SOURCE}'").fetchall() == [], table
        assert connection.execute("SELECT DISTINCT count_linked, share_of_count FROM out.mapping").fetchall() == [
            (None, None)
        ]
        assert connection.execute(f"SELECT files FROM out.source WHERE source = '{SOURCE}'").fetchall() == [
            ("incidents.csv",)
        ], "no sum of the file"
        (vintage,), (key,) = connection.execute(
            f"SELECT vintage FROM out.source WHERE source = '{SOURCE}' UNION ALL SELECT content_key FROM out.release"
        ).fetchall()
    with duckdb.connect(str(left / "data" / "published" / "crime.duckdb"), read_only=True) as connection:
        (own,), (own_key,) = connection.execute(
            f"SELECT vintage FROM out.source WHERE source = '{SOURCE}' UNION ALL SELECT content_key FROM out.release"
        ).fetchall()
    assert vintage != own, "the fingerprint of the true cells would confirm a guess"
    assert key != own_key


def test_the_package_describes_and_sums_every_file(left: Path) -> None:
    from pipelines.system.files import sha256_of_file

    folder = left / "out"
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    paths = {resource["path"] for resource in described["resources"]}
    assert paths == {path.relative_to(folder).as_posix() for path in (folder / "data").iterdir()}
    for resource in described["resources"]:
        path = folder / resource["path"]
        assert resource["hash"] == f"sha256:{sha256_of_file(path)}"
        assert resource["bytes"] == path.stat().st_size
    summed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert summed.keys() == paths | {"datapackage.json", "provenance.json", "dcat.jsonld", "README.md"}
    assert all(sha256_of_file(folder / name) == total for name, total in summed.items())
    catalogue = json.loads((folder / "dcat.jsonld").read_text(encoding="utf-8"))
    assert {one["dcat:downloadURL"]["@id"] for one in catalogue["dcat:distribution"]} == paths
    (source,) = (one for one in described["sources"] if one["title"].startswith("Incidents"))
    assert source["confidentiality"].startswith("small counts")
    with duckdb.connect() as connection:
        csv, parquet = (
            connection.execute(f"SELECT count(*), sum(value) FROM '{folder}/data/observation.{form}'").fetchall()
            for form in ("csv", "parquet")
        )
    assert csv == parquet


def test_a_second_package_of_a_release_has_the_same_bytes(left: Path) -> None:
    code, said = share(left, "package", "-o", str(left / "again"), "--sign", str(left / "key"))
    assert code == 0, said
    for path in (left / "out").rglob("*"):
        if path.is_file() and not path.name.startswith("crime.duckdb"):
            assert path.read_bytes() == (left / "again" / path.relative_to(left / "out")).read_bytes(), path


def test_the_log_says_what_left_when_to_whom_and_how(left: Path) -> None:
    first = json.loads((left / "data" / "shared" / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (first["recipient"], first["level"]) == ("the ministry", "public")
    policy = first["sources"][SOURCE]
    assert (policy["outcome"], policy["threshold"], policy["zeros"], policy["computable"]) == (
        "protected",
        5,
        "shown",
        0,
    )
    assert policy["hidden"] > 0


def test_nothing_is_written_where_a_source_is_refused_or_the_folder_is_used(left: Path, tmp_path: Path) -> None:
    code, said = share(left, "package", "-o", str(left / "out"))
    assert code == 2, said
    assert "not empty" in said
    definition, log = left / "sources" / SOURCE / "source.yml", left / "data" / "shared" / "log.jsonl"
    declared_text, logged = definition.read_bytes(), log.read_bytes()
    try:
        shutil.copy(INCIDENTS / "source.yml", definition)
        code, said = share(left, "package", "-o", str(tmp_path / "out"))
    finally:
        definition.write_bytes(declared_text)
    assert code == 1
    assert "cannot be shared: it contains counts of incidents and declares no policy" in said
    assert not any(tmp_path.iterdir())
    assert log.read_bytes() == logged


def test_a_revision_keeps_what_left_and_diff_counts_it(left: Path) -> None:
    """Nine men more in Jalisco: their cells and totals change, and none that was hidden is shown."""
    give(left, [*incidents(3), *["2021-06-02,MX-JAL,H1,man,40"] * 9])
    code, said = share(left, "package", "-o", str(left / "revised"), "--to", "partners")
    assert code == 0, said
    log = (left / "data" / "shared" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    first, last = (json.loads(line)["package"] for line in (log[0], log[-1]))
    code, said = share(left, "diff", first, last, "--json")
    assert code == 0, said
    (source,) = json.loads(said)["sources"]
    assert source["changed"] > 0
    assert (source["newly_shown"], source["added"], source["gone"]) == (0, 0, 0)
    code, said = share(left, "diff", first, "none")
    assert code == 2
    assert "no package 'none' has left the office" in said


@pytest.mark.parametrize(
    ("file", "kind", "told"),
    [
        ("log.jsonl", "deleted", "is missing, so it is not known what has left the office"),
        ("log.jsonl", "emptied", "has no line on "),
        ("log.jsonl", "truncated", "cannot be read in line "),
        ("log.jsonl", "one digit changed", "has changed in line 1 since it was written"),
        ("*/cells.parquet", "one bit turned", "has changed since it was written"),
        ("*/cells.parquet", "deleted", "is missing"),
    ],
)
def test_what_is_known_of_packages_is_checked_and_told_with_the_way_back(
    left: Path, file: str, kind: str, told: str
) -> None:
    """Without it nobody knows what readers have: nothing is shared, and a repair names the file to restore."""
    path = sorted((left / "data" / "shared").glob(file))[0]
    kept = path.read_bytes()
    if kind == "one digit changed":  # still a line of JSON: cells hidden below 5 would count as hidden below 4
        path.write_bytes(kept.replace(b'"threshold": 5', b'"threshold": 4', 1))
        assert path.read_bytes() != kept
    else:
        damage(path, kind, random.Random(kind))
    try:
        code, said = share(left, "check")
        with declared(left / "sources"):
            repairing, listed = command("repair", "--data", str(left / "data"))
    finally:
        path.write_bytes(kept)
    assert (code, repairing) == (3, 1), said
    assert f"{path} {told}" in said and "iccs repair" in said
    assert f"{path} {told}" in listed and "restore it from a copy" in listed
    with declared(left / "sources"):
        assert command("repair", "--data", str(left / "data"))[0] == 0


def test_a_signed_package_is_verified_and_a_changed_one_is_not(left: Path, tmp_path: Path) -> None:
    """The signature is of the documented bytes, as the library checks them by itself; then a package is damaged."""
    folder, public = left / "out", (left / "key.pub").read_text()
    assert (left / "key").stat().st_mode & 0o777 == 0o600
    assert (folder / "signing_key.pub").read_text().strip() == public
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("ed25519 ")))
    for name in ("SHA256SUMS", "crime.duckdb.sha256"):
        message = b"iccs package sums, version 1\n" + name.encode() + b"\n" + (folder / name).read_bytes()
        key.verify(base64.b64decode((folder / f"{name}.sig").read_text()), message)
    code, said = command("share", "verify", str(folder), "--key", str(left / "key.pub"))
    assert code == 0, said

    def refused(path: str, content: bytes | None, key: str = public) -> str:
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        (copy / path).unlink(missing_ok=True)
        if content is not None:
            (copy / path).write_bytes(content)
        code, said = command("share", "verify", str(copy), "--key", key)
        shutil.rmtree(copy)
        assert code == 1, said
        return said

    other = json.loads(command("share", "key", str(tmp_path / "other"), "--json")[1])["public_key"]
    sums = (folder / "SHA256SUMS").read_bytes()
    assert "README.md has changed since" in refused("README.md", b"")
    assert "data/observation.csv is missing" in refused("data/observation.csv", None)
    assert "crime.duckdb has changed since" in refused("crime.duckdb", b"")
    assert "data/more.csv was not in the package" in refused("data/more.csv", b"")
    assert "SHA256SUMS was not signed with this key, or was changed" in refused("SHA256SUMS", sums + b"\n")
    assert "was not signed with this key" in refused("README.md", (folder / "README.md").read_bytes(), other)
    assert "is not signed" in refused("SHA256SUMS.sig", None)
    # Not a verdict on a package: a key that is none, a folder that is not there.
    code, said = command("share", "verify", str(folder), "--key", "abc")
    assert (code, said) == (2, "--key abc is neither a public key nor a file that contains one\n")
    code, said = command("share", "verify", str(tmp_path / "none"), "--key", public)
    assert (code, said) == (2, f"there is no folder {tmp_path / 'none'}; name the folder of a package\n")


def test_a_key_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    assert command("share", "key", str(tmp_path / "key"))[0] == 0
    before = (tmp_path / "key").read_bytes()
    code, said = command("share", "key", str(tmp_path / "key"))
    assert (code, (tmp_path / "key").read_bytes()) == (2, before), said
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        read_key(tmp_path / "key")
    (tmp_path / "none").touch(0o600)
    (tmp_path / "none").write_bytes(b"c2VjcmV0\n")
    with pytest.raises(UsageError, match="has no key") as refused:
        read_key(tmp_path / "none")
    assert "c2Vj" not in str(refused.value)
    assert refused.value.__cause__ is None
