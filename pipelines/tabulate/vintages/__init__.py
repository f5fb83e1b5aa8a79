"""Cells -> data/core: the figures of a source are kept as a vintage, and the last good one stays.

A **vintage** is one version of a source's figures: an immutable folder of Parquet files with a manifest, named by its
day and a fingerprint of its cells. A **load** is the ingestion of files that made a vintage current; the loads of a
source, oldest first, are its history, stored in the pointer file next to the vintages. If figures recur, they are the
same vintage, in another load.
"""
