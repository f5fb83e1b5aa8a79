-- Grain: one row for each month of an area and category as given, against the other months (median and median absolute
-- deviation of the logarithms).
-- needs: months
-- reads: given
WITH monthly AS (
    SELECT *, median(ln(value + 1)) OVER series AS centre,
        greatest(1.4826 * mad(ln(value + 1)) OVER series, 0.1) AS deviation, count(*) OVER series AS months
    FROM given
    WHERE freq = 'M' AND value IS NOT NULL
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area)
)
SELECT stage, counting_unit, iccs, ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    value AS found, exp(centre) - 1 AS expected,
    value >= {{least_count}} AND ln(value + 1) - centre > greatest(ln({{most_ratio}}), {{deviations}} * deviation) AS failing,
    time_period || ': ' || CAST(value AS BIGINT) || ', usually ' || CAST(exp(centre) - 1 AS BIGINT) AS detail
FROM monthly
WHERE months >= 12
