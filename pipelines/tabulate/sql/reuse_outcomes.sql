-- Grain: that of judged_by_period, of years that are unchanged since the previous vintage.
-- reads: unchanged_year
-- writes: judged_before
INSERT INTO judged_before BY NAME
FROM read_parquet({{judged}}) WHERE left(period, 4) IN (FROM unchanged_year)
