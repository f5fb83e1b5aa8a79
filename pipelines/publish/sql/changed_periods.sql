-- Grain: one row for each frequency and period whose cells or caveats differ between two vintages, or is in one only.
-- writes: changed_period
CREATE OR REPLACE TEMP TABLE changed_period AS
WITH old_period AS (  -- vintages of older versions have these columns only
    SELECT freq, time_period, cells, fingerprint FROM read_parquet({{old}})
),
new_period AS (
    SELECT freq, time_period, cells, fingerprint FROM read_parquet({{new}})
)
SELECT DISTINCT freq, time_period
FROM ((FROM old_period EXCEPT FROM new_period) UNION ALL (FROM new_period EXCEPT FROM old_period))
