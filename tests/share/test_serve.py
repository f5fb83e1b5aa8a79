"""``iccs share serve``: other programs of statistics read over HTTP what is in the package, and nothing else."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pandas as pd
import pytest
from damaged_files import INCIDENTS, command, declared

pysdmx_io = pytest.importorskip("pysdmx.io")
from sdmx_server import serving  # noqa: E402 (needs pysdmx)

from pipelines.share.serve.rates import MOST_CLIENTS, Rates  # noqa: E402
from pipelines.share.serve.service import Limits  # noqa: E402
from pipelines.share.serve.shelf import Shelf  # noqa: E402
from schemas.errors import UsageError  # noqa: E402

SOURCE = "xx_test_incidents"
TOKEN = "a-token-that-nobody-guesses-0123"
COLUMNS = ("FREQ", "REF_AREA", "ICCS", "STAGE", "COUNTING_UNIT", "SEX", "AGE", "DATA_SOURCE", "TIME_PERIOD")
Cells = list[tuple[object, ...]]


def give(root: Path, men_in_december: int) -> None:
    """Incidents of a year: one woman in Aguascalientes."""
    number = {("MX-AGU", "man"): 9, ("MX-AGU", "woman"): 1, ("MX-JAL", "man"): 20, ("MX-JAL", "woman"): 12}
    rows = [f"2021-01-02,{area},H1,{sex},40" for (area, sex), many in number.items() for _ in range(many)]
    rows += [f"2021-{month:02}-02,MX-JAL,H1,man,40" for month in range(2, 12) for _ in range(20)]
    rows += ["2021-12-02,MX-JAL,H1,man,40"] * men_in_december
    (root / "given" / SOURCE).mkdir(parents=True, exist_ok=True)
    lines = ["folio,day,place,offence,sex,age,name", *(f"F{n},{row},Somebody" for n, row in enumerate(rows))]
    (root / "given" / SOURCE / "incidents.csv").write_text("\n".join(lines) + "\n")


def run(root: Path, *words: str) -> None:
    with declared(root / "sources"):
        code, said = command(*words, "--data", str(root / "data"))
    assert code == 0, said


def publish(root: Path, name: str, men_in_december: int) -> None:
    give(root, men_in_december)
    run(root, "run", "--from", str(root / "given"))
    run(root, "share", "package", "-o", str(root / "packages" / name))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packages: twenty men in December, then twenty-two."""
    root = tmp_path_factory.mktemp("serve")
    shutil.copytree(INCIDENTS, root / "sources" / SOURCE)
    with (root / "sources" / SOURCE / "source.yml").open("a", encoding="utf-8") as handle:
        handle.write("sharing: {level: public}\n")
    publish(root, "first", 20)
    publish(root, "second", 22)
    return root


@pytest.fixture(scope="module")
def url(office: Path) -> Iterator[str]:
    with serving(office / "packages", "NSO_CRIME", {"ministry": TOKEN}) as address:
        yield address


def cells_of(database: Path) -> Cells:
    """The cells of a package: key, value, status."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT freq, ref_area, 'ICCS' || iccs, stage, counting_unit, sex, age, source, time_period, value, "
            "obs_status, conf_status FROM out.observation"
        ).fetchall()
    return sorted(rows, key=repr)


@pytest.fixture(scope="module")
def cells(office: Path) -> Cells:
    found = cells_of(office / "packages" / "second" / "crime.duckdb")
    assert sum(row[11] == "C" for row in found) > 1
    return found


def compared(rows: list[dict[str, str]]) -> Cells:
    found = []
    for row in rows:
        value = float(row["OBS_VALUE"]) if row["OBS_VALUE"] not in ("", "nan", "None") else None
        found.append((*(row[name] for name in COLUMNS), value, row["OBS_STATUS"], row["CONF_STATUS"]))
    return sorted(found, key=repr)


def read_frame(frame: pd.DataFrame) -> Cells:
    wanted = frame[[*COLUMNS, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"]]
    return compared([{name: str(value) for name, value in row.items()} for row in wanted.to_dict("records")])


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def get(address: str, **headers: str) -> httpx.Response:
    return httpx.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=60)


@pytest.mark.parametrize(
    ("path", "accept", "structures"),
    [
        ("/v1/data/NSO_CRIME,DF_ICCS,1.0/all", "*/*", "/v1/dataflow/NSO_CRIME/DF_ICCS/1.0?references=all"),
        ("/v1/data/DF_ICCS?dimensionAtObservation=AllDimensions", "*/*", "/v1/datastructure/all/all?references=all"),
        (
            "/v1/data/DF_ICCS",
            "application/vnd.sdmx.genericdata+xml;version=2.1",
            "/v1/dataflow/NSO_CRIME/DF_ICCS/latest?references=descendants",
        ),
        (
            "/v1/data/DF_ICCS?dimensionAtObservation=AllDimensions",
            "application/vnd.sdmx.genericdata+xml;version=2.1",
            "/v1/dataflow/NSO_CRIME/DF_ICCS/latest?references=descendants",
        ),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0", "*/*", "/v2/structure/dataflow/NSO_CRIME/DF_ICCS/+?references=all"),
        (
            "/v2/data/*/NSO_CRIME/DF_ICCS/+?dimensionAtObservation=AllDimensions",
            "*/*",
            "/v2/structure/dataflow/NSO_CRIME/DF_ICCS/~?references=all",
        ),
        (
            "/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0",
            "application/vnd.sdmx.data+csv;version=1.0.0",
            "/v1/dataflow/NSO_CRIME/DF_ICCS/1.0?references=all",
        ),
        (
            "/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0",
            "application/vnd.sdmx.data+csv;version=2.0.0",
            "/v2/structure/dataflow/NSO_CRIME/DF_ICCS/+?references=all",
        ),
    ],
)
def test_pysdmx_reads_the_same_cells(
    url: str, cells: Cells, tmp_path: Path, path: str, accept: str, structures: str
) -> None:
    """Validated by the schemas of SDMX where it is XML."""
    answer, described = get(url + path, accept=accept), get(url + structures, accept="*/*")
    assert (answer.status_code, described.status_code) == (200, 200), answer.text
    (tmp_path / "data").write_bytes(answer.content)
    (tmp_path / "structures").write_bytes(described.content)
    (dataset,) = pysdmx_io.get_datasets(
        tmp_path / "data", tmp_path / "structures", validate="xml" in answer.headers["content-type"]
    )
    assert read_frame(dataset.data) == cells


def test_json_has_the_same_cells(url: str, cells: Cells) -> None:
    for packed in ("", "?dimensionAtObservation=AllDimensions"):
        address = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0{packed}"
        message = get(address, accept="application/vnd.sdmx.data+json;version=2.0.0").json()
        (structure,), (data,) = message["data"]["structures"], message["data"]["dataSets"]
        series, observed = structure["dimensions"]["series"], structure["dimensions"]["observation"]
        given = data["series"] if "series" in data else {"": {"observations": data["observations"]}}
        rows = []
        for key, one in given.items():
            for place, values in one["observations"].items():
                codes = [int(number) for number in [*(key.split(":") if key else []), *place.split(":")]]
                row = {
                    dimension["id"]: dimension["values"][code]["id"]
                    for dimension, code in zip([*series, *observed], codes, strict=True)
                }
                row["OBS_VALUE"] = "" if values[0] is None else str(values[0])
                for attribute, number in zip(structure["attributes"]["observation"], values[1:], strict=True):
                    row[attribute["id"]] = "" if number is None else attribute["values"][number]["id"]
                rows.append(row)
        assert compared(rows) == cells


SDMX1 = """
import sys, warnings
import sdmx
warnings.simplefilter("ignore")
url, version, *columns = sys.argv[1:]
versions = {"versions": ["3.0.0"]} if version == "3.0" else {}
sdmx.add_source({"id": "NSO_CRIME", "url": url + ("/v2" if version == "3.0" else "/v1"), "name": "office", **versions})
client = sdmx.Client("NSO_CRIME")
print("|".join(client.dataflow().dataflow))
message = client.dataflow("DF_ICCS", params={"references": "all"})
read = client.data("DF_ICCS", **({"agency_id": "NSO_CRIME"} if version == "3.0" else {}))
if version == "2.1":
    filtered = client.data("DF_ICCS", key={"SEX": "F", "FREQ": "A"}, params={"startPeriod": "2021"})
    print(len(filtered.data[0].obs), len(client.preview_data("DF_ICCS")))
    print(client.codelist("CL_ICCS").codelist["CL_ICCS"]["ICCS0101"].name.localizations["es"])
for one in read.data[0].obs:
    key = {name: value.value for name, value in one.key.values.items()}
    marks = {name: value.value for name, value in one.attached_attribute.items()}
    status = [getattr(marks[name], "id", marks[name]) for name in ("OBS_STATUS", "CONF_STATUS")]
    codes = [str(getattr(key[name], "id", key[name])) for name in columns]
    print("\\t".join(["cell", *codes, str(one.value), *status]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_sdmx1_reads_the_same_cells(url: str, cells: Cells, version: str) -> None:
    """In a process of its own: in one that has read 2.1, sdmx1 may fail to read 3.0."""
    pytest.importorskip("sdmx")
    done = subprocess.run(
        [sys.executable, "-c", SDMX1, url, version, *COLUMNS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    flows, *more = [line for line in done.stdout.splitlines() if not line.startswith("cell\t")]
    assert flows == "DF_ICCS"
    if version == "2.1":
        women = sum(row[0] == "A" and row[5] == "F" for row in cells)
        assert more == [f"{women} {len({row[:8] for row in cells})}", "Homicidio intencional"]
    names = (*COLUMNS, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS")
    lines = [line.split("\t")[1:] for line in done.stdout.splitlines() if line.startswith("cell\t")]
    assert compared([dict(zip(names, line, strict=True)) for line in lines]) == cells


@pytest.mark.filterwarnings("ignore")
def test_connectors_of_pysdmx(url: str, cells: Cells) -> None:
    from pysdmx.api.dc.pd import PandasConnector
    from pysdmx.api.dc.rest import SdmxConnector
    from pysdmx.api.fmr import RegistryClient

    connector = SdmxConnector(f"{url}/v2")
    assert [flow.id for flow in connector.dataflows()] == ["DF_ICCS"]
    (flow,) = connector.dataflows()
    described = connector.dataflow(flow)
    assert {"REF_AREA", "ICCS"} <= {component.id for component in described.components}
    rows = list(connector.data(flow, "SEX = 'F' AND TIME_PERIOD >= '2021'"))
    women = [row for row in cells if row[5] == "F"]
    assert compared([{name: str(value or "") for name, value in row.items()} for row in rows]) == women
    found = PandasConnector(f"{url}/v2").data(flow, "SEX = 'F'")
    frame = found if isinstance(found, pd.DataFrame) else pd.concat(list(found))
    assert len(frame) == len(women)
    registry = RegistryClient(f"{url}/v2")
    assert [one.id for one in registry.get_dataflows("NSO_CRIME")] == ["DF_ICCS"]
    codes = registry.get_codes("NSO_CRIME", "CL_ICCS")
    assert "ICCS0101" in {code.id for code in codes}


def test_filters(url: str, cells: Cells) -> None:
    """Each filter gives the cells that the same condition leaves of the whole package."""
    months = [row for row in cells if row[0] == "M"]
    base = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0"
    questions = {
        "?c%5BSEX%5D=F,M": [row for row in cells if row[5] in ("F", "M")],
        "?c[SEX]=ne:F%2Bne:M": [row for row in cells if row[5] not in ("F", "M")],
        "?c[REF_AREA]=sw:MX-": [row for row in cells if str(row[1]).startswith("MX-")],
        "?c[CONF_STATUS]=C": [row for row in cells if row[11] == "C"],
        "/M?c[TIME_PERIOD]=ge:2021-03+lt:2021-05": [row for row in months if row[8] in ("2021-03", "2021-04")],
        "/M?c[TIME_PERIOD]=ge:2021-Q4": [row for row in months if str(row[8]) >= "2021-10"],
        "/*.*.ICCS0101": [row for row in cells if row[2] == "ICCS0101"],
        "/A.MX,A.MX-AGU": [row for row in cells if row[0] == "A" and row[1] in ("MX", "MX-AGU")],
    }
    for question, expected in questions.items():
        answer = get(base + question, accept="text/csv")
        assert expected, question
        assert compared(read_csv(answer.text)) == expected, question
    first = get(f"{url}/v1/data/DF_ICCS/M...............?startPeriod=2021-02&endPeriod=2021-Q2&format=csv")
    assert {row["TIME_PERIOD"] for row in read_csv(first.text)} == {f"2021-{month:02}" for month in range(2, 7)}
    several = get(f"{url}/v1/data/DF_ICCS/A.MX+MX-JAL..............?format=csv")
    assert {row["REF_AREA"] for row in read_csv(several.text)} == {"MX", "MX-JAL"}
    last = read_csv(get(f"{base}/M?lastNObservations=1", accept="text/csv").text)
    assert len({tuple(row[name] for name in COLUMNS[:-1]) for row in last}) == len(last)
    assert {row["TIME_PERIOD"] for row in last} == {"2021-12"}
    page = [read_csv(get(f"{base}?limit=7&offset={start}", accept="text/csv").text) for start in (0, 7)]
    whole = read_csv(get(base, accept="text/csv").text)
    assert [*page[0], *page[1]] == whole[:14]
    bare = read_csv(get(f"{base}?attributes=OBS_STATUS", accept="text/csv").text)
    assert {"OBS_VALUE", "OBS_STATUS"} <= set(bare[0])
    assert "CONF_STATUS" not in bare[0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/v3/data/x", 404),
        ("/v2/nothing", 400),
        ("/v2/metadata/metadataflow/x", 501),
        ("/v2/schema/dataflow/NSO_CRIME/DF_ICCS", 501),
        ("/v2/structure/categoryscheme", 501),
        ("/v2/structure/nonsense", 400),
        ("/v2/data/provisionagreement/NSO_CRIME/DF_ICCS/1.0", 501),
        ("/v2/data/dataflow/NSO_CRIME/OTHER/1.0", 404),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/2.0", 404),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0/*.XX", 204),
        ("/v1/data/DF_ICCS/A.XX..............", 404),
        ("/v1/data/DF_ICCS/A.MX", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?startperiod=2021", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?c[SEKS]=F", 422),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?c[OBS_VALUE]=gt:3", 501),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?c[TIME_PERIOD]=ge:20x1", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?dimensionAtObservation=SEX", 501),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?dimensionAtObservation=WHAT", 422),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?limit=-1", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?sort=SEX", 501),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?c[SEX]=F&c[SEX]=M", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0/%ff", 400),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?format=pdf", 406),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0/" + "A" * 9000, 414),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?asOf=2001-01-01", 404),
        ("/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0?updatedAfter=2001-01-01", 501),
        ("/v1/dataflow/OTHER/all/latest", 404),
        ("/v2/structure/codelist/SDMX/CL_SEX/+", 200),
        ("/v1/codelist/SDMX/CL_SEX/latest", 200),
        ("/v1/contentconstraint/NSO_CRIME/all/latest", 200),
        ("/v2/structure/dataflow?detail=allcompletestubs", 200),
        ("/v2/structure/dataflow/NSO_CRIME/DF_ICCS?detail=referencepartial&references=all", 200),
        ("/v2/structure/codelist/NSO_CRIME/CL_ICCS/?detail=allstubs", 200),
        ("/v1/data/NSO_CRIME%2CDF_ICCS%2C1.0/all/", 200),
    ],
)
def test_status(url: str, path: str, status: int) -> None:
    answer = get(url + path)
    assert answer.status_code == status, answer.text[:300]
    if status >= 400:
        assert answer.headers["content-type"].startswith("text/plain")
        assert "crime.duckdb" not in answer.text


def test_only_reading_is_possible(url: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert httpx.request(method, f"{url}/v2/structure/dataflow").status_code == 405


def test_words_of_a_request_are_never_sql(url: str) -> None:
    base = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0"
    for text in ("A' OR '1'='1", "A') OR (true", "$p0", '"', "A--"):
        quoted = httpx.QueryParams({"x": text})
        assert get(f"{base}?c[SEX]={str(quoted)[2:].replace('+', '%20')}", accept="text/csv").status_code == 204
    assert get(f"{base}?limit=1%20UNION", accept="text/csv").status_code == 400
    assert get(f"{base}?c[SEX)%20OR%20(true]=F", accept="text/csv").status_code == 400


def test_formats(url: str) -> None:
    base = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0"
    asked = {
        "*/*": "application/vnd.sdmx.data+xml;version=3.0.0",
        "application/vnd.sdmx.data+csv;version=1.0.0;labels=id": "application/vnd.sdmx.data+csv;version=1.0.0",
        "application/vnd.sdmx.data+csv": "application/vnd.sdmx.data+csv;version=2.0.0",
        "text/csv;q=0.5, application/json": "application/vnd.sdmx.data+json;version=2.0.0",
    }
    for accept, kind in asked.items():
        assert get(base, accept=accept).headers["content-type"] == kind
    for accept in ("application/pdf", "application/vnd.sdmx.data+csv;labels=both", "text/csv;q=0"):
        assert get(base, accept=accept).status_code == 406


def test_an_answer_that_is_the_same_is_not_sent_again(url: str) -> None:
    address = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0"
    first = get(address, accept="text/csv", accept_encoding="identity")
    tag = first.headers["etag"]
    again = get(address, accept="text/csv", accept_encoding="identity", if_none_match=f'"other", {tag}')
    assert (again.status_code, again.content) == (304, b"")
    other = get(address, accept="application/json", accept_encoding="identity", if_none_match=tag)
    assert other.status_code == 200
    with httpx.stream("GET", address, headers={"accept": "text/csv", "accept-encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert gzip.decompress(packed) == first.content
    assert answer.headers["etag"] != tag
    assert httpx.head(address).headers["content-length"] != "0"


def test_releases_before_are_answered_from(office: Path, url: str, cells: Cells) -> None:
    base = f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0"
    before = cells_of(office / "packages" / "first" / "crime.duckdb")
    assert before != cells
    moments = []
    for name in ("first", "second"):
        with duckdb.connect(str(office / "packages" / name / "crime.duckdb"), read_only=True) as connection:
            moments += [one for (one,) in connection.execute("SELECT published_at FROM out.release").fetchall()]
    earlier = f"{moments[0].isoformat()}Z"
    assert compared(read_csv(get(f"{base}?asOf={earlier}", accept="text/csv").text)) == before
    changes = read_csv(get(f"{base}?updatedAfter={earlier}", accept="text/csv").text)
    assert {row["ACTION"] for row in changes} == {"R"}
    assert compared(changes) == sorted(set(cells) - set(before), key=repr)
    assert get(f"{base}?updatedAfter={moments[1].isoformat()}Z", accept="text/csv").status_code == 204
    history = get(f"{base}?includeHistory=true").text
    assert history.count("<mes:DataSet ") == 2
    assert history.count("validFromDate") == 2
    assert history.count("validToDate") == 1
    assert get(f"{base}?includeHistory=true", accept="text/csv").status_code == 501


def test_availability(url: str, cells: Cells) -> None:
    women = [row for row in cells if row[5] == "F"]
    path = "/v2/availability/dataflow/NSO_CRIME/DF_ICCS/1.0/*/REF_AREA?c[SEX]=F&format=json"
    (constraint,) = get(url + path).json()["data"]["dataConstraints"]
    (values,) = constraint["cubeRegions"][0]["keyValues"]
    assert values["id"] == "REF_AREA"
    assert {one["value"] for one in values["values"]} == {row[1] for row in women}
    assert get(f"{url}/v1/availableconstraint/DF_ICCS/A..............." + "?references=none").status_code == 200


def test_limits(office: Path, cells: Cells) -> None:
    with serving(office / "packages" / "second", "NSO_CRIME", limits=Limits(cells=len(cells) - 1)) as url:
        refused = get(f"{url}/v1/data/DF_ICCS")
        assert refused.status_code == 413
        assert f"{len(cells):,} cells" in refused.text
        assert get(f"{url}/v1/data/DF_ICCS/A...............").status_code == 200


def test_who_asks_too_often_waits(office: Path) -> None:
    """By hand: three in a minute are one in 20 seconds. A proxy on this machine says whose request it is."""
    with serving(office / "packages", "NSO_CRIME", {"ministry": TOKEN}, Limits(per_minute=3)) as address:
        there = f"{address}/v2/structure/dataflow"
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert [get(there).status_code for _ in range(2)] == [200, 200]
        assert get(there, Authorization="Bearer guessed").status_code == 401
        refused = get(there, Authorization="Bearer guessed again")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "text/plain; charset=utf-8")
        assert 15 <= int(refused.headers["retry-after"]) <= 20
        assert [get(there, **bearer).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert get(there, X_Forwarded_For="192.0.2.7").status_code == 200


def test_the_rate_of_a_client() -> None:
    now = [0.0]
    rates = Rates(60, clock=lambda: now[0])
    assert [rates.wait("one") for _ in range(61)] == [0] * 60 + [1]
    now[0] = 1.0
    assert [rates.wait("one"), rates.wait("one")] == [0, 1]
    now[0] = 1000.0
    assert [rates.wait("one") for _ in range(61)] == [0] * 60 + [1], "no more than a minute's is kept"
    for number in range(MOST_CLIENTS):
        rates.wait(f"client {number}")
    assert rates.wait("one") == 0, "forgotten, so that memory is bounded"


def test_what_is_for_partners_is_given_for_a_token(office: Path, tmp_path: Path) -> None:
    run(office, "share", "package", "--to", "partners", "-o", str(tmp_path / "packages" / "one"))
    with serving(tmp_path / "packages", "NSO_CRIME", {"ministry": TOKEN}) as url:
        address = f"{url}/v1/data/DF_ICCS"
        assert get(address).status_code == 404
        assert get(address, authorization=f"Bearer {TOKEN}").status_code == 200
        assert get(address, authorization=f"Bearer {TOKEN}").headers["cache-control"].startswith("private")
        for wrong in (f"Bearer {TOKEN}x", "Bearer x", f"Basic {TOKEN}", TOKEN):
            assert get(address, authorization=wrong).status_code == 401


def test_only_a_package_is_served(office: Path, tmp_path: Path) -> None:
    """Not the release of the office, nor a package whose database is another one."""
    with pytest.raises(UsageError, match="this is not a package"):
        Shelf(office / "data" / "published", "NSO_CRIME")
    with pytest.raises(UsageError, match="contains no package"):
        Shelf(tmp_path, "NSO_CRIME")
    shutil.copytree(office / "packages" / "second", tmp_path / "changed")
    database = tmp_path / "changed" / "crime.duckdb"
    database.unlink()
    shutil.copy(office / "data" / "published" / "crime.duckdb", database)
    with pytest.raises(UsageError, match="has changed since it was written"):
        Shelf(tmp_path, "NSO_CRIME")


def test_tokens_are_in_a_file_of_one_owner(office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.share.serve.tokens import read_tokens

    path = tmp_path / "tokens"
    path.write_text(f"# partners\nministry {TOKEN}\n")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        read_tokens(str(path))
    path.chmod(0o600)
    assert read_tokens(str(path)) == {"ministry": TOKEN}
    path.write_text("ministry short\n")
    with pytest.raises(UsageError, match="24 characters"):
        read_tokens(str(path))
    monkeypatch.setenv("ICCS_SHARE_TOKEN", TOKEN)
    assert read_tokens(None) == {"partner": TOKEN}


def test_a_package_that_comes_is_served_without_an_error(office: Path, tmp_path: Path) -> None:
    """Clients ask while packages are put into the folder, one of them broken: every answer is one whole package."""
    first, second = (office / "packages" / name for name in ("first", "second"))
    expected = [cells_of(one / "crime.duckdb") for one in (first, second)]
    shutil.copytree(first, tmp_path / "a")
    ended = threading.Event()
    seen: list[int] = []
    wrong: list[str] = []

    def ask(url: str) -> None:
        while not ended.is_set():
            answer = get(f"{url}/v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0", accept="text/csv")
            found = compared(read_csv(answer.text)) if answer.status_code == 200 else []
            seen.append(expected.index(found) if found in expected else -1)
            if seen[-1] < 0:
                wrong.append(f"{answer.status_code}: {answer.text[:200]}")

    with serving(tmp_path, "NSO_CRIME") as url:
        threads = [threading.Thread(target=ask, args=(url,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for name in ("b", "c"):
            time.sleep(1)
            shutil.copytree(second, tmp_path / f".{name}")
            if name == "b":
                (tmp_path / ".b" / "datapackage.json").write_text("{}")
            os.replace(tmp_path / f".{name}", tmp_path / name)
        time.sleep(2)
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert {0, 1} == set(seen)
    assert seen[-1] == 1


def test_who_says_half_a_request_or_takes_nothing_is_let_go(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each held one of the places of the server for ever: two hundred kept everybody else out."""
    monkeypatch.setattr("pipelines.share.serve.app.SILENT_SECONDS", 0.5)
    whole = b"GET /v2/data/dataflow/NSO_CRIME/DF_ICCS/1.0 HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(office / "packages", "NSO_CRIME") as url:
        place = ("127.0.0.1", int(url.rpartition(":")[2]))
        clients = []
        for said in (b"", b"GET /v2/struc", whole[:-2], whole + b"GET /", whole * 400):
            client = socket.create_connection(place, timeout=20)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(said)
            clients.append(client)
        time.sleep(4)
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                while client.recv(2**16):  # it ends: the other side has closed
                    pass
        assert get(f"{url}/v2/structure/dataflow").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("GET /v2/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x", 400),
        ("GET /crime.duckdb HTTP/1.1\r\nHost: x", 404),
        ("GET /v2/data/dataflow/NSO_CRIME/..%2f..%2fcrime.duckdb/1.0 HTTP/1.1\r\nHost: x", 404),
        ("GET /v2/data/%00/x HTTP/1.1\r\nHost: x", 400),
        ("GET /v2/data/dataflow/NSO_CRIME/DF%0d%0aX-Evil:%201/1.0 HTTP/1.1\r\nHost: x", 404),
        ("GET /v2/structure/dataflow HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        ("GET /v2/structure/dataflow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6", 400),
        ("GET /v2/structure/dataflow HTTP/1.1\r\nHost: x\r\nX: " + "a" * 200_000, None),
        ("GET /v2/" + "a" * 9_000 + " HTTP/1.1\r\nHost: x", 414),
        ("TRACE /v2/structure/dataflow HTTP/1.1\r\nHost: x", 405),
        ("OPTIONS /v2/structure HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example", 405),
    ],
)
def test_what_no_program_of_statistics_asks_is_refused(url: str, asked: str, status: int | None) -> None:
    """None is a connection that is closed: more than a server should read."""
    place = ("127.0.0.1", int(url.rpartition(":")[2]))
    with socket.create_connection(place, timeout=20) as client:
        said = b""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(f"{asked}\r\nConnection: close\r\n\r\n".encode())
            while piece := client.recv(2**16):
                said += piece
    if status is not None:
        assert said.split(b" ")[1] == str(status).encode()
    assert b"\r\nX-Evil" not in said and b"access-control-allow" not in said.lower() and b"DUCK" not in said


def test_the_command_reads_nothing_but_packages(tmp_path: Path) -> None:
    code, said = command("share", "serve", str(tmp_path))
    assert code == 2
    assert "contains no package" in said
    assert json.dumps(said).count("Traceback") == 0
