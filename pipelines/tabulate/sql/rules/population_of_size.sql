-- Grain: one row for each country with a population, its own or the sum of its regions, that is not of the size that it
-- has had since 1960, in its first such year; and one that counts the years of each country that are. Only a figure in
-- another unit is thirty times more or less. Regions that are fewer than five, or of which some may be missing, say
-- nothing of the size.
-- reads: series
WITH size AS (
    SELECT country, CAST(lowest AS BIGINT) AS lowest, CAST(highest AS BIGINT) AS highest
    FROM (VALUES {{country_sizes}}) AS listed(country, lowest, highest)
),
regions AS (
    SELECT stage, counting_unit, left(CAST(ref_area AS VARCHAR), 2) AS country, time_period, sum(value) AS value, count(*) AS regions
    FROM series
    WHERE area_level = 'admin1' AND value > 0
    GROUP BY ALL
    HAVING regions >= {{least_regions}}
),
found AS (
    SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS country, time_period, value, NULL AS regions
    FROM series
    WHERE area_level = 'country' AND value > 0
    UNION ALL
    SELECT regions.*
    FROM regions
    ANTI JOIN (FROM series WHERE area_level = 'country' AND value > 0) AS given
        ON CAST(given.ref_area AS VARCHAR) = regions.country AND given.time_period = regions.time_period
),
judged AS (
    SELECT *, value > {{times}} * highest
        OR CASE WHEN regions IS NULL THEN value * {{times}} < lowest ELSE value * 10 * {{times}} < highest END AS is_other
    FROM found
    JOIN size USING (country)
    WHERE CAST(time_period AS INTEGER) >= 1900
)
SELECT stage, counting_unit, NULL AS iccs, country AS ref_area, min(time_period) AS time_period, NULL AS sex, NULL AS age,
    arg_min(value, time_period) AS found, any_value(highest) AS expected, is_other AS failing,
    number_text(arg_min(value, time_period)) || ' persons' || coalesce(' in ' || arg_min(regions, time_period) || ' regions', '')
        || CASE WHEN count(*) > 1 THEN ', and likewise in ' || count(*) - 1 || ' other years' ELSE '' END
        || '; the country had ' || number_text(any_value(lowest)) || ' to ' || number_text(any_value(highest))
        || ' from 1960 to 2024' AS detail,
    CASE WHEN is_other THEN 1 ELSE count(*) END AS things
FROM judged
GROUP BY stage, counting_unit, country, is_other
