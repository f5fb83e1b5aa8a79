-- Grain of what is added: one row for each area, category and year whose figure is a sum over rows with different words in
-- a column, with the first of these rows.
-- reads: core, added
-- writes: doubted
INSERT INTO doubted
WITH several AS (
    SELECT cell
    FROM ({{rows}})
    WINDOW sums AS (PARTITION BY sum_of)
    QUALIFY min(coalesce(word, '')) OVER sums < max(coalesce(word, '')) OVER sums
)
SELECT 'parts_unlike', stage, counting_unit, iccs, ref_area, left(CAST(time_period AS VARCHAR), 4) AS year, {{detail}},
    arg_min(_file, _row), arg_min(_sheet, _row), min(_row)
FROM core
SEMI JOIN several USING (cell)
GROUP BY stage, counting_unit, iccs, ref_area, year
