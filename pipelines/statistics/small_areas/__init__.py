"""Rates of small areas, smoothed with those of their neighbours."""
