-- Financial years are columns. 2015-2016 runs from April 2015 to March 2016 and becomes 2015, the year of nine of its months.
-- Grain: one row for each raw row and financial year.
SELECT *, left(financial_year, 4) AS year
FROM raw UNPIVOT INCLUDE NULLS (offences FOR financial_year IN (COLUMNS('^20[0-9]{2}-20[0-9]{2}$')))
