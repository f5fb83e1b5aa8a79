-- Grain: one row for each year without a population between two that are at most five years apart, of a population
-- source, area, sex and age: on the line between them, marked E, with the caveats of both. Nothing is added before the
-- first or after the last.
-- reads: out.population
-- writes: out.population
INSERT INTO out.population BY NAME
WITH points AS (
    SELECT *, CAST(time_period AS INTEGER) AS year,
        lead(CAST(time_period AS INTEGER)) OVER series AS next_year, lead(population) OVER series AS next_population,
        lead(caveats) OVER series AS next_caveats
    FROM out.population
    WHERE population IS NOT NULL
    WINDOW series AS (PARTITION BY source, ref_area, sex, age ORDER BY time_period)
)
SELECT
    source, vintage, ref_area, area_level, CAST(filled AS VARCHAR) AS time_period, sex, age,
    population + (next_population - population) * (filled - year) / (next_year - year) AS population,
    'E' AS obs_status,
    out.join_caveats(concat_ws(';', caveats, next_caveats), 'population_interpolated') AS caveats
FROM points, unnest(range(year + 1, next_year)) AS between_points (filled)
WHERE next_year - year BETWEEN 2 AND {{years_apart}};

-- Where the source has the year, without a number, the number takes the place of that row: a key is there once.
DELETE FROM out.population AS blank
WHERE population IS NULL AND EXISTS (
    FROM out.population AS filled
    WHERE filled.population IS NOT NULL AND filled.source = blank.source AND filled.ref_area = blank.ref_area
        AND filled.time_period = blank.time_period AND filled.sex = blank.sex AND filled.age = blank.age
)
