"""From out to other offices: what of a release may leave, and which of its cells must be hidden first.

A hidden cell that can be computed from those that are shown is not hidden. The margins of a release are therefore taken
as one system of sums (``margins``), cells are hidden over all of it (``suppression``), and another way of computing
(``audit``) must find that no hidden cell is determined before anything may leave.
"""
