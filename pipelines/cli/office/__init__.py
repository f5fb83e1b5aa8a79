"""Commands of an office: its project, and how its sources are doing."""
