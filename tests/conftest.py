"""Fixtures that every kind of test shares."""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from extracts import publish_extracts
from filelock import FileLock
from tiny_source import Tiny

from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.connection import one_engine
from pipelines.system.running import clean_copy
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.source import find_sources

TESTS = Path(__file__).parent
ROOT = TESTS.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite in the background of a shell ignores Ctrl-C, and so would every process to which a test sends it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


SLOW_FOLDERS = (
    "cases",
    "compatibility",
    "crash",
    "extracts",
    "flows",
    "golden",
    "harmonise/incidents",
    "notebooks",
    "package",
    "run",
)
SLOW_MODULES = (
    "cli/test_check.py",
    "cli/test_concordances.py",
    "cli/test_estimates.py",
    "cli/test_evidence.py",
    "cli/test_latest_and_funnel.py",
    "collect/test_all_is_read.py",
    "collect/headings/test_captions.py",
    "collect/test_definition_sql.py",
    "collect/test_failed_sql.py",
    "collect/test_fetch.py",
    "collect/test_fills.py",
    "collect/test_packed_files.py",
    "collect/headings/test_rates_in_words.py",
    "collect/test_read_parquet.py",
    "collect/test_what_a_sheet_shows.py",
    "contract/test_add_a_source.py",
    "contract/test_readme.py",
    "contract/test_statements.py",
    "faults/test_faults.py",
    "fuzz/test_fuzz.py",
    "harmonise/test_ages_piled.py",
    "harmonise/test_control_totals.py",
    "harmonise/test_exchanged_days.py",
    "harmonise/test_headings_of_incidents.py",
    "harmonise/test_periods.py",
    "harmonise/test_properties.py",
    "harmonise/test_repeats.py",
    "harmonise/survey/test_replicates.py",
    "harmonise/test_rows_of_other_kinds.py",
    "harmonise/survey/test_records.py",
    "iccs/test_benchmark.py",
    "iccs/test_language.py",
    "iccs/test_mapping.py",
    "iccs/test_suggest.py",
    "project/test_new_project.py",
    "publish/test_across_sources.py",
    "publish/test_allocated_rates.py",
    "publish/test_caveats.py",
    "publish/test_declared_indicators.py",
    "publish/test_edited_definitions.py",
    "publish/test_headline.py",
    "publish/test_interpolated_population.py",
    "publish/test_latest_months.py",
    "publish/test_latest_rate.py",
    "publish/test_population_caveats.py",
    "publish/test_populations_of_parts.py",
    "publish/test_smoothed_rate.py",
    "publish/test_stocks.py",
    "publish/test_usual_limits.py",
    "reader/test_answers.py",
    "reader/test_areas.py",
    "reader/test_reading.py",
    "reader/test_selection.py",
    "reader/test_site_server.py",
    "schemas/test_source_rules.py",
    "schemas/test_source_slips.py",
    "share/test_editions.py",
    "share/test_rounding.py",
    "share/test_share_check.py",
    "system/test_code_version.py",
    "tabulate/test_aggregate.py",
    "tabulate/test_allocation.py",
    "tabulate/test_estimates.py",
    "tabulate/test_figure_rules.py",
    "tabulate/test_fingerprint.py",
    "tabulate/test_gates.py",
    "tabulate/test_lost_parts.py",
    "tabulate/test_lost_rows.py",
    "tabulate/test_places.py",
    "tabulate/test_rules_by_year.py",
    "tabulate/test_structure_rules.py",
)
SLOW_FIXTURES = {"published", "extracts"}
LONG_FIXTURES = {"extracts": "publishes the extracts of all real files"}
VARIED_FOLDERS = ("parity",)
"""Folders that ``make check`` runs, of which each case loads a source: it runs the first two cases of each test."""

FIRST_CASES = 1
"""So many cases of a test that loads sources run in ``make test``; ``make test-long`` runs all others."""

_FIRST_QUICK_CASES = 2

EACH_CASE_IS_A_LAW = (
    "contract/test_statements.py",
    "faults/test_faults.py",
    "tabulate/test_figure_rules.py",
)
"""Tests with a case for each rule, statement or fault: ``make test`` runs all of them."""

LONG_MODULES = {
    "cli/test_current_folder.py": "imports the library of the suite in a process of its own, for each way to be called",
    "collect/test_hostile_names.py": "gives one name of a file, sheet or column after the other",
    "collect/test_hostile_workbooks.py": "reads one broken workbook after the other",
    "compatibility/test_versions.py": "runs and publishes the data folder of every earlier version",
    "crash/test_killed_run.py": "kills a run at one moment after the other",
    "extracts/test_bridges.py": "publishes a release for each way to bridge a break",
    "flows/test_deploy.py": "starts a Prefect server and waits for the notices that it sends",
    "flows/test_flow.py": "starts a Prefect server for each flow",
    "flows/test_serve.py": "waits for what a schedule starts, minute by minute",
    "golden/test_commands_in_languages.py": "asks the bundled release with each command in three languages",
    "golden/test_maps.py": "draws one map after the other",
    "golden/test_series_commands.py": "asks the bundled release one question after the other, with pictures",
    "harmonise/incidents/test_bad_input.py": "reads one bad row after the other",
    "harmonise/incidents/test_fan_out.py": "runs partitions on each runner",
    "harmonise/incidents/test_hostile_files.py": "reads one broken file after the other",
    "harmonise/incidents/test_hostile_names.py": "gives one name of a file, folder or column after the other",
    "harmonise/incidents/test_kept_years.py": "runs whole histories of files twice",
    "harmonise/incidents/test_point_areas.py": "looks for points border by border, in fractions",
    "harmonise/incidents/test_small_files.py": "tallies many small files and few large ones in turn",
    "harmonise/incidents/test_stopped_runs.py": "stops a run at one moment after the other, and fills a disk",
    "harmonise/test_quarantine.py": "loads, refuses and tries again",
    "notebooks/test_notebooks.py": "runs each notebook from its first cell to its last, in a process of its own",
    "package/test_wheel.py": "builds the wheel and installs it into fresh environments",
    "project/test_new_source.py": "defines, checks and loads a source from one file after the other",
    "publish/test_edited_definitions.py": "publishes one release after the other, of one definition after the other",
    "publish/test_interpolated_population.py": "publishes one release after the other",
    "publish/test_measures.py": "publishes for a minute while readers read, and is killed on the way",
    "publish/test_release_changes.py": "publishes one release after the other",
    "publish/test_releases.py": "publishes one release after the other",
    "reader/test_query_page.py": "asks every question of the page in a browser",
    "reader/test_site.py": "builds the whole site, and follows every link",
    "run/test_after_a_bad_end.py": "ends a run badly at each of its steps, and runs again",
    "run/test_backup.py": "copies a data folder at one moment of a run after the other, and runs from each copy",
    "run/test_connections.py": "traces every process of whole runs",
    "run/test_deletion.py": "puts files of others at each place where a run deletes",
    "run/test_inbox.py": "loads one edition after the other",
    "run/test_internal_errors.py": "fails at each step of a run",
    "run/test_limits_reached.py": "runs out of memory at one statement after the other",
    "run/test_notices.py": "sends notices of one run after the other",
    "run/test_drafts.py": "publishes with drafts and without, one release after the other",
    "run/test_paths.py": "takes the same figures along one path after the other",
    "run/test_persons.py": "kills runs, and reads everything that they leave",
    "run/test_repair.py": "damages one stored part after the other, and mends it",
    "run/test_simulated_week.py": "runs what is planned for a week",
    "share/test_attacks.py": "attacks one table after the other",
    "share/test_offices.py": "shares between three offices, from the files to the answers of each",
    "share/test_package.py": "makes one package after the other",
    "share/test_sdmx.py": "writes every format, and reads it with two clients",
    "share/test_serve.py": "asks a server all that the standard allows, with two clients",
    "system/test_scratch.py": "kills commands, and looks at what they leave",
    "system/test_signals.py": "sends one signal after the other to commands at work",
    "tabulate/test_damaged_vintages.py": "damages one part of a vintage after the other, and runs again",
    "tabulate/test_exchanged_populations.py": "exchanges men and women in a whole file, in one area after the other",
    "tabulate/test_losses.py": "loads one edition after the other",
    "tabulate/test_lost_in_both_grains.py": "loses words, areas and counts in turn, in a table and in incidents",
    "tabulate/test_past_changed.py": "loads one edition after the other",
    "tabulate/test_retention.py": "loads one edition after the other, and is killed while it deletes old ones",
    "tabulate/test_vintage_columns.py": "reads vintages of one older version after the other",
    "tabulate/test_vintages.py": "loads one edition after the other",
}
"""Tests that try one moment, part or edition after the other, or wait, kill and install, each with its reason.

``make test-long`` runs them and the further cases of every test that loads sources, and CI does so after ``make test``:
every law has its tests in ``make test``, and these ask whether it holds wherever it might not."""


def _is_long(path: Path) -> bool:
    """Whether all tests of a file are long."""
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix() in LONG_MODULES


def _is_not_long(path: Path) -> bool:
    """Whether no test of a file is long."""
    return path.is_file() and not _is_long(path)


def _is_slow(path: Path) -> bool:
    """Whether all tests of a file are slow; those that are long are too."""
    if _is_long(path) or not path.is_relative_to(TESTS):
        return _is_long(path)
    name = path.relative_to(TESTS).as_posix()
    return name.startswith(tuple(f"{folder}/" for folder in SLOW_FOLDERS)) or name in SLOW_MODULES


def _is_varied(path: Path) -> bool:
    """Whether the further cases of the tests of a file that load sources are long."""
    if not path.is_relative_to(TESTS):
        return False
    name = path.relative_to(TESTS).as_posix()
    return name not in EACH_CASE_IS_A_LAW and (_is_slow(path) or name.startswith(VARIED_FOLDERS))


def _has_none_long(path: Path) -> bool:
    """Whether no test of a file is long."""
    return path.is_file() and not (_is_long(path) or _is_varied(path))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files unread that no test is run of: importing all takes a third of the time of ``make check``."""
    left_out = {"not slow": _is_slow, "not long": _is_long, "long": _has_none_long}.get(config.option.markexpr)
    return True if left_out is not None and left_out(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what loads whole sources, publishes, or starts other processes; as long what is named so, and all
    but the first cases of a test that loads sources (it needs a folder for them).
    """
    cases: Counter[str] = Counter()
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        is_long = _is_long(item.path) or not fixtures.isdisjoint(LONG_FIXTURES)
        if hasattr(item, "callspec") and "tmp_path_factory" in fixtures and _is_varied(item.path):
            test = item.nodeid.partition("[")[0]
            cases[test] += 1
            is_long |= cases[test] > (FIRST_CASES if _is_slow(item.path) else _FIRST_QUICK_CASES)
        if is_long:
            item.add_marker(pytest.mark.long)
        if is_long or _is_slow(item.path) or fixtures & SLOW_FIXTURES:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file published from the bundled data: built once, by the first test process that asks for it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    settings = Settings(data=shared / "bundled")
    with FileLock(shared / "bundled.lock"):
        if not settings.published.is_file():
            result = run_all(find_sources([]), Session(settings, ROOT / "data" / "input"), named=False)
            assert result.refused == ()
    return settings.published


@pytest.fixture(scope="module")
def out(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, opened once a module."""
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The release of all extracts of real files: built once, as the one above."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    settings = Settings(data=shared / "extracts")
    with FileLock(shared / "extracts.lock"):
        if not settings.published.is_file():
            publish_extracts(settings)
    return settings


@pytest.fixture(autouse=True)
def _no_suite_process(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs of tiny sources do without the suite of Great Expectations, whose library takes six seconds to import.

    The run behind ``published`` has it, and so has every test marked ``suite``.
    """
    with nullcontext() if request.node.get_closest_marker("suite") else without_suite():
        yield


@pytest.fixture(autouse=True)
def _no_records_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does, which has read no records of persons: those read by another test would have
    every release after it copied by a process of its own.
    """
    monkeypatch.setattr(clean_copy, "RECORDS_READ", set())


@pytest.fixture(scope="module", name="one_engine")
def _one_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests of tiny sources share an in-memory engine: opening one takes as long as all steps of a tiny source."""
    with one_engine(Settings(data=tmp_path_factory.mktemp("engine"), threads=1)):
        yield


@pytest.fixture
def tiny(tmp_path: Path, one_engine: None) -> Tiny:
    return Tiny(tmp_path)


@pytest.fixture(scope="module")
def new_tiny(tmp_path_factory: pytest.TempPathFactory, one_engine: None) -> Callable[[], Tiny]:
    """Make one tiny source after another, each in a folder of its own: for tests that run many examples."""
    root = tmp_path_factory.mktemp("tiny")
    numbers = itertools.count()
    return lambda: Tiny(root / str(next(numbers)))
