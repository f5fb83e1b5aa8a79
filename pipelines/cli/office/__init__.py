"""Commands for running an office: its project, its schedule, and the state of its sources and stored files."""
