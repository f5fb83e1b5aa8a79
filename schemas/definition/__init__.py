"""Parts of a source definition, one module for each group of keys, and the messages on faults in it."""
