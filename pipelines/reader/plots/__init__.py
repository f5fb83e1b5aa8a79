"""Pictures for the command line and for notebooks, legible in black and white, with source and release in the foot."""
