"""Errors for a request or a definition that cannot be carried out, and the nearest valid values."""

from __future__ import annotations

from iccs.nearest import nearest_values

__all__ = ["UsageError", "nearest_values"]


class UsageError(Exception):
    """The command cannot be carried out as given."""
