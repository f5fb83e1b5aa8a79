-- Months as columns ("2005 | TRIM 1 | 1") become rows. Grain: one row for each raw row and month.
SELECT *, left(_column, 4) || '-' || lpad(trim(split_part(_column, '|', 3)), 2, '0') AS period
FROM raw UNPIVOT INCLUDE NULLS (cases FOR _column IN (COLUMNS('^20[0-9][0-9]')))
