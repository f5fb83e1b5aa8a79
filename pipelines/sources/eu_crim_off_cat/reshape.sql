-- Four dimensions are combined in the first column, years are columns, flags follow the number after a blank.
-- Grain: one row for each raw row and year.
WITH cells AS (
    FROM raw UNPIVOT INCLUDE NULLS (content FOR year IN (COLUMNS('^[0-9]{4}$')))
)
SELECT
    _file, _sheet, _row, year, year AS _column,
    split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 2) AS iccs,
    split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 3) AS unit,
    split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 4) AS geo,
    split_part(trim(content), ' ', 1) AS cell,
    split_part(trim(content), ' ', 2) AS flag
FROM cells
