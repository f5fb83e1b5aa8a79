"""Series of a release: counts, rates and estimates by year or month, their course, and effects of policies."""
