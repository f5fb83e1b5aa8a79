"""The command ``iccs``, one module for each command: reads arguments, prints, computes nothing."""
