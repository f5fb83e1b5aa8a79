-- Grain: one row for each area, year, sex and age group of one population source.
-- writes: out.population
INSERT INTO out.population BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, ref_area, area_level, time_period, sex, age, value AS population,
    obs_status, caveats
FROM {{cells}}
WHERE freq = 'A'
