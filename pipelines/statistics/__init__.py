"""Statistical methods as plain functions on numbers: rates, trends, joinpoints, seasons, evaluation; no files."""
