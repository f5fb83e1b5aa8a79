-- Grain: one row for each area and year with printed rates of one source.
-- reads: out.rate
-- writes: out.rate_check
INSERT INTO out.rate_check BY NAME
WITH used AS (
    SELECT ref_area, time_period, any_value(population) AS population
    FROM out.rate
    WHERE source = {{source}} AND sex = '_T' AND age = '_T' AND population IS NOT NULL
    GROUP BY ALL
),
printed AS (
    SELECT *, greatest(rate_low - rate, rate - rate_high) > greatest(rate, rate_made)
        * CASE WHEN between_years THEN {{tolerance_share_years}} ELSE {{tolerance_share}} END AS deviates
    FROM {{rates}}
    WHERE population IS NOT NULL AND count IS NOT NULL
)
SELECT {{source}} AS source, {{vintage}} AS vintage, printed.ref_area, printed.time_period,
    count(*) AS rates_checked, count(*) FILTER (deviates) AS rates_deviating,
    arg_max((rate - rate_made) / rate_made, abs(rate - rate_made) / rate_made)
        FILTER (deviates AND rate_made > 0) * 100 AS largest_deviation_percent,
    any_value(printed.population) AS population_in_file, any_value(used.population) AS population_used,
    (any_value(printed.population) / any_value(used.population) - 1) * 100 AS population_difference_percent
FROM printed
LEFT JOIN used USING (ref_area, time_period)
GROUP BY printed.ref_area, printed.time_period
ORDER BY ALL
