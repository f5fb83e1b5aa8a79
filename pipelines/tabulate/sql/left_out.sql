-- Grain: one row for each measure and named reason by which this load leaves out many more rows than the previous vintage,
-- while it uses fewer: both differences are at least a given share of what the previous vintage used.
WITH used AS (
    SELECT measure, sum(cells_used)::DOUBLE AS cells FROM read_parquet({{reconciliation}}) GROUP BY measure
),
used_before AS (
    SELECT measure, sum(cells_used)::DOUBLE AS cells
    FROM read_parquet({{reconciliation_before}})
    GROUP BY measure
    HAVING sum(cells_used) > 0
),
taken AS (
    SELECT measure, rule, sum(cells)::BIGINT AS cells FROM read_parquet({{exclusions}}) GROUP BY ALL
),
taken_before AS (
    SELECT measure, rule, sum(cells)::BIGINT AS cells FROM read_parquet({{exclusions_before}}) GROUP BY ALL
)
SELECT measure, taken.rule, coalesce(taken_before.cells, 0) AS before, taken.cells AS now,
    used_before.cells::BIGINT AS used_before, coalesce(used.cells, 0)::BIGINT AS used
FROM taken
JOIN used_before USING (measure)
LEFT JOIN taken_before USING (measure, rule)
LEFT JOIN used USING (measure)
WHERE taken.cells - coalesce(taken_before.cells, 0) >= {{least_share}} * used_before.cells
    AND used_before.cells - coalesce(used.cells, 0) >= {{least_share}} * used_before.cells
ORDER BY measure, rule
