-- Grain: one row for each word of an unused column in the rows that are used, and where they are annual figures each year;
-- with the number of rows, their sum, how many are zero, and the first of them.
-- reads: used_row
SELECT word, IF(freq = 'A', year, NULL) AS annual, count(*) AS rows, sum(value) AS value,
    count(*) FILTER (value = 0) AS zeros, arg_min(_file, _row) AS _file,
    nullif(arg_min(_sheet, _row), '') AS _sheet, min(_row) AS _row
FROM used_row
JOIN (SELECT _file, coalesce(_sheet, '') AS _sheet, _row, trim({{column}}) AS word FROM {{raw}}) AS row_of_text
    USING (_file, _sheet, _row)
WHERE word <> ''
GROUP BY ALL
ORDER BY ALL
