-- Grain of what is added: one row for each cell of a year that is unchanged since the previous vintage, as it was before
-- rules withheld or marked any.
-- reads: unchanged_year
-- writes: cells
INSERT INTO cells BY NAME
FROM read_parquet({{unmarked}}) WHERE left(time_period, 4) IN (FROM unchanged_year)
