"""From core to cells: totals are made once, judged by rules, and kept as a vintage."""
