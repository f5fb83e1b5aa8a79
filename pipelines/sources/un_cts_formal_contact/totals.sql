-- Grain: one row for each country, sex and year with a total and a figure by age: the total beside what is in the bands.
-- Fewer in the bands are persons of unknown age; more cannot be.
WITH cells AS (
    SELECT *, regexp_extract(Indicator, '^(Male|Female) (.*)Brought into Formal Contact$', ['sex', 'age']) AS words
    FROM raw UNPIVOT (cell FOR year IN (COLUMNS('^20[0-9]{2}$')))
),
sums AS (
    SELECT any_value(_file) AS _file, any_value(_row) FILTER (words.age = '') AS _row,
        any_value(to_number(cell)) FILTER (words.age = '') AS total,
        sum(to_number(cell)) FILTER (trim(words.age) IN ('0-17', '18-24', '25-29', '30-44', '45-59', 'over 60')) AS in_bands
    FROM cells
    WHERE words.sex <> ''
    GROUP BY Country, words.sex, year
)
SELECT _file, _row, CAST(total AS VARCHAR) AS total, CAST(in_bands AS VARCHAR) AS in_bands,
    CAST(greatest(total - in_bands, 0) AS VARCHAR) AS age_not_given
FROM sums
WHERE total IS NOT NULL AND in_bands IS NOT NULL
