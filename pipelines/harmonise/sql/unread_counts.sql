-- Grain: at most one row: the first raw cell in the columns of counts that is neither a number as the source writes them
-- nor a word that it declares, and how many such cells there are.
-- reads: list_value
WITH cells AS (
    SELECT _file, _sheet, _row, count_column, cell
    FROM (SELECT _file, _sheet, _row, COLUMNS({{conserve}}) FROM {{raw}})
    UNPIVOT (cell FOR count_column IN (COLUMNS(* EXCLUDE (_file, _sheet, _row))))
)
SELECT arg_min(_file, (_file, _row)), arg_min(_sheet, (_file, _row)), min((_file, _row))[2],
    arg_min(count_column, (_file, _row)), arg_min(cell, (_file, _row)), count(*)
FROM cells
WHERE regexp_matches(cell, '[0-9]') AND to_raw_count(cell) IS NULL
    AND trim(cell) NOT IN (SELECT word FROM list_value)
HAVING count(*) > 0
