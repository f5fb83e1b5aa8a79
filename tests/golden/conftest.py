"""The release of the bundled files, opened once a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

collect_ignore = ["make"]  # scripts that are run by hand


@pytest.fixture(scope="module")
def out(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection
