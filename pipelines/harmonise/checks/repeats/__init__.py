"""Double counting: rows, labels, identifiers and files that occur more than once."""
