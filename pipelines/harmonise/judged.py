"""What either grain hands over to the account of a source: its rows, judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from iccs.concordance import Concordance
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place
from pipelines.harmonise.statements import Statements


class Judged(Protocol):
    """The judged rows of a source in either grain: cells of tables (``Conformed``) or tallies of incidents."""

    @property
    def source_id(self) -> str:
        """The source."""

    @property
    def raw(self) -> RawTable:
        """What was received: files, rows, feet; for cells the tables of text too."""

    @property
    def concordance(self) -> Concordance | None:
        """The links; None for a population."""

    @property
    def statements(self) -> Statements:
        """The statements that judged them."""

    @property
    def counted(self) -> Mapping[Place, float | None]:
        """The sum of the rows of each file and sheet."""

    @property
    def sums(self) -> Mapping[int, tuple[float | None, int]]:
        """The sum that each published total covers, by the number of its control."""

    def relation(self, name: str) -> str:
        """Return the SQL of a part: tally, disposed, mapped or rejected."""
