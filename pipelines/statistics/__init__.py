"""Statistical methods as plain functions of numbers: rates, trends, joinpoints, seasons, evaluation; no files."""
