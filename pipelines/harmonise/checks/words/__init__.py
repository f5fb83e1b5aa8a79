"""Words beside the figures, in unused columns, column names and labels, compared with what the source declares."""
