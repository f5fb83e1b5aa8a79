-- Grain: one row for each national code without a link, with the first place where it occurs.
-- reads: linked, rejected
WITH codes AS (
    SELECT min({'file': _file, 'sheet': _sheet, 'row': _row}) AS first, any_value(column_name) AS column_name,
        bad_value, count(DISTINCT cell) AS cells
    FROM rejected
    WHERE rule = 'unlinked_national_code'
    GROUP BY bad_value
)
SELECT first.file, first.sheet, first.row, column_name, bad_value, (
    SELECT string_agg(DISTINCT left(time_period, 4), ', ' ORDER BY left(time_period, 4))
    FROM linked WHERE link IS NULL AND linked.national_code = bad_value
), cells
FROM codes
ORDER BY bad_value
LIMIT 50
