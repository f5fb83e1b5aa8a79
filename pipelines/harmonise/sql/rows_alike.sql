-- Grain: one row: how many figures are sums over rows of one table with the same words in every column, how many sums there
-- are in all, and two of these rows. Small numbers are left out, as such rows may be equal by chance.
-- Grain of alike: one row for each such sum, with two of its rows.
-- reads: added
-- writes: alike
CREATE OR REPLACE TEMP TABLE alike AS
WITH row_of_text AS (
    SELECT _file, coalesce(_sheet, '') AS _sheet, _row, hash({{words}}) AS words FROM {{raw}}
)
SELECT sum_of, _file, _sheet, words, min(_row) AS first_row, max(_row) AS last_row
FROM added
JOIN row_of_text USING (_file, _sheet, _row)
WHERE value >= {{least_value}}
GROUP BY ALL
HAVING first_row < last_row;

SELECT count(DISTINCT sum_of) AS figures, (SELECT count(DISTINCT sum_of) FROM added) AS sums, min(_file) AS _file,
    arg_min(first_row, (_file, first_row)) AS first_row, arg_min(last_row, (_file, first_row)) AS last_row
FROM alike
