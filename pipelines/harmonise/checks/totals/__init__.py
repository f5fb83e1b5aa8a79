"""Totals among their parts: rows, columns and codes that would be counted a second time."""
