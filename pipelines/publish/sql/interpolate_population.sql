-- Grain: one row for each year without a population between two that are at most five years apart, of a population
-- source, area, sex and age: on the line between them, marked E. Nothing is added before the first or after the last.
-- reads: out.population
-- writes: out.population
INSERT INTO out.population BY NAME
WITH points AS (
    SELECT *, CAST(time_period AS INTEGER) AS year,
        lead(CAST(time_period AS INTEGER)) OVER series AS next_year, lead(population) OVER series AS next_population
    FROM out.population
    WHERE population IS NOT NULL
    WINDOW series AS (PARTITION BY source, ref_area, sex, age ORDER BY time_period)
)
SELECT
    source, vintage, ref_area, area_level, CAST(filled AS VARCHAR) AS time_period, sex, age,
    population + (next_population - population) * (filled - year) / (next_year - year) AS population,
    'E' AS obs_status
FROM points, unnest(range(year + 1, next_year)) AS between_points (filled)
WHERE next_year - year BETWEEN 2 AND {{years_apart}}
