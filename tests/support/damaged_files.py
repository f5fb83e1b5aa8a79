"""A small data folder with every kind of stored file, ways to damage one, and what the commands then do.

Three made sources: a table with two editions, rejected cells and a refused third edition; incidents with rejected rows;
and a population. The right figures are those of the same commands in a folder without damage.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import duckdb
from tiny_source import Tiny

import schemas.source
from pipelines.cli.main import build_parser, main
from pipelines.system.connection import one_engine
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.indicators import load_indicators

INCIDENTS = Path(__file__).parents[1] / "harmonise" / "incidents" / "sources" / "xx_test_incidents"
TABLES = ("observation", "population", "rate", "trend", "reconciliation", "exclusion", "revision", "source", "mapping")
KINDS = ("truncated", "emptied", "one bit turned", "deleted")
_NOT_STORED = (".writer.lock", ".iccs-folder")


@contextlib.contextmanager
def declared(sources: Path) -> Iterator[None]:
    """Let the commands know the sources of a folder, and none besides."""
    real = schemas.source.list_sources

    def list_sources(folder: Path | None = None, **more: bool) -> dict[str, schemas.source.SourceFolder]:
        return real(folder or sources, **more)

    with contextlib.ExitStack() as stack:
        for module in ("schemas.source", "pipelines.run", "pipelines.repair.repair", "pipelines.repair.stored_source"):
            stack.enter_context(mock.patch(f"{module}.list_sources", list_sources))
        stack.enter_context(without_suite())
        yield


@contextlib.contextmanager
def cheap_commands() -> Iterator[None]:
    """Leave out of the commands what damage does not touch: new parsers, searches for names, copies, indicators."""
    parser, indicators = build_parser(), dict(list(load_indicators().items())[:1])
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("pipelines.cli.main.build_parser", lambda: parser))
        for name in ("refuse_personal", "copy_cleanly"):
            stack.enter_context(mock.patch(f"pipelines.publish.build.{name}"))
        stack.enter_context(mock.patch("pipelines.publish.indicators.load_indicators", lambda: indicators))
        yield


def command(*arguments: str) -> tuple[int, str]:
    """Run a command of ``iccs``; its exit code, and all that it printed.

    Raises:
        Exception: whatever it did not make a message of.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(list(arguments))
    return code, said.getvalue()


@dataclass(frozen=True)
class Stored:
    """A data folder and what it was made from."""

    data: Path
    sources: Path
    given: Path  # the files as received, all but the next edition of the population

    def run(self, *more: str) -> tuple[int, str]:
        return command("run", "--data", str(self.data), *more)


def make_stored(root: Path) -> Stored:
    """Run every source, the table in two editions and in a third that is refused."""
    sources, given, data = root / "sources", root / "given", root / "data"
    table = Tiny(root, "xx_table")
    table.declare_plain("rejected_share_limit: 0.5\n")
    people = Tiny(root, "xx_people")
    people.declare(
        "kind: population\nlayouts:\n  - files: [people.csv]\n    read: {columns: [area, year, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  persons: {counting_unit: person}\n",
    )
    (sources / "xx_people" / "concordance.csv").unlink()
    (sources / "xx_people" / "values.csv").unlink()
    declaration = sources / "xx_table" / "source.yml"
    declaration.write_text(declaration.read_text(encoding="utf-8").replace("'*.csv'", "'table*.csv'"), encoding="utf-8")
    shutil.copytree(INCIDENTS, sources / "xx_test_incidents")
    declaration = sources / "xx_test_incidents" / "source.yml"
    text = declaration.read_text(encoding="utf-8").replace('"*.csv", "*.csv.gz"', '"incidents*.csv"')
    declaration.write_text(text, encoding="utf-8")
    for name in ("xx_table", "xx_people", "xx_test_incidents"):
        (given / name).mkdir(parents=True)
    incidents = "".join(f"F{n},2021-0{n % 9 + 1}-02,MX-JAL,H1,man,30,Somebody\n" for n in range(60))
    (given / "xx_test_incidents" / "incidents.csv").write_text(
        "folio,day,place,offence,sex,age,name\n" + incidents + "F99,2021-01-02,MX-JAL,H1,mann,30,Somebody\n"
    )
    _give_people(given, "")
    with declared(sources):
        stored = Stored(data, sources, given)
        for rows, code in (("15,2021,HOM,7\n", 0), ("15,2021,HOM,9\n", 0), ("15,2021,UNKNOWN,9\n", 1)):
            good = "area,year,code,n\n14,2021,HOM,5\n14,2022,HOM,6\n15,2022,HOM,-4\n"
            (given / "xx_table" / "table.csv").write_text(good + rows)
            got, said = stored.run("--from", str(given))
            assert got == code, said
            if code == 0:
                (given / "xx_table" / "good.csv").write_text(good + rows)
        (given / "xx_table" / "good.csv").replace(given / "xx_table" / "table.csv")
        shutil.rmtree(data / "input", ignore_errors=True)
        (data / "input" / "xx_people").mkdir(parents=True)
        _give_people(data / "input", "MX-JAL,2023,8500000\n")
    return stored


def _give_people(folder: Path, more: str) -> None:
    people = "area,year,n\nMX-JAL,2021,8300000\nMX-JAL,2022,8400000\nMX-MEX,2021,17000000\nMX-MEX,2022,17100000\n"
    (folder / "xx_people").mkdir(parents=True, exist_ok=True)
    (folder / "xx_people" / "people.csv").write_text(people + more)


def stored_files(data: Path) -> list[str]:
    """Every file that runs stored, by its path in the data folder."""
    files = (path for path in sorted(data.rglob("*")) if path.is_file() and path.name not in _NOT_STORED)
    return [path.relative_to(data).as_posix() for path in files if "input" not in path.relative_to(data).parts]


def damage(path: Path, kind: str, chance: random.Random) -> None:
    """Damage a file; its permissions stay."""
    content = path.read_bytes()
    mode = path.stat().st_mode
    path.unlink()  # a second name of the file keeps the content
    if kind == "deleted":
        return
    if kind == "one bit turned" and content:
        place = chance.randrange(len(content))
        content = content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    path.write_bytes({"truncated": content[: len(content) // 2], "emptied": b""}.get(kind, content))
    path.chmod(mode)


Content = dict[str, str] | None


def content(published: Path) -> Content:
    """What a published file holds, a fingerprint for each table; None where it cannot be read."""
    try:
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{published}' AS release_0 (READ_ONLY)")
            return {
                table: str(
                    connection.execute(
                        "SELECT count(*), bit_xor(md5_number(figures::VARCHAR)) FROM "
                        f"(SELECT COLUMNS(lambda name: name <> 'loaded_at') FROM release_0.out.{table}) AS figures"
                    ).fetchall()
                )
                for table in TABLES
            }
    except duckdb.Error:
        return None


def rejected(stored: Stored) -> str | None:
    """The rejected cells as they are shown; None where the command fails."""
    code, said = command("quality", "--rejected", "--json", "--data", str(stored.data))
    return said if code == 0 else None


def tree(data: Path) -> str:
    """A fingerprint of all that is stored."""
    digest = hashlib.sha256()
    for name in stored_files(data):
        if name != ".writer.json":
            digest.update(name.encode() + (data / name).read_bytes() if os.access(data / name, os.R_OK) else b"")
    return digest.hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What the commands did about one damage.

    ``run``: whether the next publication was right, or refused with the last one as it was; ``repair``: whether a
    repair made all right, or named the way back; ``back``: whether the file put back from a copy made all right.
    """

    path: str
    kind: str
    run: str
    repair: str
    back: str
    wrong: tuple[str, ...] = ()


class Trials:
    """Damages one file after another, each in a copy of the data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.whole = make_stored(root)
        tables = sorted((self.whole.data / "core" / "xx_table").glob("2*"), key=lambda path: path.stat().st_mtime_ns)
        self.past = tables[0].name
        self.before = content(self.whole.data / "published" / "crime.duckdb")
        with declared(self.whole.sources), cheap_commands():
            self.rejected = rejected(self.whole)
            after = self._copy("expected")
            code, said = after.run()
            assert code == 0, said
            self.after = content(after.data / "published" / "crime.duckdb")
        assert None not in (self.before, self.after, self.rejected)
        assert self.before != self.after

    def _copy(self, name: str) -> Stored:
        target = self.root / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.whole.data, target)
        return Stored(target, self.whole.sources, self.whole.given)

    def attempt(self, path: str, kind: str, harm: Callable[[Path], None]) -> Outcome:
        """Damage one file and look what a run says and publishes, what a repair does, and whether a copy heals."""
        wrong: list[str] = []
        engine = one_engine(Settings(data=self.root / "engine", threads=1))
        with declared(self.whole.sources), cheap_commands(), engine:
            stored = self._copy("trial")
            harm(stored.data / path)
            if rejected(stored) not in (self.rejected, None, "[]\n" if kind == "deleted" else None):
                wrong.append("rejected cells")
            ran = self._run(stored, wrong)
            repaired = self._repair(stored, path, ran.startswith("right, history"), wrong)
            back = "-"
            if not (ran.startswith("right") and repaired in ("repaired", "nothing to repair")):
                stored = self._copy("trial")
                harm(stored.data / path)
                if path != "published/crime.duckdb":  # an older release that is put back over a newer one stays
                    stored.run()
                if not (stored.data / path).parent.is_dir():
                    (stored.data / path).parent.mkdir(parents=True)
                with contextlib.suppress(FileNotFoundError):
                    (stored.data / path).unlink()
                shutil.copy2(self.whole.data / path, stored.data / path)
                code, said = stored.run()
                right = content(stored.data / "published" / "crime.duckdb") == self.after
                back = "right" if code == 0 and right else "not right"
                if not right:
                    wrong.append(f"put back: {code} {said[-300:]}")
        return Outcome(path, kind, ran, repaired, back, tuple(wrong))

    def _run(self, stored: Stored, wrong: list[str]) -> str:
        code, said = stored.run("--json")
        found = content(stored.data / "published" / "crime.duckdb")
        if "Traceback" in said or "internal error" in said:
            wrong.append(f"run: {said[-300:]}")
        if code == 0 and self._only_history_differs(found):
            if "was removed from the history" in said:
                return "right, history shorter: said"
            wrong.append("run: the history is shorter without a word")
        elif code == 0 and found != self.after:
            wrong.append(f"run: other figures in {_differences(found, self.after)}")
        if code != 0 and found not in (self.before, self.after, None):
            wrong.append(f"run refused, and other figures in {_differences(found, self.after)}")
        return "right" if code == 0 else f"refused ({code})"

    def _only_history_differs(self, found: Content) -> bool:
        """Whether revisions alone are not there: a damaged vintage cannot be compared with the one after it."""
        return found is not None and _differences(found, self.after) == ["revision"]

    def _repair(self, stored: Stored, path: str, shorter: bool, wrong: list[str]) -> str:
        told_before = tree(stored.data)
        code, said = command("repair", "--data", str(stored.data), "--from", str(stored.given))
        if tree(stored.data) != told_before:
            wrong.append("repair without --apply changed something")
        named = path.removesuffix(".sha256") in said
        applied, more = command("repair", "--apply", "--data", str(stored.data), "--from", str(stored.given))
        again, last = stored.run("--json")
        found = content(stored.data / "published" / "crime.duckdb")
        if any("Traceback" in text or "internal error" in text for text in (said, more, last)):
            wrong.append(f"repair: {more[-300:]} {last[-300:]}")
        if again == 0 and found != self.after and not (shorter and self._only_history_differs(found)):
            wrong.append(f"after repair: other figures in {_differences(found, self.after)}")
        if again != 0 and found not in (self.before, self.after, None):
            wrong.append("after repair: refused, and other figures")
        if again != 0 and applied == 0:
            wrong.append(f"repair says that all is whole, and the run fails: {last[-300:]}")
        if applied == 0 and again == 0:
            return "repaired" if code else "nothing to repair"
        return "way back told" if named or path in more else f"not told: {said[-200:]}"


def _differences(found: Content, wanted: Content) -> list[str]:
    if found is None or wanted is None:
        return ["a file that cannot be read"]
    return [table for table in TABLES if found[table] != wanted[table]]
