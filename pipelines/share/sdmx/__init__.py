"""A release in SDMX: its structures and its data, in the files that other offices' programs read."""
