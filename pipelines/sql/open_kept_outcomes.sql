-- Grain: one row for each failing thing of each rule that looks at one year at a time, and one for those that passed in a
-- period, of years that are as in the vintage before.
CREATE TEMP VIEW judged_before AS
FROM read_parquet({{judged}}) WHERE left(period, 4) IN (FROM kept_year)
