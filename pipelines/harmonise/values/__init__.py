"""How a text of a file becomes a number, a period, an age or one of our codes."""
