-- Grain: one row for each area and word of an unused column in the rows that are used, with the first of them.
-- reads: used_row
SELECT ref_area, word, count(*) AS rows, arg_min(_file, _row) AS _file, min(_row) AS _row
FROM used_row
JOIN (SELECT _file, coalesce(_sheet, '') AS _sheet, _row, trim({{column}}) AS word FROM {{raw}}) AS row_of_text
    USING (_file, _sheet, _row)
WHERE word <> ''
GROUP BY ALL
ORDER BY ALL
