"""Pictures for the command line and for notebooks, legible in black and white, with their source and release."""
