"""Commands for what was published: to query, show, keep and share it."""
