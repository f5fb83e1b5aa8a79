"""The release of the bundled files, as settings that name it; text in pictures stays text."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.system.settings import Settings

collect_ignore = ["make"]  # scripts that are run by hand


@pytest.fixture(scope="module")
def settings(published: Path) -> Settings:
    return Settings(data=published.parents[1])


@pytest.fixture
def letters_as_text() -> None:
    """Let pictures contain their words, so that tests can search them."""
    import matplotlib as mpl

    mpl.rcParams["svg.fonttype"] = "none"
