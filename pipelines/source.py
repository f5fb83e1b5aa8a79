"""The name that version 0.1 had for the definition of a source, kept so that existing imports work.

A source is a folder with source.yml, values.csv, concordance.csv and SQL; see ``schemas.source``.
"""

from schemas.source import Source, SourceFolder, find_sources, list_sources

__all__ = ["Source", "SourceFolder", "find_sources", "list_sources"]
