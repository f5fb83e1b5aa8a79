"""Tests and limits by resampling, for designs in which the textbook errors are known to be too small."""
