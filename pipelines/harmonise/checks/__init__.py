"""Checks on all rows of a source together, which no single row can fail."""
