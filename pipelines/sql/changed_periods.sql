-- Grain: one row for each frequency and period whose cells or caveats differ between two vintages, or is in one only.
CREATE OR REPLACE TEMP TABLE changed_period AS
SELECT DISTINCT freq, time_period
FROM (
    (SELECT freq, time_period, cells, fingerprint FROM read_parquet({{old}})
        EXCEPT SELECT freq, time_period, cells, fingerprint FROM read_parquet({{new}}))
    UNION ALL
    (SELECT freq, time_period, cells, fingerprint FROM read_parquet({{new}})
        EXCEPT SELECT freq, time_period, cells, fingerprint FROM read_parquet({{old}}))
)
