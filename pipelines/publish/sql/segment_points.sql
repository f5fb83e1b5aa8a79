-- Grain: one row for each series of one indicator in a country, all ages, as lists.
-- reads: out.indicator
SELECT
    indicator, source, vintage, ref_area, stage, counting_unit, sex,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    list(numerator ORDER BY time_period) AS counts,
    list(denominator ORDER BY time_period) AS populations,
    list(obs_status ORDER BY time_period) AS statuses,
    list(completeness ORDER BY time_period) AS completeness,
    list(caveats ORDER BY time_period) AS caveats
FROM out.indicator
WHERE indicator IN ({{indicators}}) AND area_level = 'country' AND age = '_T' AND numerator IS NOT NULL
    AND NOT {{uncompared}}
GROUP BY ALL
ORDER BY ALL
