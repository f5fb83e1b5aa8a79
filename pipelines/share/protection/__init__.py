"""Hiding cells or rounding counts so that no small count can be computed, and the audit of the result."""
