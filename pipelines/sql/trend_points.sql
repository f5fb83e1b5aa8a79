-- Grain: one row for each series and year with a value. A series is a source, area, ICCS category, stage, counting
-- unit and sex, over all ages and attributes; it is on rates where each of its years has one, else on counts.
WITH points AS (
    SELECT *, bool_and(rate_per_100k IS NOT NULL) OVER (
        PARTITION BY source, ref_area, iccs, stage, counting_unit, sex
    ) AS has_rates
    FROM out.rate
    WHERE age = '_T' AND value IS NOT NULL {{all_attributes}}
)
SELECT
    dense_rank() OVER (ORDER BY source, ref_area, iccs, stage, counting_unit, sex) AS series,
    source, vintage, ref_area, area_level, iccs, stage, counting_unit, sex, CAST(time_period AS INTEGER) AS year,
    CASE WHEN has_rates THEN 'rate_per_100k' ELSE 'count' END AS basis,
    CASE WHEN has_rates THEN rate_per_100k ELSE value END AS point,
    obs_status = 'B' AS marked_break,
    caveats
FROM points
ORDER BY series, year
