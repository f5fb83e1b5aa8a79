"""Words around a table, compared with its declaration: years and parts of years, scales, units, rates, roles."""
