"""From a file to raw: files are found, recognised, opened, and read as text that keeps its place."""
