"""Fixtures that every kind of test shares."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from pipelines.run import Session, run_all
from pipelines.system.settings import Settings
from schemas.source import find_sources

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file published from the bundled data, built once."""
    settings = Settings(data=tmp_path_factory.mktemp("bundled"))
    result = run_all(find_sources([]), Session(settings, ROOT / "data" / "input"), named=False)
    assert result.refused == ()
    return settings.published


@pytest.fixture(autouse=True)
def _no_suite_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of tiny sources do without the suite of Great Expectations, whose library takes six seconds to import.

    The run behind ``published`` has it, and so has every test marked ``suite``.
    """
    if request.node.get_closest_marker("suite") is None:
        monkeypatch.setattr("pipelines.run.SuiteProcess", nullcontext)
