"""From raw to core: the source's labels become our codes and ICCS categories; every row is accounted for."""
