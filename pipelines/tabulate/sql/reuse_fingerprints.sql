-- Grain: one row for each frequency and period of a year that is unchanged since the previous vintage.
-- part of: tabulate/period_fingerprints
-- reads: unchanged_year
UNION ALL BY NAME
SELECT freq, time_period, cells, figures FROM read_parquet({{periods}}) WHERE left(time_period, 4) IN (FROM unchanged_year)
