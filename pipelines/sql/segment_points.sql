-- Grain: one row for each series of one indicator in a country, all ages, as lists.
SELECT
    indicator, source, vintage, ref_area, stage, counting_unit, sex,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    list(numerator ORDER BY time_period) AS counts,
    list(denominator ORDER BY time_period) AS populations,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) FILTER (obs_status = 'B') AS marked_breaks,
    min(completeness) AS completeness,
    nullif(array_to_string(list_sort(list_distinct(flatten(list(string_split(caveats, ';'))))), ';'), '') AS caveats
FROM out.indicator
WHERE indicator IN ({{indicators}}) AND area_level = 'country' AND age = '_T' AND numerator IS NOT NULL
GROUP BY ALL
ORDER BY ALL
