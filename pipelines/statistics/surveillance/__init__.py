"""Unusual figures: months above their past, areas outside a funnel; and how counts grow from edition to edition."""
