"""How the steps of a run are taken, in which processes, and what is told and logged of them."""
