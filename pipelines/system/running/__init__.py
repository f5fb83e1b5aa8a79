"""How the steps of a run are executed, in which processes, and how they are reported and logged."""
