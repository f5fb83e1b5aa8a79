-- Put before a rule that applies by year, where years are reused: the tables that it reads, without those years.
-- Grain: that of each table.
-- part of: tabulate/judge
-- reads: cells, period_to_make, core, annual
cells AS (FROM temp.cells SEMI JOIN period_to_make USING (time_period)),
core AS (FROM temp.core SEMI JOIN period_to_make USING (time_period)),
annual AS (FROM temp.annual SEMI JOIN period_to_make USING (time_period)),
series AS (FROM annual WHERE sex = '_T' AND age = '_T'),
