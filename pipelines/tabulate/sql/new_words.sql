-- Grain: one row for each word that the previous vintage did not have and whose rows are all left out, with the words of its
-- column that are used, before or now, and those of them that are gone, if these together had a given share of the used
-- rows, or of the used words.
WITH now AS (FROM read_parquet({{words}})),
before AS (FROM read_parquet({{before}})),
used AS (
    SELECT column_name, list(DISTINCT word ORDER BY word) AS words
    FROM (SELECT column_name, word FROM before WHERE used > 0 UNION ALL SELECT column_name, word FROM now WHERE used > 0)
    GROUP BY column_name
),
gone AS (
    SELECT column_name, list(word ORDER BY word) FILTER (is_gone) AS words
    FROM (
        SELECT column_name, word, used / sum(used) OVER whole AS share, 1 / count(*) OVER whole AS of_words,
            (column_name, word) NOT IN (SELECT (column_name, word) FROM now) AS is_gone
        FROM before
        WHERE used > 0
        WINDOW whole AS (PARTITION BY column_name)
    ) AS shares
    GROUP BY column_name
    HAVING sum(share) FILTER (is_gone) >= {{least_share}} OR sum(of_words) FILTER (is_gone) >= {{least_words}}
)
SELECT now.column_name, now.word, now.rows, coalesce(used.words, []) AS used, coalesce(gone.words, []) AS gone
FROM now
ANTI JOIN before USING (column_name, word)
LEFT JOIN used USING (column_name)
LEFT JOIN gone USING (column_name)
WHERE now.used = 0 AND now.column_name IN (SELECT column_name FROM before)
ORDER BY now.column_name, now.word
