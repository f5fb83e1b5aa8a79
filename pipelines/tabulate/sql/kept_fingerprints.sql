-- Grain: one row for each frequency and period of a year that is as in the vintage before.
UNION ALL BY NAME
SELECT freq, time_period, cells, figures FROM read_parquet({{periods}}) WHERE left(time_period, 4) IN (FROM kept_year)
