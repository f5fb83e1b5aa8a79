"""Commands that show series of the published file: trends, maps, comparisons, evaluations."""
