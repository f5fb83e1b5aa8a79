"""From a file to raw: files are found, recognised, opened, and read as text with the row it comes from."""
