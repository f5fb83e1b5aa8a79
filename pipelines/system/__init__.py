"""What every step builds on: settings, connections, SQL templates, locks, workers; knows nothing of crime."""
