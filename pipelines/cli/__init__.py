"""The command ``iccs``, one module per command: they read arguments and print, and compute nothing."""
