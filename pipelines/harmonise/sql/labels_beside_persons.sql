-- Grain: one row for each code of a dimension and each label beside it in an unused column: how many figures have both, and
-- the first row of them.
-- reads: core
SELECT CAST(core.{{dimension}} AS VARCHAR) AS code, word, count(*) AS rows, arg_min(_file, _row) AS _file, min(_row) AS _row
FROM (SELECT {{dimension}}, _file, coalesce(_sheet, '') AS _sheet, _row FROM core) AS core
JOIN (SELECT _file, coalesce(_sheet, '') AS _sheet, _row, trim({{column}}) AS word FROM {{raw}}) AS row_of_text
    USING (_file, _sheet, _row)
WHERE word <> ''
GROUP BY ALL
ORDER BY ALL
