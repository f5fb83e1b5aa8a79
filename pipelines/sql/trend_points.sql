-- Grain: one row for each series: a source, area, ICCS category, stage, counting unit and sex, over all ages and
-- attributes, with two years or more, as lists. It is on rates where each of its years has one, else on counts.
SELECT
    source, vintage, ref_area, area_level, iccs, stage, counting_unit, sex,
    CASE WHEN bool_and(rate_per_100k IS NOT NULL) THEN 'rate_per_100k' ELSE 'count' END AS basis,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    CASE WHEN bool_and(rate_per_100k IS NOT NULL) THEN list(rate_per_100k ORDER BY time_period)
        ELSE list(value ORDER BY time_period) END AS points,
    list(value ORDER BY time_period) AS counts,
    CASE WHEN bool_and(rate_per_100k IS NOT NULL) THEN list(population ORDER BY time_period) END AS populations,
    list(obs_status ORDER BY time_period) AS statuses,
    list(completeness ORDER BY time_period) AS completeness,
    list(caveats ORDER BY time_period) AS caveats
FROM out.rate
WHERE age = '_T' AND value IS NOT NULL {{all_attributes}}
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
