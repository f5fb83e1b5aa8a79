"""How the steps of a run are taken, several sources at a time, and what is told and logged of them."""
