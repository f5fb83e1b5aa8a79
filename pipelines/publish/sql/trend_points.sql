-- Grain: one row for each series: a source, area, ICCS category, stage, counting unit and sex, over all ages and
-- attributes, with two years or more, as lists. A year without a population is NULL in rates and populations. Years with a
-- caveat that forbids comparison (a part not reported, a mass event) are left out; a break (B) in one of them is moved to
-- the next year that is kept. The number of unknown sex shows how sex is recorded, so it has no trend.
-- reads: out.rate
WITH annual AS (
    SELECT *, count(*) FILTER (obs_status = 'B') OVER (
        PARTITION BY source, ref_area, iccs, stage, counting_unit, sex ORDER BY time_period
    ) AS breaks_so_far
    FROM out.rate
    WHERE age = '_T' AND sex <> '_U' {{no_attributes}}
),
compared AS (
    SELECT * REPLACE (CASE WHEN breaks_so_far > lag(breaks_so_far) OVER (
        PARTITION BY source, ref_area, iccs, stage, counting_unit, sex ORDER BY time_period
    ) THEN 'B' ELSE obs_status END AS obs_status)
    FROM annual
    WHERE value IS NOT NULL AND NOT {{uncompared}}
)
SELECT
    source, vintage, ref_area, area_level, iccs, arg_max(iccs_made_from, time_period) AS iccs_made_from,
    stage, counting_unit, sex,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    list(value ORDER BY time_period) AS counts,
    list(rate_per_100k ORDER BY time_period) AS rates,
    list(CASE WHEN rate_per_100k IS NOT NULL THEN population END ORDER BY time_period) AS populations,
    list(obs_status ORDER BY time_period) AS statuses,
    list(completeness ORDER BY time_period) AS completeness,
    list(caveats ORDER BY time_period) AS caveats
FROM compared
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
