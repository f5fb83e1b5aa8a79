"""The definition of a source as of its last good load, so that a release describes figures as they were made.

A definition may be edited while its figures stay as they are: the source has not been run since, its new file was
refused, or the edit is not valid. Stage, counting unit, breaks and kind in the edited definition may then be wrong for
these figures. The text of source.yml is therefore kept with each vintage, and only the description of the publication
(title, publisher, address, licence, citation) is always the current one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from pipelines.tabulate.vintages.vintage import Vintage
from schemas.errors import UsageError
from schemas.source import Source, SourceFolder, parse_source

_DESCRIBES = ("title", "publisher", "url", "licence", "citation")
"""Keys that say where a publication is found and how it may be used; no figure depends on them."""


class LoadedFolder(SourceFolder):
    """A source whose declaration is that of its current vintage.

    Args:
        folder: the source as it is declared now.
        vintage: its current one.
    """

    def __init__(self, folder: SourceFolder, vintage: Vintage) -> None:
        super().__init__(folder.folder, folder.concordance, with_drafts=folder.with_drafts, origin=folder.origin)
        self.now = folder
        self.vintage = vintage

    @cached_property
    def source(self) -> Source:
        """The declaration with which the vintage was made, described as now.

        Raises:
            UsageError: it is not kept or this version cannot read it, and the current one is not valid.
        """
        if self.kept is None:
            return self.now.source
        try:
            now = self.now.source
        except UsageError:
            return self.kept
        return self.kept.model_copy(update={name: getattr(now, name) for name in _DESCRIBES})

    @cached_property
    def kept(self) -> Source | None:
        """The declaration kept with the vintage, if it differs from the current one and this version can read it."""
        text = None if self.is_current else self.vintage.manifest.get("declaration")
        if text is None:
            return None
        try:
            return parse_source(self.source_id, text)
        except UsageError:
            return None

    @property
    def shown_key(self) -> str:
        """What a release takes from the declaration, as text; an edit that is not loaded yet does not change it."""
        described = [str(getattr(self.source, name)) for name in _DESCRIBES]
        declared = self.now.fingerprint if self.kept is None else self.vintage.loads[-1].declaration_key
        return repr((declared, described))

    @property
    def is_current(self) -> bool:
        """Whether the definition has not been edited since the load."""
        return self.vintage.loads[-1].declaration_key in ("", self.now.fingerprint)


def as_loaded(vintages: Sequence[Vintage], folders: Mapping[str, SourceFolder]) -> dict[str, SourceFolder]:
    """Return the sources, those of the vintages as they were declared when loaded."""
    return {**folders, **{one.source_id: LoadedFolder(folders[one.source_id], one) for one in vintages}}


def edited_since(vintages: Sequence[Vintage], folders: Mapping[str, SourceFolder]) -> tuple[str, ...]:
    """Return the sources whose definition was edited after their figures were loaded."""
    return tuple(one.source_id for one in vintages if not LoadedFolder(folders[one.source_id], one).is_current)
