-- Grain: one row for each country and source, for the eight latest years with more than one country, where there are
-- several. Victims are preferred to offences where a source counts both.
WITH rates AS (
    SELECT name_en AS country, source, counting_unit, time_period AS year, rate_per_100k
    FROM out.rate
    JOIN out.area ON area.code = rate.ref_area
    WHERE iccs = '0101' AND stage = 'recorded' AND rate.area_level = 'country' AND sex = '_T' AND age = '_T'
        AND rate_per_100k IS NOT NULL {{no_attributes}}
    QUALIFY counting_unit = max(counting_unit) OVER (PARTITION BY source, ref_area)
),
years AS (
    SELECT year
    FROM rates
    GROUP BY year
    HAVING count(DISTINCT country) >= least(2, (SELECT count(DISTINCT country) FROM rates))
    ORDER BY year DESC
    LIMIT 8
)
SELECT country, source, year, rate_per_100k
FROM rates
WHERE year IN (FROM years)
ORDER BY country, source, year
