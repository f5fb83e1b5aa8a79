"""From raw to core: the source's words become our codes, categories are linked to the ICCS, every row is accounted for."""
