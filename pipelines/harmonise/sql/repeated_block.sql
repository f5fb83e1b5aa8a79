-- Grain: one row for each file (and sheet): how many different rows occur once, twice and three times; and the longest
-- block of rows that recurs further down in the same order (its rows, its first and last row, and the first row of the
-- copy), or NULLs. Rows that occur more than six times are too common to show a copy, and are passed over: up to a fifth of
-- a block may be such rows, at most four in succession.
WITH placed AS (
    SELECT part, content, _row, row_number() OVER (PARTITION BY part ORDER BY _row) AS place,
        count(*) OVER (PARTITION BY part, content) AS times
    FROM {{rows}}
),
pair AS (
    SELECT part, content, one._row, other._row AS again, one.place, other.place - one.place AS shift
    FROM placed AS one
    JOIN placed AS other USING (part, content)
    WHERE one.times BETWEEN 2 AND 6 AND one.place < other.place
),
begun AS (
    SELECT *, coalesce(place - lag(place) OVER (PARTITION BY part, shift ORDER BY place) > 5, true) AS begins
    FROM pair
),
piece AS (
    SELECT *, sum(begins::INTEGER) OVER (PARTITION BY part, shift ORDER BY place) AS piece FROM begun
),
block AS (
    SELECT part, count(*) AS rows, min(_row) AS first, max(_row) AS last, min(again) AS again
    FROM piece
    GROUP BY part, shift, piece
    HAVING count(DISTINCT content) >= {{least_rows}} AND count(*) >= 0.8 * (max(place) - min(place) + 1)
        AND max(place) - min(place) < shift
    QUALIFY row_number() OVER (PARTITION BY part ORDER BY count(*) DESC, min(_row)) = 1
),
alike AS (
    SELECT part, content, count(*) AS times FROM placed GROUP BY part, content
)
SELECT part, count(*) FILTER (times = 1), count(*) FILTER (times = 2), count(*) FILTER (times = 3), any_value(rows),
    any_value(first), any_value(last), any_value(again)
FROM alike
LEFT JOIN block USING (part)
GROUP BY part
ORDER BY part
