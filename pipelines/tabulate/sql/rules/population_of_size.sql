-- Grain: one row for each country and year with a population, its own or the sum of its regions: whether it is of the size
-- that the country has had since 1960. Only a figure in another unit is thirty times more or less. Regions that are fewer
-- than five, or of which some may be missing, say nothing of the size.
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
)
SELECT stage, counting_unit, NULL AS iccs, country AS ref_area, time_period, NULL AS sex, NULL AS age, value AS found,
    highest AS expected, value > {{times}} * highest
        OR CASE WHEN regions IS NULL THEN value * {{times}} < lowest ELSE value * 10 * {{times}} < highest END AS failing,
    number_text(value) || ' persons' || coalesce(' in ' || regions || ' regions', '') || ', the country had ' || number_text(lowest) || ' to '
        || number_text(highest) || ' from 1960 to 2024' AS detail
FROM found
JOIN size USING (country)
WHERE CAST(time_period AS INTEGER) >= 1900
