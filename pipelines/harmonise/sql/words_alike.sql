-- Grain: one row for each pair of labels of one dimension that have the same code, and the same figure wherever either has
-- one; with the different figures, and how many codes have several labels.
-- reads: core, tally_part
WITH pair AS (
    SELECT DISTINCT core.{{code}}, {{word}} AS word FROM core{{words}}
),
figure AS (
    SELECT {{keys}}, {{word}} AS word, sum(value) AS value, arg_min(core._file, core._row) AS _file, min(core._row) AS _row
    FROM core{{words}}
    SEMI JOIN (SELECT {{code}} FROM pair GROUP BY ALL HAVING count(*) > 1) AS several ON several.{{code}} = core.{{code}}
    WHERE value <> 0
    GROUP BY ALL
    HAVING sum(value) > 0
),
counted AS (
    SELECT {{code}}, word, count(*) AS figures, arg_min(_file, _row) AS _file, min(_row) AS _row FROM figure GROUP BY ALL
),
alike AS (
    SELECT one.{{code}}, one.word AS first_word, other.word AS second_word, count(*) AS figures, sum(one.value) AS value,
        list(DISTINCT one.value) AS different
    FROM figure AS one
    JOIN figure AS other ON one.value = other.value AND one.word < other.word AND {{same_keys}}
    GROUP BY ALL
)
SELECT CAST(alike.{{code}} AS VARCHAR), first_word, second_word, alike.figures, alike.value, second._file, second._row,
    different, (SELECT count(DISTINCT {{code}}) FROM figure) AS codes
FROM alike
JOIN counted AS first ON first.{{code}} = alike.{{code}} AND first.word = first_word
JOIN counted AS second ON second.{{code}} = alike.{{code}} AND second.word = second_word
WHERE alike.figures >= {{least_share}} * greatest(first.figures, second.figures)
ORDER BY alike.value DESC, first_word, second_word
LIMIT {{most}}
