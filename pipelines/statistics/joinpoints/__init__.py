"""Segmented lines: the model and its fit, the number of joinpoints, resampling limits, comparison of two series."""
