"""Three offices: two publish and serve, a regional one pulls both, and has what they show, no more and no less."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from damaged_files import INCIDENTS, command, declared
from tiny_source import HOMICIDE, Tiny

pytest.importorskip("pysdmx")
from sdmx_server import serving

from pipelines.collect.fetch.fetch import fetch
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.source import SourceFolder

MEXICO, ARGENTINA = "xx_test_incidents", "xx_table"
DEFINITION = """\
acquire: [{{sdmx: "{url}/v1", flow: "{agency},DF_ICCS,1.0", key: "A...............", name: {agency}.csv}}]
layouts: [{{files: ["{agency}.csv"], read: {{columns: [REF_AREA, ICCS, SEX, TIME_PERIOD, OBS_VALUE, OBS_STATUS]}}}}]
area_scheme: code
columns: {{ref_area: REF_AREA, time_period: TIME_PERIOD, national_code: ICCS, measure: COUNTING_UNIT, sex: SEX,
          age: AGE, obs_status: OBS_STATUS, value: OBS_VALUE}}
measures: {{victim: {{stage: recorded, counting_unit: victim}}}}
parent_counts: include_children
exclusions: [{{rule: section, where: "length(ICCS) = 6", reason: "Sections are made again of their categories."}}]
breakdowns: [{{by: [{by}]}}]
"""
EARLIER = [f"AR-{area},{year},HOM,{year - 2003}," for area in "BX" for year in range(2010, 2020)]
CELL = "ref_area, iccs, stage, counting_unit, sex, age, time_period, value, obs_status, missing_reason, conf_status"
Cells = set[tuple[object, ...]]


def cells_of(database: Path, *, source: str) -> Cells:
    with duckdb.connect(str(database), read_only=True) as connection:
        return set(
            connection.execute(
                f"SELECT {CELL} FROM out.observation WHERE source = $source AND freq = 'A'", {"source": source}
            ).fetchall()
        )


def told(shown: Cells) -> Cells:
    """Cells of an office as they arrive: a missing one without the reason, of which SDMX has fewer than we have."""
    return {row[:8] if row[7] is None else row for row in shown}


def different(one: Cells, other: Cells) -> list[tuple[object, ...]]:
    return sorted(one ^ other, key=repr)


class Office:
    """An office with one source that packs and serves its release."""

    def __init__(self, root: Path, agency: str, source: str) -> None:
        self.root, self.agency, self.source, self.packages = root, agency, source, 0

    def publish(self) -> Cells:
        self.packages += 1
        target = self.root / "packages" / str(self.packages)
        with declared(self.root / "sources"):
            for words in (("run", "--from", str(self.root / "given")), ("share", "package", "-o", str(target))):
                code, said = command(*words, "--data", str(self.root / "data"))
                assert code == 0, said
        return cells_of(target / "crime.duckdb", source=self.source)


def mexico(root: Path) -> Office:
    """Incidents, protected: one woman in Aguascalientes."""
    shutil.copytree(INCIDENTS, root / "sources" / MEXICO)
    with (root / "sources" / MEXICO / "source.yml").open("a", encoding="utf-8") as handle:
        handle.write("sharing: {level: public}\n")
    return Office(root, "NSO_MX", MEXICO)


def give_incidents(root: Path, men: int) -> None:
    number = {("MX-AGU", "man"): 9, ("MX-AGU", "woman"): 1, ("MX-JAL", "man"): men, ("MX-JAL", "woman"): 12}
    rows = [f"2021-01-02,{area},H1,{sex},40" for (area, sex), many in number.items() for _ in range(many)]
    rows += [f"2021-{month:02}-02,MX-JAL,H1,man,40" for month in range(2, 13) for _ in range(20)]
    usual = {("MX-BCN", "man"): 5, ("MX-BCN", "woman"): 4, ("MX-COA", "man"): 6, ("MX-COA", "woman"): 5}
    rows += [
        f"2021-{month:02}-03,{area},H1,{sex},{20 + month * 2}"
        for month in range(1, 13)
        for (area, sex), many in usual.items()
        for _ in range(many)
    ]
    (root / "given" / MEXICO).mkdir(parents=True, exist_ok=True)
    lines = ["folio,day,place,offence,sex,age,name", *(f"F{n},{row},Somebody" for n, row in enumerate(rows))]
    (root / "given" / MEXICO / "incidents.csv").write_text("\n".join(lines) + "\n")


def argentina(root: Path) -> Office:
    """A table as published, with a provisional figure."""
    tiny = Tiny(root, ARGENTINA)
    tiny.declare(
        "layouts: [{files: ['*.csv'], read: {columns: [area, year, code, n, flag]}}]\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n, obs_status: flag}\n"
        "measures:\n  victims: {counting_unit: victim}\n",
        values="obs_status,,A,\nobs_status,p,P,\nvalue,-,O,\nvalue,*,Q,\n",
    )
    return Office(root, "NSO_AR", ARGENTINA)


def give_table(root: Path, *rows: str) -> None:
    (root / "given").mkdir(exist_ok=True)
    (root / "given" / "table.csv").write_text("\n".join(["area,year,code,n,flag", *rows]) + "\n")


def declare(root: Path, office: Office, url: str, by: str) -> SourceFolder:
    """The regional office's definition of a source that another office serves."""
    words = [f"sex,{code},{code}," for code in ("M", "F", "_T", "_U", "_O")]
    words += [f"age,{code},{code}," for code in ("Y0T17", "Y18T29", "Y_GE30", "_T", "_U")]
    words += [f"obs_status,{code},{code}," for code in "ABDEPULMOQ"]
    return Tiny(root, f"xx_{office.agency.lower()}").declare(
        DEFINITION.format(url=url, agency=office.agency, by=by),
        values="\n".join([*words, "value,,O,"]) + "\n",
        links=[{**HOMICIDE, "national_code": "ICCS0101"}],
    )


class Region:
    """The regional office: fetches, runs, and has a release."""

    def __init__(self, root: Path, settings: Settings, folders: dict[str, SourceFolder]) -> None:
        self.root, self.settings, self.folders = root, settings, folders

    def pull(self) -> list[str]:
        """Take what is new; return what became of each file."""
        ends = [file.end for folder in self.folders.values() for file in fetch(folder, self.settings).files]
        with without_suite():
            ran = run_all(list(self.folders.values()), Session(self.settings, source_folders=self.root / "sources"))
        assert not ran.refused, ran.refused
        return ends

    def cells(self, office: Office) -> Cells:
        found = cells_of(self.settings.data / "published" / "crime.duckdb", source=f"xx_{office.agency.lower()}")
        return {row for row in found if row[0] != "XX"}

    def reasons(self, office: Office, shown: Cells) -> set[object]:
        """Why the cells that an office hides have no value here."""
        hidden = {row[:7] for row in shown if row[9] == "suppressed"}
        return {row[9] for row in self.cells(office) if row[:7] in hidden}

    def vintages(self, office: Office) -> int:
        with duckdb.connect(str(self.settings.data / "published" / "crime.duckdb"), read_only=True) as connection:
            rows = connection.execute(
                "SELECT count(*) FROM out.vintage WHERE source = $source", {"source": f"xx_{office.agency.lower()}"}
            ).fetchall()
        return int(rows[0][0])


@pytest.fixture
def offices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Office, Office]]:
    for name in ("mx", "ar", "region"):
        (tmp_path / name).mkdir()
    yield mexico(tmp_path / "mx"), argentina(tmp_path / "ar")


def test_a_region_has_what_its_offices_show(offices: tuple[Office, Office], tmp_path: Path) -> None:
    """The cells of the packages are the expected values: what left of each office, by its own pipeline."""
    mx, ar = offices
    give_incidents(mx.root, 20)
    give_table(ar.root, *EARLIER, "AR-B,2020,HOM,7,", "AR-B,2021,HOM,9,p", "AR-X,2020,HOM,4,", "AR-X,2021,HOM,*,")
    shown = {mx: mx.publish(), ar: ar.publish()}
    assert any(row[9] == "suppressed" for row in shown[mx])
    with ExitStack() as stack:
        urls = {one: stack.enter_context(serving(one.root / "packages", one.agency)) for one in (mx, ar)}
        root = tmp_path / "region"
        folders = {one.agency: declare(root, one, urls[one], "sex, age" if one is mx else "") for one in (mx, ar)}
        settings = replace(Tiny(root).settings, acquire_from=tuple(urls.values()))
        region = Region(root, settings, folders)

        assert region.pull() == ["new", "new"]
        for one in (mx, ar):
            assert different(told(region.cells(one)), told(shown[one])) == []

        for one in (mx, ar):
            hidden = {row[:7] for row in shown[one] if row[8] == "Q"}
            assert hidden, "AR-X by its own source, MX by the policy"
            assert hidden <= {row[:7] for row in region.cells(one) if row[10] == "C"}, "hidden there, not free here"
        # A hidden total of which some parts are shown (zeros) is told as one that lacks parts.
        assert region.reasons(mx, shown[mx]) == {"suppressed", "incomplete"}

        assert region.pull() == ["same", "same"]
        assert [region.vintages(one) for one in (mx, ar)] == [1, 1]

        give_incidents(mx.root, 23)
        give_table(ar.root, *EARLIER, "AR-B,2020,HOM,7,", "AR-B,2021,HOM,11,", "AR-X,2020,HOM,-,", "AR-X,2021,HOM,5,")
        revised = {mx: mx.publish(), ar: ar.publish()}
        assert all(revised[one] != shown[one] for one in (mx, ar))
        assert region.pull() == ["changed", "changed"]
        for one in (mx, ar):
            assert different(told(region.cells(one)), told(revised[one])) == []
            assert region.vintages(one) == 2
        gone = {row for row in region.cells(ar) if row[0] == "AR-X" and row[6] == "2020"}
        assert {row[7] for row in gone} == {None}
