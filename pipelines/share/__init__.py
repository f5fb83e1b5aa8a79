"""From out to other offices: which parts of a release may be shared, and which of its cells must be hidden first.

A hidden cell that can be computed from the cells shown is not protected. The margins of a release are therefore treated
as one system of sums (``margins``), cells are hidden across all of it (``suppression``), and an independent computation
(``audit``) must confirm that no hidden cell is determined before anything may leave.
"""
