"""The source of a survey, seen as the source of the table of estimates that is made from its records."""

from __future__ import annotations

from functools import cached_property

from schemas.declarations import breakdown_columns
from schemas.definition.layouts import Layout, ReadOptions
from schemas.definition.publication import Breakdown
from schemas.definition.survey import Survey
from schemas.source import Source, SourceFolder

ALL = "(all)"
"""The word for all groups of a dimension in the table of estimates."""
WITHHELD = "(withheld)"
"""The word for an estimate from too few records."""
CONFIDENCE_PERCENT = 95.0
_BESIDE = ("value", "standard_error", "ci_low", "ci_high", "sample_size")


class EstimatesFolder(SourceFolder):
    """The source of a survey, seen as the source of the table of estimates made from it.

    Args:
        folder: the source as declared, of records.
    """

    def __init__(self, folder: SourceFolder) -> None:
        super().__init__(folder.folder, folder.concordance, with_drafts=folder.with_drafts, origin=folder.origin)
        self.declared = folder

    @cached_property
    def source(self) -> Source:
        """The declaration of the estimates, whose columns have our names."""
        declared = self.declared.source
        own = {name: name for name in (*group_columns(declared), "measure", "national_code", *_BESIDE)}
        own |= {"time_period": "time_period"}
        constants = {name: code for name, code in declared.constants.items() if name not in own}
        level = {"confidence_percent": CONFIDENCE_PERCENT}
        measures = {
            name: measure if measure.confidence_percent else measure.model_copy(update=level)
            for name, measure in declared.measures.items()
        }
        table = Layout(files=("*",), read=ReadOptions(columns=tuple(own)))
        return declared.model_copy(
            update={
                "layouts": (table,),
                "columns": own,
                "constants": constants,
                "measures": measures,
                "exclusions": (),
                "breakdowns": (Breakdown(),),
                "decimal": ".",
            }
        )

    @cached_property
    def words(self) -> list[tuple[str, str, str]]:
        """The words of the source, and those for all groups of a dimension and for withheld estimates."""
        declared = self.declared.source
        whole = declared.survey.whole if declared.survey else None
        totals = {name: declared.totals.get(name, "_T") for name in group_columns(declared)} | {"ref_area": whole or ""}
        own = [(name, ALL, totals[name]) for name in group_columns(declared)]
        return [*self.declared.words, *own, ("value", WITHHELD, "Q")]

    def reshape_name(self, layout: Layout) -> str | None:
        """None, as the estimates are tidy already."""
        return None


def survey_of(folder: SourceFolder) -> Survey:
    """Return the declared design of a survey; a source without one takes none of these steps."""
    if folder.source.survey is None:
        raise ValueError(f"source {folder.source_id} is not a survey")
    return folder.source.survey


def group_columns(source: Source) -> list[str]:
    """The columns that sampled units are grouped by, the area first."""
    return [name for name in ("ref_area", *breakdown_columns()) if name in source.columns]
