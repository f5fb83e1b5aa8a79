"""``iccs share sdmx``: what another office reads back, with the programs of others, is what is in the release."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from damaged_files import INCIDENTS, command, declared

from iccs.classification import load_classification

pysdmx_io = pytest.importorskip("pysdmx.io")
SOURCE = "xx_test_incidents"
STRUCTURES = ("structures_2.1.xml", "structures_3.0.xml", "structures_2.0.json")
DATA = {
    "data_2.1.xml": "structures_2.1.xml",
    "data_3.0.xml": "structures_3.0.xml",
    "data_1.0.csv": "structures_2.1.xml",
    "data_2.0.csv": "structures_3.0.xml",
}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same release as a package and as SDMX files: one woman in Aguascalientes."""
    root = tmp_path_factory.mktemp("sdmx")
    shutil.copytree(INCIDENTS, root / "sources" / SOURCE)
    with (root / "sources" / SOURCE / "source.yml").open("a", encoding="utf-8") as handle:
        handle.write("sharing: {level: public}\n")
    number = {("MX-AGU", "man"): 9, ("MX-AGU", "woman"): 1, ("MX-JAL", "man"): 20, ("MX-JAL", "woman"): 12}
    rows = [f"2021-01-02,{area},H1,{sex},40" for (area, sex), many in number.items() for _ in range(many)]
    rows += [f"2021-{month:02}-02,MX-JAL,H1,man,40" for month in range(2, 13) for _ in range(20)]
    (root / "given" / SOURCE).mkdir(parents=True)
    lines = ["folio,day,place,offence,sex,age,name", *(f"F{n},{row},Somebody" for n, row in enumerate(rows))]
    (root / "given" / SOURCE / "incidents.csv").write_text("\n".join(lines) + "\n")
    with declared(root / "sources"):
        for words in (
            ("run", "--from", str(root / "given")),
            ("share", "package", "-o", str(root / "package")),
            ("share", "sdmx", "-o", str(root / "files"), "--agency", "NSO_CRIME"),
        ):
            code, said = command(*words, "--data", str(root / "data"))
            assert code == 0, said
    yield root


@pytest.fixture(scope="module")
def cells(left: Path) -> list[tuple[object, ...]]:
    """The cells of the package: key, value, status."""
    with duckdb.connect(str(left / "package" / "crime.duckdb"), read_only=True) as connection:
        return connection.execute(
            "SELECT freq, ref_area, 'ICCS' || iccs, stage, counting_unit, sex, age, source, time_period, value, "
            "obs_status, conf_status FROM out.observation ORDER BY ALL"
        ).fetchall()


COLUMNS = ("FREQ", "REF_AREA", "ICCS", "STAGE", "COUNTING_UNIT", "SEX", "AGE", "DATA_SOURCE", "TIME_PERIOD")


def compared(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    rows = []
    for row in frame.itertuples():
        value = None if pd.isna(row.OBS_VALUE) else float(row.OBS_VALUE)
        rows.append((*(str(getattr(row, name)) for name in COLUMNS), value, str(row.OBS_STATUS), str(row.CONF_STATUS)))
    return sorted(rows, key=repr)


@pytest.mark.parametrize("name", DATA)
def test_pysdmx_reads_the_same_cells(left: Path, cells: list[tuple[object, ...]], name: str) -> None:
    """Validated by the schemas of SDMX where the file is XML."""
    files = left / "files"
    (dataset,) = pysdmx_io.get_datasets(files / name, files / DATA[name], validate=name.endswith("xml"))
    assert compared(dataset.data) == sorted(cells, key=repr)
    assert dataset.data["OBS_VALUE"].isna().sum() == sum(row[9] is None for row in cells) > 0


@pytest.mark.parametrize("name", STRUCTURES)
def test_pysdmx_reads_the_structures(left: Path, name: str) -> None:
    message = pysdmx_io.read_sdmx(left / "files" / name, validate=name.endswith("xml"))
    lists = {one.id: one for one in message.get_codelists()}
    tree = {f"ICCS{category.code}": category.title.en for category in load_classification()}
    assert {code.id: code.name for code in lists["CL_ICCS"].items}.items() >= tree.items()
    cited = {name: (lists[name].agency, lists[name].version) for name in ("CL_SEX", "CL_OBS_STATUS", "CL_CONF_STATUS")}
    assert cited == {"CL_SEX": ("SDMX", "2.1"), "CL_OBS_STATUS": ("SDMX", "2.3"), "CL_CONF_STATUS": ("SDMX", "1.4")}
    (definition,) = message.get_data_structure_definitions()
    assert definition.short_urn.endswith("=NSO_CRIME:DSD_ICCS(1.0)")
    (flow,) = message.get_dataflows()
    assert flow.id == "DF_ICCS"


SDMX1 = """
import sys, warnings
from pathlib import Path
import sdmx
warnings.simplefilter("ignore")
folder, version, data = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
message = sdmx.read_sdmx(folder / f"structures_{version}.xml")
iccs = message.codelist["CL_ICCS"]
print(iccs["ICCS0101"].parent.id if hasattr(iccs["ICCS0101"].parent, "id") else iccs["ICCS0101"].parent)
print("|".join(iccs["ICCS0101"].name.localizations[language] for language in ("en", "fr", "es")))
read = sdmx.read_sdmx(folder / data, structure=message.structure["DSD_ICCS"])
for one in read.data[0].obs:
    key = {name: value.value for name, value in one.key.values.items()}
    marks = {name: value.value for name, value in one.attached_attribute.items()}
    status = [getattr(marks[name], "id", marks[name]) for name in ("OBS_STATUS", "CONF_STATUS")]
    texts = [str(getattr(key[name], "id", key[name])) for name in sys.argv[4:]]
    print("\\t".join(["cell", *texts, str(one.value), *status]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("version", "data"), [("2.1", "data_2.1.xml"), ("3.0", "data_3.0.xml")])
def test_sdmx1_reads_the_same_cells(left: Path, cells: list[tuple[object, ...]], version: str, data: str) -> None:
    """In a process of its own: in one that has read 2.1, sdmx1 may fail to read 3.0."""
    pytest.importorskip("sdmx")
    words = [sys.executable, "-c", SDMX1, str(left / "files"), version, data, *COLUMNS]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    parent, names, *lines = done.stdout.splitlines()
    assert parent == "ICCS01"
    title = next(one.title for one in load_classification() if one.code == "0101")
    assert names == f"{title.en}|{title.fr}|{title.es}"
    found = []
    for line in lines:
        _, *key, value, status, confidential = line.split("\t")
        found.append((*key, None if value in ("None", "nan", "") else float(value), status, confidential))
    assert sorted(found, key=repr) == sorted(cells, key=repr)


def test_a_hidden_cell_is_in_no_file_with_a_value(left: Path, cells: list[tuple[object, ...]]) -> None:
    hidden = [row for row in cells if row[11] == "C"]
    assert hidden
    assert {(row[9], row[10]) for row in hidden} == {(None, "Q")}
    assert not (left / "files" / "crime.duckdb").exists()


@pytest.mark.slow
def test_the_same_release_gives_the_same_files(left: Path) -> None:
    with declared(left / "sources"):
        code, said = command(
            "share", "sdmx", "-o", str(left / "again"), "--agency", "NSO_CRIME", "--data", str(left / "data")
        )
    assert code == 0, said
    for path in (left / "files").iterdir():
        assert path.read_bytes() == (left / "again" / path.name).read_bytes(), path.name


def test_questionnaires_have_the_national_figures_that_are_shown(left: Path) -> None:
    """262 rows of homicide in the file of incidents, 9 + 1 + 20 + 12 + 11 x 20; what is hidden has no row."""
    with declared(left / "sources"):
        code, said = command("share", "cts", "-o", str(left / "cts"), "--data", str(left / "data"))
    assert code == 0, said
    rows = pd.read_csv(left / "cts" / "un_cts.csv", dtype=str)
    whole = rows[(rows["Iso3_code"] == "MEX") & (rows["Sex"] == "Total") & (rows["Unit of measurement"] == "Counts")]
    assert whole[["Indicator", "Year", "VALUE"]].to_numpy().tolist() == [
        ["Victims of intentional homicide", "2021", "262.0"]
    ]
    series = pd.read_csv(left / "cts" / "sdg_series.csv", dtype=str)
    assert set(series["GeoAreaCode"]) == {"484"}
    assert set(zip(series["SeriesCode"], series["Sex"], series["Value"], strict=True)) >= {
        ("VC_IHR_PSRCN", "_T", "262.0")
    }
    with duckdb.connect(str(left / "package" / "crime.duckdb"), read_only=True) as connection:
        hidden = {
            {"M": "Male", "F": "Female", "_T": "Total"}[sex]
            for (sex,) in connection.execute(
                "SELECT sex FROM out.observation WHERE conf_status = 'C' AND ref_area = 'MX' AND freq = 'A' "
                "AND iccs = '0101' AND age = '_T'"
            ).fetchall()
        }
    assert set(rows["Sex"]) == {"Male", "Female", "Total"} - hidden


def test_an_agency_that_is_none_is_refused(left: Path) -> None:
    with declared(left / "sources"):
        code, said = command(
            "share", "sdmx", "-o", str(left / "no"), "--agency", "Our office", "--data", str(left / "data")
        )
    assert code == 2
    assert "--agency 'Our office'" in said
    assert not (left / "no").exists()
