"""Fetching: what a good publisher gives is taken once, and nothing else takes the place of the last good file."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from publisher import Publisher, breaks_off, drips, endless, gives, in_turn, leads_to, publishing, status, store
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.collect.fetch import stores, web
from pipelines.collect.fetch.fetch import Fetched, fetch
from pipelines.collect.fetch.received import read_received
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder

BODY = b"area,year,code,n\n01,2023,HOM,5\n"
NEXT = BODY + b"01,2024,HOM,6\n"


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setattr(web, "FIRST_WAIT_SECONDS", 0.01)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with publishing() as found:
        yield found


class Office:
    """A source with addresses, and an office that may ask them."""

    def __init__(self, tiny: Tiny, *addresses: str, may_ask: tuple[str, ...] = (), **settings: int) -> None:
        entries = "".join(f"  - {one}\n" for one in addresses)
        self.folder: SourceFolder = tiny.declare_plain(f"acquire:\n{entries}")
        self.settings: Settings = replace(tiny.settings, acquire_from=may_ask, **settings)

    def fetch(self) -> Fetched:
        return fetch(self.folder, self.settings)

    def ends(self) -> list[str]:
        return [file.end for file in self.fetch().files]

    def refused(self) -> str:
        """The rule and what was found."""
        with pytest.raises(DataRefused) as told:
            self.fetch()
        (problem,) = told.value.problems
        return f"{problem.rule}: {problem.found}"

    @property
    def here(self) -> dict[str, bytes]:
        place = self.settings.input / self.folder.source_id / "acquired"
        return {path.name: path.read_bytes() for path in place.glob("*")}


@pytest.fixture
def office(tiny: Tiny, publisher: Publisher) -> Office:
    address = f"{{address: '{publisher.address('open/crime.csv')}'}}"
    return Office(tiny, address, may_ask=(publisher.origin,), max_file_mib=1, max_acquire_seconds=20)


def test_a_file_is_taken_once_and_a_changed_one_again(office: Office, publisher: Publisher) -> None:
    publisher.pages["open/crime.csv"] = gives(BODY, etag='"1"')
    assert office.ends() == ["new"]
    assert office.ends() == ["same"]
    publisher.pages["open/crime.csv"] = gives(NEXT, etag='"2"')
    assert office.ends() == ["changed"]
    assert office.here == {"crime.csv": NEXT}
    assert publisher.headers("if-none-match") == [None, '"1"', '"1"']
    receipts = read_received(office.folder.source_id, office.settings).receipts
    assert [(one.sha256, one.etag) for one in receipts] == [
        (hashlib.sha256(BODY).hexdigest(), '"1"'),
        (hashlib.sha256(NEXT).hexdigest(), '"2"'),
    ]


def test_a_damaged_record_of_receipts_is_told_and_repaired_by_fetching_again(
    office: Office, publisher: Publisher, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file itself is there all the same; what is lost is when it came."""
    publisher.pages["open/crime.csv"] = gives(BODY)
    assert office.ends() == ["new"]
    record = office.settings.acquired / f"{office.folder.source_id}.json"
    record.write_bytes(record.read_bytes().replace(b'"size": 31', b'"size": 32'))
    monkeypatch.setattr("pipelines.system.settings.load_settings", lambda *_: office.settings)
    monkeypatch.setattr("schemas.source.find_sources", lambda *_, **__: [office.folder])
    for module in ("pipelines.run", "pipelines.repair.repair", "pipelines.repair.stored_source"):
        monkeypatch.setattr(f"{module}.list_sources", lambda *_, **__: {office.folder.source_id: office.folder})
    assert main(["acquire"]) == 3
    assert f"{record} has changed since it was written; to see what can be done: iccs repair" in capsys.readouterr().err
    assert main(["repair"]) == 1
    assert "the next run fetches the files of the source again" in capsys.readouterr().out
    assert main(["repair", "--apply"]) == 0
    assert not record.exists() and office.ends() == ["new"] and office.here == {"crime.csv": BODY}


def test_where_there_is_no_etag_the_date_asks_and_without_both_the_content_decides(
    office: Office, publisher: Publisher
) -> None:
    publisher.pages["open/crime.csv"] = gives(BODY, modified="Mon, 02 Nov 2026 06:00:00 GMT")
    assert office.ends() == ["new"]
    assert office.ends() == ["same"]
    assert publisher.headers("if-modified-since")[1] == "Mon, 02 Nov 2026 06:00:00 GMT"
    publisher.pages["open/crime.csv"] = gives(BODY)
    assert office.ends() == ["same"]


def test_a_file_that_was_deleted_or_changed_here_is_fetched_again(office: Office, publisher: Publisher) -> None:
    publisher.pages["open/crime.csv"] = gives(BODY, etag='"1"')
    office.fetch()
    (office.settings.input / "xx_tiny" / "acquired" / "crime.csv").write_bytes(b"other")
    office.fetch()
    assert office.here == {"crime.csv": BODY}


def test_what_breaks_off_is_taken_up_where_it_broke_off(office: Office, publisher: Publisher) -> None:
    publisher.pages["open/crime.csv"] = in_turn(breaks_off(BODY, 10, '"1"'), gives(BODY, etag='"1"'))
    assert office.ends() == ["new"]
    assert office.here == {"crime.csv": BODY}
    assert publisher.headers("range") == [None, "bytes=10-"]


def test_a_file_that_changes_while_it_breaks_off_is_no_mixture(office: Office, publisher: Publisher) -> None:
    publisher.pages["open/crime.csv"] = in_turn(breaks_off(BODY, 10, '"1"'), gives(NEXT, etag='"2"'))
    assert office.ends() == ["new"]
    assert office.here == {"crime.csv": NEXT}


@pytest.mark.parametrize("passing", [status(503), status(429, Retry_After="0"), status(500), breaks_off(BODY, 5)])
def test_what_passes_is_tried_again(office: Office, publisher: Publisher, passing: object) -> None:
    publisher.pages["open/crime.csv"] = in_turn(passing, passing, gives(BODY))  # type: ignore[arg-type]
    assert office.ends() == ["new"]
    assert office.here == {"crime.csv": BODY}


@pytest.mark.parametrize(
    ("behaviour", "said", "asked"),
    [
        (status(404), "file_not_fetched: * answered 404.", 1),
        (status(401), "file_not_fetched: * answered 401.", 1),
        (status(503), "file_not_fetched: * answered 503; tried 6 times", 6),
        (breaks_off(BODY, 10), "file_not_fetched: * tried 6 times", None),
        (gives(b"<!DOCTYPE html><html>", "text/html"), "file_is_html", 1),
        (gives(b"\n <HTML>moved"), "file_is_html", 1),
        (gives(b'{"error": "quota"}', "application/json"), "file_not_readable", 1),
        (gives(b""), "file_empty", 1),
        (gives(b"%PDF-1.7"), "file_not_readable", 1),
        (endless(), "file_too_large", 1),
        (gives(b"0" * (2**20 + 1)), "file_too_large", 1),
        (status(200, Content_Encoding="gzip"), "file_not_readable: * compressed (gzip), without being asked", 1),
        (leads_to("http://127.0.0.2:9/crime.csv"), "redirect_refused: * redirects to http://127.0.0.2:9/crime.csv", 1),
        (leads_to("file:///etc/passwd"), "redirect_refused", 1),
        (leads_to("/open/crime.csv"), "file_not_fetched: * redirects endlessly", 6),
    ],
)
def test_what_is_no_file_leaves_the_last_good_one(
    office: Office, publisher: Publisher, behaviour: object, said: str, asked: int | None
) -> None:
    publisher.pages["open/crime.csv"] = gives(BODY)
    office.fetch()
    publisher.asked.clear()
    publisher.pages["open/crime.csv"] = behaviour  # type: ignore[assignment]
    found = office.refused()
    rule, _, rest = said.partition("*")
    assert found.startswith(rule.strip())
    assert rest.strip() in found
    assert asked is None or len(publisher.asked) == asked
    assert office.here == {"crime.csv": BODY}
    assert not list(office.settings.work.glob("*fetched*"))


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["header", "body"])
def test_what_comes_letter_by_letter_is_given_up(tiny: Tiny, publisher: Publisher, first: bytes) -> None:
    publisher.pages["crime.csv"] = drips(first)
    office = Office(
        tiny, f"{{address: '{publisher.address('crime.csv')}'}}", may_ask=(publisher.origin,), max_acquire_seconds=1
    )
    began = time.monotonic()
    assert office.refused().startswith("file_not_fetched")
    assert time.monotonic() - began < 5


def test_a_redirect_is_followed_where_both_files_name_the_host(tiny: Tiny, publisher: Publisher) -> None:
    with publishing() as other:
        publisher.pages["crime.csv"] = leads_to(other.address("x/files.csv?signature=Zzsecret"))
        other.pages["x/files.csv"] = gives(BODY)
        host = other.origin.removeprefix("http://")
        own = publisher.address("crime.csv")
        named = f"{{address: '{own}', redirects: ['{host}']}}"
        assert Office(tiny, named, may_ask=(publisher.origin,)).refused().startswith("redirect_refused")
        both = (publisher.origin, other.origin)
        assert Office(tiny, f"{{address: '{own}'}}", may_ask=both).refused().startswith("redirect_refused")
        assert other.asked == []
        office = Office(tiny, named, may_ask=both)
        assert office.ends() == ["new"]
    (document,) = office.settings.acquired.glob("*")
    assert "Zzsecret" not in document.read_text()
    assert "x/files.csv" in document.read_text()


def test_nothing_is_asked_that_the_office_does_not_list(tiny: Tiny, publisher: Publisher) -> None:
    office = Office(tiny, f"{{address: '{publisher.address('crime.csv')}'}}", may_ask=("https://data.example.org",))
    with pytest.raises(UsageError, match=r'write acquire_from = \["http://127.0.0.1:'):
        office.fetch()
    assert publisher.asked == []


def test_what_signs_in_goes_to_its_host_alone_and_is_written_nowhere(
    tiny: Tiny, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with publishing() as other:
        publisher.pages["crime.csv"] = leads_to(other.address("crime.csv"))
        other.pages["crime.csv"] = gives(BODY)
        monkeypatch.setenv(f"ICCS_SECRET_127_0_0_1_{publisher.port}", "X-Api-Key: Zzsecret")
        host = other.origin.removeprefix("http://")
        named = f"{{address: '{publisher.address('crime.csv')}', redirects: ['{host}']}}"
        office = Office(tiny, named, may_ask=(publisher.origin, other.origin))
        with caplog.at_level("DEBUG", logger="iccs"):
            office.fetch()
        assert publisher.headers("x-api-key") == ["Zzsecret"]
        assert other.headers("x-api-key") == [None]
    assert "Zzsecret" not in caplog.text
    assert b"Zzsecret" not in b"".join(path.read_bytes() for path in tiny.root.rglob("*") if path.is_file())
    monkeypatch.setenv(f"ICCS_SECRET_127_0_0_1_{publisher.port}", "Zzsecret")
    with pytest.raises(UsageError, match="must be a header line") as told:
        office.fetch()
    assert "Zzsecret" not in str(told.value)


def test_a_folder_gives_its_files_and_one_that_is_gone_is_said(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "SETTLED_SECONDS", 0.0)
    share = tiny.root / "share"
    share.mkdir()
    (share / "a.csv").write_bytes(BODY)
    (share / "b.csv").write_bytes(NEXT)
    (share / "c.csv").symlink_to("/etc/passwd")
    office = Office(tiny, f"{{address: '{share}/*.csv'}}", may_ask=(str(share),))
    assert office.ends() == ["new", "new"]
    assert office.here == {"a.csv": BODY, "b.csv": NEXT}
    (share / "a.csv").write_bytes(NEXT + b"02,2024,HOM,1\n")
    (share / "b.csv").unlink()
    assert office.ends() == ["changed", "gone"]
    assert set(office.here) == {"a.csv", "b.csv"}
    share.rename(tiny.root / "elsewhere")
    assert "or it is not mounted" in office.refused()
    (tiny.root / "outside").mkdir()
    share.symlink_to(tiny.root / "outside")
    with pytest.raises(UsageError, match="acquire_from"):
        replaced = Office(tiny, f"{{address: '{share}/*.csv'}}", may_ask=(str(tiny.root / "elsewhere"),))
        replaced.fetch()


def test_a_file_of_a_folder_that_is_being_written_waits(tiny: Tiny) -> None:
    share = tiny.root / "share"
    share.mkdir()
    (share / "a.csv").write_bytes(BODY)
    office = Office(tiny, f"{{address: '{share}/a.csv'}}", may_ask=(str(share),))
    assert office.refused().startswith("file_changed")


def test_a_program_that_has_a_file_open_for_writing_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(BODY)
    later = time.time() + 60
    assert not stores.being_written(path, later)
    with path.open("ab"):
        assert stores.being_written(path, later)
    assert not stores.being_written(path, later)


def test_a_store_gives_the_files_of_a_pattern_and_only_what_changed(
    tiny: Tiny, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", publisher.origin)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Zzsecret")
    office = Office(tiny, "{address: 's3://crime/open/c_*.csv'}", may_ask=("s3://crime",))
    publisher.pages = store("crime", {"open/c_1.csv": BODY, "open/c_2.csv": NEXT, "open/notes.csv": b"none"})
    assert office.ends() == ["new", "new"]
    assert office.here == {"c_1.csv": BODY, "c_2.csv": NEXT}
    publisher.pages = store("crime", {"open/c_1.csv": NEXT + b"02,2024,HOM,1\n", "open/c_2.csv": NEXT})
    assert office.ends() == ["changed", "same"]
    publisher.pages = {"crime": status(403)}
    assert "could not be fetched from the store (PermissionError)" in office.refused()
    assert b"Zzsecret" not in b"".join(path.read_bytes() for path in tiny.root.rglob("*") if path.is_file())
