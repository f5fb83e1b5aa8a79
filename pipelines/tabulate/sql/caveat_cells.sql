-- Grain of caveat_cell: one row for each area, year, unit and category with failing cells (iccs NULL: all categories).
-- A caveat on the split by sex or age is for the cells of that split, not for the total.
-- reads: finding, rule_caveat
-- writes: caveat_cell
CREATE OR REPLACE TEMP TABLE caveat_cell AS
SELECT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS year,
    string_agg(DISTINCT caveat, ';') FILTER (dimension = '') AS any_cell,
    string_agg(DISTINCT caveat, ';') FILTER (dimension = 'sex') AS by_sex,
    string_agg(DISTINCT caveat, ';') FILTER (dimension = 'age') AS by_age
FROM finding
JOIN rule_caveat USING (rule)
WHERE ref_area IS NOT NULL AND time_period IS NOT NULL
GROUP BY ALL
