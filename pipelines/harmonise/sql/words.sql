-- Grain: one row for each column by which the source definition selects rows, and each word in it: in how many raw rows it
-- occurs, and how many of these are not left out by an exclusion. Numbers do not count as words.
-- reads: tally
WITH row_end AS (
    SELECT _file, _sheet, _row, bool_or(exclusion = 0) AS kept
    FROM tally
    GROUP BY _file, _sheet, _row
),
word AS (
    {% for one in columns %}
    SELECT {{one.label}} AS column_name, trim({{one.column}}::VARCHAR) AS word, _file, _sheet, _row FROM {{one.raw}}
    {% if not loop.last %}UNION ALL{% endif %}

    {% endfor %}
)
SELECT column_name, word, count(*) AS rows, count(*) FILTER (kept) AS used
FROM word
JOIN row_end ON row_end._file = word._file AND row_end._row = word._row AND row_end._sheet IS NOT DISTINCT FROM word._sheet
WHERE regexp_matches(word, '\p{L}')
GROUP BY column_name, word
ORDER BY column_name, word
