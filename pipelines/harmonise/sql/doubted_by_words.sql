-- Grain of what is added: one row for each area, category and year with a figure that words of the files doubt, with the
-- first of its rows; incidents keep no place.
-- reads: core
-- writes: doubted
INSERT INTO doubted
SELECT {{rule}}, stage, counting_unit, iccs, ref_area, left(CAST(time_period AS VARCHAR), 4) AS year, {{detail}}, {{place}}
FROM core
WHERE {{rows}}
GROUP BY stage, counting_unit, iccs, ref_area, year
