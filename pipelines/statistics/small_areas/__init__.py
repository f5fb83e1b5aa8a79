"""Rates of small areas that lean on those of their neighbours."""
