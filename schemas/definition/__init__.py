"""Parts of a source definition: keys, layouts, measures, calendar, numbers as written, and messages on faults."""
