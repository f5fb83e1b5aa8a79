-- Grain: that of judged_by_period, of years that are as in the vintage before.
INSERT INTO judged_before BY NAME
FROM read_parquet({{judged}}) WHERE left(period, 4) IN (FROM kept_year)
