-- Grain: one row for each month of an area and category as given. A jump up is judged against all other months (median and
-- median absolute deviation of the logarithms; 1.4826 times the latter is the standard deviation, if they are normal), a
-- jump down against the three months before and the three after it: whole years may be lower than others, but not a month
-- between two higher ones. A month with hardly any counts is found by months_empty.
-- needs: months
-- reads: given
WITH monthly AS (
    SELECT *, median(ln(value + 1)) OVER series AS centre, median(value) OVER ahead AS before, median(value) OVER behind AS after,
        greatest(1.4826 * mad(ln(value + 1)) OVER series, 0.1) AS deviation, count(*) OVER series AS months
    FROM given
    WHERE freq = 'M' AND value IS NOT NULL
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area),
        ahead AS (series ORDER BY time_period ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING),
        behind AS (series ORDER BY time_period ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING)
),
judged AS (
    SELECT *, least(before, after) AS around,
        value >= {{least_count}} AND ln(value + 1) - centre > greatest(ln({{most_ratio}}), {{deviations}} * deviation) AS is_up,
        coalesce(around >= {{least_count}} AND value * {{most_ratio}} < around AND value > {{nearly_none}} * around, false) AS is_down
    FROM monthly
    WHERE months >= 12
)
SELECT stage, counting_unit, iccs, ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    value AS found, if(is_down, around, exp(centre) - 1) AS expected, is_up OR is_down AS failing,
    time_period || ': ' || CAST(value AS BIGINT) || if(is_down, ', in neighbouring months ', ', usually ')
        || CAST(if(is_down, around, exp(centre) - 1) AS BIGINT) AS detail
FROM judged
