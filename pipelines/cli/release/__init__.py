"""Commands on what was published: asking, showing, keeping and giving it away."""
