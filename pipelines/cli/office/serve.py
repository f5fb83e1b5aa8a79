"""``iccs serve``: planned runs on a Prefect server of our own with its web page; ``iccs deploy``: on another server."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import secrets
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, known_port
from pipelines.cli.printing import print_error, print_json, print_line
from pipelines.system.running.children import SERVED_BY
from schemas.errors import UsageError

if TYPE_CHECKING:
    from uuid import UUID

    from pipelines.cli.arguments import Commands
    from pipelines.deployments import Deployment
    from pipelines.system.settings import Settings
    from schemas.definition.publication_calendar import Calendar

LOOPBACK = "127.0.0.1"
_SERVER_START_SECONDS = 600  # a busy machine takes minutes; a server that died is reported at once
SAY_WAITING_SECONDS = 60
_SERVER_END_SECONDS = 30
_SIGN_IN_NAME = "iccs"
_PLANNING_SECONDS = 300  # the server plans a new deployment within 5 s, and all of them every 60 s, unless it is busy
_PLANNING_HORIZON_DAYS = 3660  # ten years: enough for the next run of any cron line that has one, even on 29 February
_INBOX_SECONDS = 5
_ERROR_LINE = re.compile(rb"^[\w.]*(?:Error|Exception)\b.*", re.MULTILINE)


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "serve", "run on a schedule (Prefect, local)", json=False)
    parser.add_argument("--port", type=known_port, default=4200, help="port of the web UI (default: 4200)")
    parser.add_argument(
        "--runner",
        metavar="RUNNER",
        help=(
            "what runs the partitions of incidents: threads, dask, ray, dask:ADDRESS (default: ICCS_RUNNER, "
            "otherwise threads)"
        ),
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=(
            f"address of this machine at which the web UI can be reached (default: {LOOPBACK}, only from this machine)"
        ),
    )
    parser.add_argument(
        "--health-port", type=known_port, metavar="PORT", help="port that answers GET /health (default: none)"
    )
    parser.add_argument(
        "--site", metavar="DIR", help="build the site in this folder after each run (default: ICCS_SITE)"
    )
    parser.set_defaults(command=serve_command)
    site = add_command(commands, "deploy", "schedule the runs on an existing Prefect server (PREFECT_API_URL)")
    site.add_argument("--pool", required=True, metavar="NAME", help="work pool of type process")
    site.add_argument(
        "--notify",
        metavar="BLOCK",
        help="notification block of the server to use for notices, such as custom-webhook/office",
    )
    site.set_defaults(command=deploy_command)
    for one in (parser, site):
        one.add_argument(
            "--cron", default="0 6 * * 1", help='when all sources are run (default: "0 6 * * 1", Mondays at six)'
        )
        one.add_argument("--time-zone", default="UTC", metavar="ZONE", help="time zone of --cron (default: UTC)")


def serve_command(options: argparse.Namespace) -> int:
    """Serve the flow until stopped."""
    places = Places(options.host, options.port, options.health_port, options.site)
    code = serve(options.cron, places, options.data, options.runner, options.time_zone)
    if not code:
        print_line("stopped")
    return code


@dataclass(frozen=True)
class Places:
    """Where things are served: address and port of the web page, port of ``/health``, folder of the site."""

    host: str = LOOPBACK
    port: int = 4200
    health_port: int | None = None
    site: str | None = None

    def check(self) -> None:
        """Refuse an invalid address, and a port that is taken.

        Raises:
            UsageError: says which and why.
        """
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError as error:
            raise UsageError(f"--host {self.host}: write an address, such as 192.0.2.7") from error
        if address.is_unspecified:
            raise UsageError(f"--host {self.host}: give the address at which others reach this machine")
        for port in (self.port, *([self.health_port] if self.health_port else [])):
            with socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET) as probe:
                if probe.connect_ex((self.host, port)) == 0:
                    raise UsageError(f"port {port} is in use; give another with --port or --health-port")
        if self.health_port == self.port:
            raise UsageError("--port and --health-port are the same")

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def prefect_environment(home: Path, url: str, sign_in: str) -> dict[str, str]:
    """Return Prefect's settings for a server of our own: local, no analytics, web UI on its own port.

    Any web page that a browser shows can send requests to this machine, and so can any account on it. So the server
    answers only those who know the password, lets no other origin read an answer, and accepts changes only with a
    token that it issued.

    Args:
        home: Prefect's folder.
        url: address of the server.
        sign_in: name and password, separated by a colon.

    >>> settings = prefect_environment(Path("prefect"), "http://127.0.0.1:4200", "iccs:word")
    >>> settings["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    'http://127.0.0.1:4200'
    """
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_SERVER_UI_API_URL": f"{url}/api",
        "PREFECT_SERVER_API_AUTH_STRING": sign_in,
        "PREFECT_API_AUTH_STRING": sign_in,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",  # its page makes browsers contact a usage statistics server
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_SCHEDULED_TIME": f"P{_PLANNING_HORIZON_DAYS}D",
        "DO_NOT_TRACK": "1",
    }


def process_environment(current: Path) -> dict[str, str]:
    """Return the variables that tell runs who started them and keep them from running modules of the current folder.

    The server and its runs are started as ``python -m prefect``, for which Python searches the current folder first.
    If the program itself is there, that folder is searched last.

    Args:
        current: the current folder.

    >>> process_environment(Path("/srv/data"))["PYTHONSAFEPATH"]
    '1'
    """
    # A run that is stopped at once leaves the semaphores of its checks to Python's tracker, which removes them, and
    # would say so to a person who can do nothing about it.
    quiet = [given for given in (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker:UserWarning") if given]
    served = {SERVED_BY: str(os.getpid()), "PYTHONSAFEPATH": "1", "PYTHONWARNINGS": ",".join(quiet)}
    program = Path(__file__).parents[3]
    if current.resolve() != program.resolve():
        return served
    places = [place for place in (os.environ.get("PYTHONPATH"), str(program)) if place]
    return {**served, "PYTHONPATH": os.pathsep.join(places)}


def read_sign_in(home: Path) -> tuple[str, bool]:
    """Return the server's credentials as ``name:password``, and whether they have just been created.

    They are in the file ``password`` of Prefect's folder, which only its owner can read. To change them, delete it.

    Raises:
        UsageError: others can read the file, or it is not one line ``name:password``.
    """
    path = home / "password"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        advice = "delete it, and the next start makes another"
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{path} can be read by other accounts on this machine; {advice}") from None
        sign_in = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
        if not re.fullmatch(r"[^:\s]+:\S{12,}", sign_in):
            raise UsageError(
                f"{path} does not contain one line name:password of at least 12 characters; {advice}"
            ) from None
        return sign_in, False
    sign_in = f"{_SIGN_IN_NAME}:{secrets.token_urlsafe(18)}"
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{sign_in}\n")
    return sign_in, True


def read_calendar(cron: str, time_zone: str) -> Calendar:
    """Return the calendar on which all sources are run.

    Raises:
        UsageError: the cron line or the time zone is invalid.
    """
    from pydantic import ValidationError

    from schemas.definition.publication_calendar import Calendar

    try:
        return Calendar(cron=cron, time_zone=time_zone)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--cron" if first["loc"] == ("cron",) else "--time-zone"
        raise UsageError(f"{option}: {first['msg'].removeprefix('Value error, ')}") from error


def plan(every: Calendar, settings: Settings) -> list[Deployment]:
    """Return what is planned: all sources by one calendar, and each source that has a calendar by its own."""
    from pipelines.deployments import ALL_SOURCES, Deployment
    from pipelines.schedule import read_calendars

    return [
        Deployment(ALL_SOURCES, None, every),
        *(Deployment(name, (name,), calendar) for name, calendar in read_calendars(settings).items()),
    ]


def serve(cron: str, places: Places, data: str | None = None, runner: str | None = None, time_zone: str = "UTC") -> int:
    """Start the server, wait until it has planned a run, then run the flows when they are due, until stopped.

    Runs that were due while nothing served are caught up first, in one run.

    Returns:
        ``EXIT_DONE`` if it was stopped, ``EXIT_FAULT`` if the server does not plan a run.

    Raises:
        UsageError: the cron line or the runner is not valid, its library is missing, the port is taken, a folder
            that a run deletes from is not its own, or the file of the password is open to others.
    """
    from pipelines.reader.site.build import check_site_folder
    from pipelines.system.errors import EXIT_DONE, EXIT_FAULT
    from pipelines.system.removal import check_folders
    from pipelines.system.running.run_log import rotate
    from pipelines.system.settings import load_settings

    places.check()
    calendar = read_calendar(cron, time_zone)  # before Prefect, which takes seconds to import
    if places.site:
        os.environ["ICCS_SITE"] = str(Path(places.site).absolute())
    settings = load_settings(data, runner=runner)
    check_folders(settings)  # otherwise each run would be refused, in a log that nobody reads
    if settings.site is not None:
        check_site_folder(settings.site)
    home = _make_home(settings)
    sign_in, is_new = read_sign_in(home)
    for_runs = {"ICCS_DATA": str(settings.data), "ICCS_RUNNER": settings.runner, **process_environment(Path.cwd())}
    os.environ.update(prefect_environment(home, places.url, sign_in) | for_runs)
    # Imported late, once its settings are in place: Prefect reads them on import.
    import asyncio

    from pipelines.deployments import ALL_SOURCES, next_planned_run, register
    from pipelines.flows import tally_on
    from pipelines.system.running.workers import parse_runner

    planned = plan(calendar, settings)
    tally_on(parse_runner(settings.runner))
    log = home / "server.log"
    rotate(log)
    log_start = log.stat().st_size if log.is_file() else 0
    with _server(places, log) as server:
        wait_for_page(f"{places.url}/api/health", server, log)
        flow_runner, deployments = register(planned)
        due = _wait_for_plan(lambda: next_planned_run(deployments[ALL_SOURCES]))
        if due is None:
            print_error(_no_plan(log, log_start))
            return EXIT_FAULT
        _print_places(places, home / "password", sign_in if is_new else None)
        _print_plan(planned, due)
        _print_how_to_start(places.url, home)
        _catch_up(planned, deployments, settings)
        with (
            suppress(KeyboardInterrupt),
            _watching_inbox(settings, deployments[ALL_SOURCES]),
            _probes(places, settings),
        ):
            asyncio.run(flow_runner.serve())
    return EXIT_DONE


def _make_home(settings: Settings) -> Path:
    """Make the server's folder, closed to others: its database holds messages, which may quote values from files."""
    home = settings.data / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    return home


def _print_places(places: Places, password: Path, new: str | None) -> None:
    print_line(f"sign in with: {f'{new} (shown this once; kept in {password})' if new else f'in {password}'}")
    print_line(f"web UI: {places.url}   stop: Ctrl-C")
    if places.host != LOOPBACK:
        print_line(
            "others can reach the web UI with its password, but the connection is not encrypted: docs/security.md"
        )


def _probes(places: Places, settings: Settings) -> AbstractContextManager[None]:
    from pipelines.cli.office.health import answering_probes
    from pipelines.schedule import read_health

    if places.health_port is None:
        return nullcontext()
    return answering_probes(places.host, places.health_port, lambda: read_health(settings))


@contextmanager
def _watching_inbox(settings: Settings, deployment: UUID) -> Iterator[None]:
    """Start a run for the sources whose files arrive in the inbox, as long as the block lasts."""
    from pipelines.deployments import start_run
    from pipelines.flows import FROM_INBOX
    from pipelines.schedule import InboxWatch

    settings.inbox.mkdir(exist_ok=True)
    watch, end = InboxWatch(settings), threading.Event()

    def look_again_and_again() -> None:
        last = ""
        while not end.wait(_INBOX_SECONDS):
            try:
                sources, lines = watch.look()
                if sources:
                    print_line(f"in the inbox: a file of {', '.join(sources)}")
                    start_run(deployment, sources, FROM_INBOX)
                last = ""
            except Exception as error:  # a folder or server that is unavailable for a while: try again
                watch.forget()
                lines = [f"the inbox could not be read, or its run could not be started: {error}"]
                lines, last = [line for line in lines if line != last], lines[0]
            for line in lines:
                print_error(line)

    thread = threading.Thread(target=look_again_and_again, name="inbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()


def _print_plan(planned: list[Deployment], due: datetime) -> None:
    now = datetime.now(UTC)
    for one in planned:
        moment = due if one.sources is None else one.calendar.next_due(now)
        name = "all sources" if one.sources is None else one.name
        print_line(f"{name}: {one.calendar.cron} ({one.calendar.time_zone}), next run: {moment:%Y-%m-%d %H:%M} UTC")


def _print_how_to_start(url: str, home: Path) -> None:
    """Print what another shell needs to start a run: the address, the password, and the program beside this one."""
    prefect = shlex.quote(str(Path(sys.executable).with_name("prefect")))
    password = shlex.quote(str(home / "password"))
    print_line("to run all sources now, in another shell:")
    print_line(
        f"  PREFECT_HOME={shlex.quote(str(home))} PREFECT_API_URL={url}/api "
        f'PREFECT_API_AUTH_STRING="$(cat {password})" {prefect} deployment run iccs/scheduled'
    )


def _catch_up(planned: list[Deployment], deployments: dict[str, UUID], settings: Settings) -> None:
    """Start one run for whatever was due while nothing served; one run is enough, however many were missed."""
    from pipelines.deployments import ALL_SOURCES, start_run
    from pipelines.flows import CATCHING_UP
    from pipelines.schedule import find_missed, is_missed

    now = datetime.now(UTC)
    calendars = {one.name: one.calendar for one in planned}
    if is_missed(calendars.pop(ALL_SOURCES), settings, now):
        print_line("catching up: a run of all sources was due while iccs serve was not running")
        start_run(deployments[ALL_SOURCES], None, CATCHING_UP)
    elif missed := find_missed(calendars, settings, now):
        print_line(f"catching up: due while iccs serve was not running: {', '.join(missed)}")
        start_run(deployments[ALL_SOURCES], missed, CATCHING_UP)


def deploy_command(options: argparse.Namespace) -> int:
    """Register one deployment for each source with a calendar, and one for all."""
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings
    from schemas.project import VARIABLE, find_project

    if not os.environ.get("PREFECT_API_URL"):
        raise UsageError(
            "PREFECT_API_URL must be the address of the server, such as http://prefect.example:4200/api (with a "
            "password also PREFECT_API_AUTH_STRING); on a single machine without a server use iccs serve"
        )
    settings = load_settings(options.data)
    planned = plan(read_calendar(options.cron, options.time_zone), settings)
    from pipelines.deployments import add_automations, deploy

    project = find_project()
    environment = {"ICCS_DATA": str(settings.data), "ICCS_RUNNER": settings.runner}
    if settings.site is not None:
        environment["ICCS_SITE"] = str(settings.site)
    if project is not None:
        environment[VARIABLE] = str(project.root)
    names = deploy(planned, options.pool, environment, project.root if project else settings.data.parent)
    notices = add_automations(names, options.notify, settings.notify_silent_days) if options.notify else []
    if options.json:
        print_json({"deployments": [f"iccs/{name}" for name in names], "notices": notices})
        return EXIT_DONE
    for name in names:
        print_line(f"deployed iccs/{name}")
    for name in notices:
        print_line(f"notices by {options.notify}: {name.removeprefix('iccs: ')}")
    print_line(f"a worker executes the runs: prefect worker start --pool {options.pool}")
    return EXIT_DONE


@contextmanager
def _server(places: Places, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Prefect's server in its own process, which ends with the block; its output is appended to the log.

    It also ends if this process is killed: it would keep the port and start no run.
    """
    program = Path(__file__).parents[3]
    start = (
        f"import runpy, sys; sys.path.append({str(program)!r}); "
        "from pipelines.system.running.children import end_with_parent; "
        f"end_with_parent({os.getpid()}); runpy.run_module('prefect', run_name='__main__', alter_sys=True)"
    )
    options = ["server", "start", "--host", places.host, "--port", str(places.port)]
    with open(log, "ab", opener=_open_private) as output:
        server = subprocess.Popen(
            [sys.executable, "-P", "-c", start, *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            umask=0o077,
        )
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait(timeout=_SERVER_END_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()  # otherwise the port stays taken
                server.wait()


def _open_private(path: str, flags: int) -> int:
    """Open a file; a new one can be read by its owner only."""
    return os.open(path, flags, 0o600)


def _wait_for_plan(next_run: Callable[[], datetime | None]) -> datetime | None:
    """Return when the first planned run is due, None if the server planned none in time."""
    deadline = time.monotonic() + _PLANNING_SECONDS
    while (due := next_run()) is None and time.monotonic() < deadline:
        time.sleep(1)
    return due


def _no_plan(log: Path, start: int) -> str:
    """Return the message that nothing would ever run, with the last error in the log after byte ``start``."""
    with log.open("rb") as handle:
        handle.seek(start)
        errors = _ERROR_LINE.findall(handle.read())
    last = errors[-1].decode("utf-8", errors="replace").strip() if errors else "none"
    return (
        f"the Prefect server scheduled no run within {_PLANNING_SECONDS} s, so nothing would run on this schedule\n"
        f"  last error in its log: {last}\n"
        f"  log: {log}\n"
        "  to do: install the versions of constraints.txt (Prefect 3.8 needs sqlalchemy below 2.1); iccs run works "
        "without the server\n"
    )


def wait_for_page(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers, as long as it is alive; say so if it takes long."""
    from urllib.request import urlopen  # with the HTTP modules, a quarter of the time that iccs --help takes

    start, is_said = time.monotonic(), False
    while (waited := time.monotonic() - start) < _SERVER_START_SECONDS:
        if server.poll() is not None:
            raise UsageError(f"the Prefect server did not start; see {log}")
        if waited > SAY_WAITING_SECONDS and not is_said:
            is_said = True
            print_line(f"the Prefect server is slow to start; still waiting; see {log}")
        try:
            with urlopen(url, timeout=10):  # noqa: S310 (our own server on this machine)
                return
        except OSError:
            time.sleep(0.5)
    raise UsageError(f"the Prefect server did not answer within {_SERVER_START_SECONDS} s; see {log}")
