"""The coding assistant: ICCS categories for the labels of a national list, and a draft concordance of them."""

from iccs.suggest.candidates import Candidate, LabelToCode, Suggestion, suggest
from iccs.suggest.draft import draft_concordance, write_concordance

__all__ = ["Candidate", "LabelToCode", "Suggestion", "draft_concordance", "suggest", "write_concordance"]
