-- Grain: one row for each country and year: in how many of its regions the population grew far more, or far less, than is
-- usual for each (the median of its years), all in the same direction.
-- needs: {{least_years}} years, {{least_areas}} areas
-- reads: series
WITH growth AS (
    SELECT stage, counting_unit, iccs, ref_area, left(CAST(ref_area AS VARCHAR), 2) AS country, year,
        CASE WHEN year = lag(year) OVER years + 1 THEN ln(value / lag(value) OVER years) END AS grown
    FROM series
    WHERE area_level = 'admin1' AND value >= {{least_count}}
    WINDOW years AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year)
),
compared AS (
    SELECT *, grown - median(grown) OVER (PARTITION BY stage, counting_unit, iccs, ref_area) AS off
    FROM growth
    QUALIFY count(grown) OVER (PARTITION BY stage, counting_unit, iccs, ref_area) >= {{least_years}}
)
SELECT stage, counting_unit, iccs, country AS ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    exp(median(grown)) - 1 AS found, exp(median(grown - off)) - 1 AS expected,
    greatest(count(*) FILTER (off > ln(1 + {{most}})), count(*) FILTER (off < -ln(1 + {{most}})))
        >= {{least_share}} * count(*) AS failing,
    count(*) || ' regions: ' || round(100 * (exp(median(grown)) - 1), 1) || ' % in a year, usually '
        || round(100 * (exp(median(grown - off)) - 1), 1) || ' %' AS detail
FROM compared
WHERE grown IS NOT NULL
GROUP BY stage, counting_unit, iccs, country, year
HAVING count(*) >= {{least_areas}}
