"""A release in SDMX: its structures and its data, as files for other offices' software."""
