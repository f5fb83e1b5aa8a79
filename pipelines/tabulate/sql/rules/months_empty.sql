-- Grain: one row for each area and month or quarter from the first to the last the source gives (all categories together).
-- A month with hardly any where the area usually has many was not reported, or in part; with few as usual, it was.
-- reads: given
WITH totals AS (
    SELECT stage, counting_unit, ref_area, time_period, freq, sum(value) AS value
    FROM given
    WHERE freq <> 'A'
    GROUP BY ALL
),
usual AS (
    SELECT stage, counting_unit, ref_area, freq, median(value) AS value FROM totals WHERE value > 0 GROUP BY ALL
),
parts AS (
    SELECT 'M' AS freq, lpad(CAST(unnest(range(1, 13)) AS VARCHAR), 2, '0') AS part
    UNION ALL
    SELECT 'Q', 'Q' || unnest(range(1, 5))
),
grid AS (
    SELECT usual.*, year || '-' || part AS time_period, CAST(year AS VARCHAR) AS year
    FROM usual
    JOIN parts USING (freq)
    CROSS JOIN (SELECT DISTINCT year FROM given WHERE freq <> 'A')
    WHERE usual.value >= {{least_usual}}
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    coalesce(totals.value, 0) AS found, grid.value AS expected,
    coalesce(totals.value, 0) <= {{nearly_none}} * grid.value AS failing,
    grid.time_period || ': ' || coalesce(CAST(round(totals.value) AS BIGINT)::VARCHAR, 'nothing') || ', usually ' || round(grid.value)
        AS detail
FROM grid
LEFT JOIN totals USING (stage, counting_unit, ref_area, time_period)
