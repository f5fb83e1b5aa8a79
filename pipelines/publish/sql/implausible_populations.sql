-- Grain: one row for each pair of population sources that differ by more than the factor: how many areas and years, and the
-- worst of them.
-- reads: out.population
WITH whole AS (
    SELECT source, ref_area, time_period, population
    FROM out.population
    WHERE sex = '_T' AND age = '_T' AND population > 0
),
pair AS (
    SELECT one.source, other.source AS other_source, one.ref_area, one.time_period,
        one.population, other.population AS other_population,
        greatest(one.population, other.population) / least(one.population, other.population) AS factor
    FROM whole AS one
    JOIN whole AS other ON other.ref_area = one.ref_area AND other.time_period = one.time_period
    WHERE one.source < other.source
)
SELECT source, other_source, count(*) AS compared, count(*) FILTER (factor > {{most_factor}}) AS differing,
    arg_max(ref_area, (factor, time_period, ref_area)) AS ref_area,
    arg_max(time_period, (factor, time_period, ref_area)) AS time_period,
    arg_max(population, (factor, time_period, ref_area)) AS population,
    arg_max(other_population, (factor, time_period, ref_area)) AS other_population
FROM pair
GROUP BY source, other_source
HAVING differing > 0
ORDER BY source, other_source
