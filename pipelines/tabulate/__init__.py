"""From core to cells: totals are computed once, checked by rules, and kept as a vintage."""
