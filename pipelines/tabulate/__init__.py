"""From core to cells: totals are computed once, checked by rules, and stored as a vintage."""
