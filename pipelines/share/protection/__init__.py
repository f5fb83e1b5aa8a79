"""Which cells are hidden or how counts are rounded so that no small count can be computed, and the audit of it."""
