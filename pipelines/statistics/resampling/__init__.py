"""Tests and limits by drawing the data again: for designs where the textbook errors are known to be too small."""
