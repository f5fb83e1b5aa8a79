"""Repair: find stored files that are missing or damaged, report what can be done, and do it on request.

Everything a run stored has a checksum: raw copies are named by it, the manifest of a vintage has those of its parts,
documents contain their own, and other files have it beside them. Damaged files are rebuilt from intact ones: a vintage
and its rejected cells from the received files, a pointer from its copy, a tally from its files, the published file from
the vintages. What cannot be rebuilt is reported with a way to recover. Nothing is changed unless requested.
"""
