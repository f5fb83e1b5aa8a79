-- Grain: one row for each year of a series that usually has many events, for both sexes and all ages. A year with none or
-- hardly any was not reported; what is usual is the median of the years before and after.
-- reads: series
WITH usual AS (
    SELECT *, median(value) OVER (PARTITION BY stage, counting_unit, iccs, ref_area) AS usual
    FROM series
    WHERE value IS NOT NULL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, usual AS expected,
    value <= {{nearly_none}} * usual AND NOT ({{real}}) AS failing,
    CAST(value AS BIGINT) || ', usually ' || CAST(usual AS BIGINT) AS detail,
    usual AS size
FROM usual
WHERE usual >= {{least_usual}}
