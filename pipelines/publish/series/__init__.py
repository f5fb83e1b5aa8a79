"""Computations along the years of a series: breaks, trends, changes, segments."""
