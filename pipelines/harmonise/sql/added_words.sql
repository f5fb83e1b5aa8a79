-- Grain: one row for each word of the rows (of an unused column, of the columns of the figures, or their national codes),
-- among the figures that are sums over rows with different words: in how many figures the word occurs; in how many it
-- equals the sum of all other words (or half of it, if the total is there in two groupings); how many different numbers
-- these are; in how many it is the largest; its sum and its first row; and for the column, in how many figures the words
-- have nearly the same number, and how far apart those figures lie.
-- reads: {{table}}
WITH part AS (
    SELECT sum_of, word, sum(value) AS value, arg_min(_file, _row) AS _file, min(_row) AS _row
    FROM ({{rows}})
    GROUP BY ALL
),
shared AS (
    SELECT *, sum(value) OVER each AS whole, max(value) OVER each AS most, min(value) OVER each AS least,
        count(*) OVER each AS words
    FROM part
    WINDOW each AS (PARTITION BY sum_of)
    QUALIFY words > 1
),
judged AS (
    SELECT *,
        value > 0 AND (abs(whole - 2 * value) <= 1e-9 * whole
            OR words > 3 AND abs(whole - 3 * value) <= 1e-9 * whole) AS is_total,
        least >= {{least_near}} AND most <= {{near}} * least AS is_near
    FROM shared
),
counted AS (
    SELECT word, count(*) FILTER (value > 0) AS figures, count(*) FILTER (is_total) AS totals,
        count(*) FILTER (is_total AND value >= {{least_value}}) AS large_totals,
        count(DISTINCT value) FILTER (is_total AND value >= {{least_value}}) AS different,
        count(*) FILTER (value > 0 AND value >= most) AS highest, sum(value) AS value,
        arg_min(_file, _row) AS _file, min(_row) AS _row,
        count(*) FILTER (is_near) AS near, max(whole) FILTER (is_near) / min(whole) FILTER (is_near) AS spread
    FROM judged
    GROUP BY word
    HAVING figures > 0
)
SELECT * FROM counted
QUALIFY count(*) OVER () <= {{most_words}} OR totals > 0
ORDER BY totals DESC, value DESC, word
LIMIT {{most_words}}
