"""Unit tests share one in-memory engine: opening one takes as long as all steps of a tiny source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.system import connection as database


@pytest.fixture(scope="session", autouse=True)
def one_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    engine = database._open_in_memory("400MB", 1, tmp_path_factory.mktemp("spill"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_open_in_memory", lambda *_: engine)
        yield
