"""people -> an office's project: writes a new project, and the first definition of a source from one of its files."""
