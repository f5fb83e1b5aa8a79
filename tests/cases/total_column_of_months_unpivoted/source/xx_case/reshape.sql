-- Grain: a row for each raw row and column.
SELECT *, c AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR c IN (COLUMNS(* EXCLUDE (_file, _sheet, _row, area, year, code))))
