-- Years are columns; sex and age are words of the indicator.
-- Grain: one row for each raw row and year.
WITH cells AS (
    FROM raw UNPIVOT INCLUDE NULLS (cell FOR year IN (COLUMNS('^(19|20)[0-9]{2}$')))
)
SELECT
    _file, _sheet, _row, year, year AS _column, Country, Indicator, cell,
    CASE WHEN regexp_matches(Indicator, '^(Male|Female) (0-14|15-29|30-44|45-59|60 or more) Count$')
        THEN 'victims by sex and age' ELSE 'other' END AS kind,
    CASE WHEN kind = 'other' THEN NULL ELSE split_part(Indicator, ' ', 1) END AS sex,
    CASE WHEN kind = 'other' THEN NULL ELSE regexp_extract(Indicator, '(0-14|15-29|30-44|45-59|60 or more)') END AS age
FROM cells
