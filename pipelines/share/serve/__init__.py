"""SDMX over HTTP: a package that left, answered to requests of the REST interface."""
