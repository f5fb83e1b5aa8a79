"""Checks on all rows of a source together: what is counted twice, and what its periods really are."""
