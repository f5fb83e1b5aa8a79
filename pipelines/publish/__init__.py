"""From cells to out: rates, trends, indicators, the DuckDB file and its releases."""
