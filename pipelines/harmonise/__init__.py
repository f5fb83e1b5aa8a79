"""From raw to core: the source's labels become our codes and ICCS categories, and every row is accounted for."""
