"""SDMX over HTTP: shared packages, served through the REST interface."""
