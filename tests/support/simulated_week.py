"""A week of an office, in simulated time: what planned runs do when publishers, disks, clocks and machines fail.

``python tests/support/simulated_week.py`` prints it. Five sources with calendars in Berlin, in the week in which its
clocks go forward: 24 to 30 March 2027.

    day             what happens
    Wednesday 24    first load of all five
    Thursday 25     ``web`` gives a web page in place of data (failure 1); ``inbox`` gets a corrected file (revision 1)
    Friday 26       ``share`` is not mounted (the vanished folder, failure 2); ``web`` is well again
    Saturday 27     the machine is off: nothing runs; ``hand`` gets a corrected file meanwhile
    Sunday 28       clocks go from 02:00 to 03:00; ``share`` is back; at noon the machine catches up (revision 2)
    Monday 29       ``code`` has an offence that its concordance lacks (failure 3)
    Tuesday 30      ``code`` is corrected; nothing else is new
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import time_machine
from publisher import Publisher, gives, publishing
from tiny_source import Tiny

from pipelines.notices import VARIABLE, notify_of_run
from pipelines.run import run_all
from pipelines.schedule import find_missed
from pipelines.session import Session
from pipelines.system.running.run_log import Attempt, read_attempts
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.definition.publication_calendar import Calendar
from schemas.source import list_sources

BEGINS = datetime(2027, 3, 24, tzinfo=UTC)
ENDS = datetime(2027, 3, 31, tzinfo=UTC)
OFF_FROM = datetime(2027, 3, 27, tzinfo=UTC)
ON_AGAIN = datetime(2027, 3, 28, 12, tzinfo=UTC)
EVERY = Calendar(cron="0 9 * * 1", time_zone="Europe/Berlin")
"""When all sources are run: Mondays at nine."""
CRONS = {"xx_code": "0 6", "xx_hand": "30 2", "xx_inbox": "0 7", "xx_share": "0 8", "xx_web": "30 6"}
"""Each day; half past two is an hour that 28 March 2027 does not have."""


@dataclass
class Week:
    """What the office sees: the ledger of runs, the messages that went out, and the releases."""

    settings: Settings
    caught_up: list[str] = field(default_factory=list)
    messages: list[tuple[datetime, str]] = field(default_factory=list)
    releases: list[tuple[datetime, str]] = field(default_factory=list)
    runs: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def ledger(self) -> list[Attempt]:
        return read_attempts(self.settings)


def rows(*values: int, code: str = "HOM") -> str:
    places = ("MX-JAL", "MX-COL", "MX-OAX")
    return "area,year,code,n\n" + "".join(
        f"{place},2026,{code},{value}\n" for place, value in zip(places, values, strict=True)
    )


class Office:
    """Its sources, and what happens to their files on each day."""

    def __init__(self, root: Path, publisher: Publisher, hook: str) -> None:
        os.environ[VARIABLE] = hook
        self.tiny, self.publisher = Tiny(root), publisher
        self.share = root / "share"
        more = {
            "xx_web": f"acquire: [{{address: '{publisher.address('xx_web.csv')}'}}]\n",
            "xx_share": f"acquire: [{{address: '{self.share}/xx_share.csv'}}]\n",
        }
        for name, cron in CRONS.items():
            self.tiny.name = name
            calendar = f"calendar: {{cron: '{cron} * * *', time_zone: Europe/Berlin, late_after_days: 3}}\n"
            self.tiny.declare_plain(calendar + more.get(name, ""), scheme="code")
            declared = self.tiny.sources / name / "source.yml"
            declared.write_text(declared.read_text().replace("'*.csv'", f"'{name}*.csv'"))
        self.settings = replace(self.tiny.settings, acquire_from=(publisher.origin, str(self.share)))
        self.week = Week(self.settings)

    def put(self, name: str, text: str) -> None:
        path = self.settings.input / name / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def drop(self, name: str, text: str) -> None:
        self.settings.inbox.mkdir(parents=True, exist_ok=True)
        (self.settings.inbox / f"{name}.csv").write_text(text, encoding="utf-8")

    def begin_day(self, day: datetime) -> None:
        """What publishers, colleagues and disks do before the first run of a day."""
        match day.day:
            case 24:
                self.put("xx_code", rows(5, 6, 7))
                self.put("xx_hand", rows(10, 11, 12))
                self.drop("xx_inbox", rows(20, 21, 22))
                self.share.mkdir()
                (self.share / "xx_share.csv").write_text(rows(30, 31, 32))
                self.publisher.pages["xx_web.csv"] = gives(rows(40, 41, 42).encode(), etag='"1"')
            case 25:
                self.publisher.pages["xx_web.csv"] = gives(b"<!DOCTYPE html><html>we moved</html>", "text/html")
                self.drop("xx_inbox", rows(20, 21, 29))
            case 26:
                self.publisher.pages["xx_web.csv"] = gives(rows(40, 41, 42).encode(), etag='"1"')
                self.share.rename(self.share.with_name("elsewhere"))
            case 27:
                self.put("xx_hand", rows(10, 15, 12))
            case 28:
                self.share.with_name("elsewhere").rename(self.share)
            case 29:
                self.put("xx_code", rows(5, 6, 7, code="NEW"))
            case 30:
                self.put("xx_code", rows(5, 6, 7))

    def run(self, moment: datetime, names: list[str] | None, why: str) -> None:
        """What ``iccs serve`` starts: the run of a deployment."""
        known = list_sources(self.tiny.sources)
        folders = [known[name] for name in names or known]
        session = Session(self.settings, source_folders=self.tiny.sources)
        with time_machine.travel(moment, tick=True), without_suite():
            result = run_all(folders, session, named=names is not None)
            assert notify_of_run(result, self.settings) == []
        self.week.runs.append((moment, f"{', '.join(names or ['all sources'])}{why}"))
        if result.publication is not None:
            self.week.releases.append((moment, result.publication.release))


def planned() -> list[tuple[datetime, list[str] | None]]:
    """Every moment of the week at which something is due, and what, from the calendars themselves."""
    calendars: dict[str | None, Calendar] = {None: EVERY}
    calendars |= {name: Calendar(cron=f"{cron} * * *", time_zone="Europe/Berlin") for name, cron in CRONS.items()}
    due: list[tuple[datetime, list[str] | None]] = [(ON_AGAIN, None)]
    for name, calendar in calendars.items():
        moment = calendar.next_due(BEGINS)
        while moment < ENDS:
            due.append((moment, [name] if name else None))
            moment = calendar.next_due(moment)
    return sorted(due, key=lambda one: (one[0], one[1] or []))


def simulate(root: Path, publisher: Publisher, hook: str, told: list[Any]) -> Week:
    """Go through the week; ``told`` is where the receiver of notices puts them."""
    office = Office(root, publisher, hook)
    day = BEGINS - timedelta(days=1)
    for moment, names in planned():
        while day.date() < moment.date():
            day += timedelta(days=1)
            office.begin_day(day)
        before = len(told)
        if moment == ON_AGAIN:
            _start_again(office)
        elif not OFF_FROM <= moment < ON_AGAIN:
            office.run(moment, names, "")
        office.week.messages += [(moment, one["message"]) for one in told[before:]]
    return office.week


def _start_again(office: Office) -> None:
    """What ``iccs serve`` does at its start: catch up, in one run, what was due while nothing was serving."""
    known = list_sources(office.tiny.sources)
    calendars = {name: folder.source.calendar for name, folder in known.items() if folder.source.calendar}
    office.week.caught_up = find_missed(calendars, office.settings, ON_AGAIN)
    office.run(ON_AGAIN, office.week.caught_up, ", catching up")


@contextmanager
def receiving() -> Iterator[tuple[str, list[Any]]]:
    """A webhook on this machine: its address in the form of apprise, and what it was told."""
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", told
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as root, publishing() as publisher, receiving() as (hook, told):
        week = simulate(Path(root), publisher, hook, told)
        write = sys.stdout.write
        write("Ledger (data/runs.jsonl), UTC\n")
        for one in week.ledger:
            message = one.message.splitlines()[0] if one.message else ""
            write(f"  {one.started[:16]}  {one.source:<9} {one.end:<10} {one.release or '':<22} {message}\n")
        write(f"\nCaught up on {ON_AGAIN:%A %d %H:%M}: {', '.join(week.caught_up)}\n")
        write("\nReleases\n")
        for moment, release in week.releases:
            write(f"  {moment:%a %d %H:%M}  {release}\n")
        write("\nMessages\n")
        for moment, message in week.messages:
            write(f"  {moment:%a %d %H:%M}  {message.splitlines()[0]}\n")


if __name__ == "__main__":
    main()
