"""Segmented lines: the model and its fit, how many joinpoints, limits by resampling, two series side by side."""
