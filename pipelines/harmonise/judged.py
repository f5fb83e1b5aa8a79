"""What either grain hands over to the account of a source: its rows, judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from iccs.concordance import Concordance
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place
from pipelines.harmonise.statements import Statements


@dataclass(frozen=True)
class Counted:
    """The sum of the rows of a file: of all (None if none has a number), and of those that exclusions leave out."""

    total: float | None
    excluded: float = 0


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
    def counted(self) -> Mapping[Place, Mapping[str | None, Counted]]:
        """The sum of the rows of each file and sheet, by the raw column of their counts; None if it is not known."""

    @property
    def sums(self) -> Mapping[int, tuple[float | None, int]]:
        """The sum that each published total covers, by the number of its control."""

    def relation(self, name: str) -> str:
        """Return the SQL of a part: tally, disposed, mapped or rejected."""
