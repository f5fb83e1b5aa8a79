-- Grain of what is added: one row for each area, category and year of the national codes that have incidents of another
-- kind; incidents keep no place.
-- reads: core
-- writes: doubted
INSERT INTO doubted
SELECT 'parts_unlike', stage, counting_unit, iccs, ref_area, left(CAST(time_period AS VARCHAR), 4) AS year, {{detail}}, NULL, NULL,
    NULL
FROM core
WHERE CAST(national_code AS VARCHAR) IN ({{codes}}) OR '' IN ({{codes}})
GROUP BY stage, counting_unit, iccs, ref_area, year
