-- Grain: one row for each series of one indicator in a country, all ages, as lists. A break (B) in a year that is not
-- compared is one of the next year that is.
-- reads: out.indicator
WITH annual AS (
    SELECT *, count(*) FILTER (obs_status = 'B') OVER (
        PARTITION BY indicator, source, ref_area, stage, counting_unit, sex ORDER BY time_period
    ) AS breaks_so_far
    FROM out.indicator
    WHERE indicator IN ({{indicators}}) AND area_level = 'country' AND age = '_T'
),
compared AS (
    SELECT * REPLACE (CASE WHEN breaks_so_far > lag(breaks_so_far) OVER (
        PARTITION BY indicator, source, ref_area, stage, counting_unit, sex ORDER BY time_period
    ) THEN 'B' ELSE obs_status END AS obs_status)
    FROM annual
    WHERE numerator IS NOT NULL AND NOT {{uncompared}}
)
SELECT
    indicator, source, vintage, ref_area, stage, counting_unit, sex,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    list(numerator ORDER BY time_period) AS counts,
    list(denominator ORDER BY time_period) AS populations,
    list(obs_status ORDER BY time_period) AS statuses,
    list(completeness ORDER BY time_period) AS completeness,
    list(caveats ORDER BY time_period) AS caveats
FROM compared
GROUP BY ALL
ORDER BY ALL
