-- Grain: one row for each national code without a link, with the first place where it stands.
SELECT
    arg_min(_file, cell), arg_min(_sheet, cell), arg_min(_row, cell), any_value(column_name), bad_value,
    (
        SELECT string_agg(DISTINCT left(time_period, 4), ', ' ORDER BY left(time_period, 4))
        FROM linked WHERE link IS NULL AND linked.national_code = bad_value
    ),
    count(DISTINCT cell)
FROM rejected
WHERE rule = 'unlinked_national_code'
GROUP BY bad_value
ORDER BY bad_value
LIMIT 50
