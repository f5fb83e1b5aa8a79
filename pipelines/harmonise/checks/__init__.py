"""Checks on all rows of a source together: double counting, and what its periods really are."""
