-- Grain: at most one row: the area whose row most often equals the sum of all other rows of its level, among the figures
-- that a table gives for several areas: in how many figures, of how many in all, with how many different numbers, and the
-- first of these rows.
-- reads: core
WITH figure AS (
    SELECT sum(value) AS whole, max(value) AS largest, arg_max(CAST(ref_area AS VARCHAR), value) AS ref_area,
        arg_max({'file': _file, 'sheet': _sheet, 'row': _row}, value) AS place
    FROM core
    WHERE value IS NOT NULL
    GROUP BY area_level, {{keys}}
    HAVING count(*) >= {{least_rows}} AND max(value) >= {{least_value}}
)
SELECT ref_area, count(*) AS totals, (SELECT count(*) FROM figure) AS figures, count(DISTINCT largest) AS different,
    min(place) AS place
FROM figure
WHERE abs(2 * largest - whole) < 0.5
GROUP BY ref_area
ORDER BY totals DESC
LIMIT 1
