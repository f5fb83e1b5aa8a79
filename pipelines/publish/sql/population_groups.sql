-- Grain: one row for each population that a rate can have: its priority, its ages, whether it is estimated (E) or the first
-- after a break (B), and the caveats that its rates get: those that name the population themselves, and one code for all
-- others, whose texts would seem to be about the count. Few combinations of caveats and status occur.
-- A population that lacks a part (and would not be compared, if it were a count) is incomplete: its rates would be too high.
-- reads: out.population, out.age, population_priority
-- writes: population_group
CREATE OR REPLACE TEMP TABLE population_group AS
WITH kind AS (
    SELECT *, string_split(caveats, ';') AS codes
    FROM (SELECT DISTINCT caveats, obs_status FROM out.population WHERE population IS NOT NULL)
),
words AS (
    SELECT caveats, obs_status, {{uncompared}} AS is_incomplete, concat_ws(';',
        CASE WHEN obs_status = 'E' AND NOT coalesce(list_has_any(codes, ['population_backcast', 'population_interpolated']), false)
            THEN 'population_interpolated' END,
        CASE WHEN obs_status NOT IN ('A', 'E')
            OR len(list_filter(codes, lambda code: NOT list_contains([{{naming_populations}}], code))) > 0
            THEN 'population_has_caveats' END,
        array_to_string(list_filter(codes, lambda code: list_contains([{{naming_populations}}], code)), ';')) AS population_caveats
    FROM kind
)
SELECT population.* EXCLUDE (caveats, obs_status), lower_age, coalesce(upper_age, 200) AS upper_age, priority,
    population.obs_status = 'E' AS estimated, population.obs_status = 'B' AS broken,
    nullif(population_caveats, '') AS population_caveats, is_incomplete
FROM out.population AS population
JOIN out.age ON age.code = population.age
JOIN population_priority USING (source)
JOIN words ON words.caveats IS NOT DISTINCT FROM population.caveats AND words.obs_status IS NOT DISTINCT FROM population.obs_status
WHERE population IS NOT NULL
