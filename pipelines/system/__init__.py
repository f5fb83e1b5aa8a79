"""What every step builds on: settings, connections, SQL templates, locks, workers; nothing specific to crime."""
