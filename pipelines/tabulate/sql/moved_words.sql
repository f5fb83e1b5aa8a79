-- Grain: one row for each word whose rows were used in the previous vintage and are all left out now, in columns in which
-- such words together had a given share of the used rows, or of the used words.
WITH now AS (FROM read_parquet({{words}})),
before AS (
    SELECT column_name, word, used / sum(used) OVER whole AS share, 1 / count(*) OVER whole AS of_words
    FROM read_parquet({{before}})
    WHERE used > 0
    WINDOW whole AS (PARTITION BY column_name)
)
SELECT column_name, word, now.rows
FROM before
JOIN now USING (column_name, word)
WHERE now.used = 0
WINDOW moved AS (PARTITION BY column_name)
QUALIFY sum(share) OVER moved >= {{least_share}} OR sum(of_words) OVER moved >= {{least_words}}
ORDER BY column_name, word
