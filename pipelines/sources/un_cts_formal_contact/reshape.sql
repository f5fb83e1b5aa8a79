-- Years are columns; sex and age are words of the indicator. The bands are 0-14, 0-17, 18-24 ... over 60.
-- Grain: one row for each raw row and year.
WITH cells AS (
    SELECT *, regexp_extract(Indicator, '^(Male|Female) (\d+-\d+|over 60) Brought into Formal Contact$', ['sex', 'age']) AS words
    FROM raw UNPIVOT INCLUDE NULLS (cell FOR year IN (COLUMNS('^20[0-9]{2}$')))
)
SELECT
    _file, _sheet, _row, year, year AS _column, Country, Indicator, cell,
    CASE WHEN words.age <> '' THEN 'persons by sex and age' ELSE 'other' END AS kind,
    nullif(words.sex, '') AS sex, nullif(words.age, '') AS age
FROM cells
