"""Commands of an office: its project, its schedule, how its sources and stored files are doing."""
