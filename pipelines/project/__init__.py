"""Sets up an office's project: a new project folder, and first definitions of sources drafted from their files."""
