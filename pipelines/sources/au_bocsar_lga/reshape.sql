-- Years as columns become rows. Grain: one row for each sheet, local government area and year.
SELECT *, left(_column, 4) AS year FROM raw UNPIVOT INCLUDE NULLS (incidents FOR _column IN (COLUMNS('^20[0-9]{2} . Total$')))
