-- Grain: at most one row: how many cells are given more than once, and of the first of them the rows and the values.
-- reads: rejected
WITH cell AS (
    SELECT regexp_extract(bad_value, ' = ([^=]*)$', 1) AS value, _file, _sheet, _row,
        regexp_replace(  -- two names of one area: Germany (DE), Deutschland (DE)
            regexp_replace(bad_value, ' = [^=]*$', ''), '[^/]+ [(]([A-Z]{2}(-[A-Z0-9_]+)?)[)]( /|$)', '\1\3'
        ) AS key
    FROM rejected
    WHERE rule = 'duplicate_key'
)
SELECT (SELECT count(DISTINCT key) FROM cell), list(concat_ws(', ', _file, _sheet) ORDER BY _file, _row)[:3] AS files,
    list(_row ORDER BY _file, _row)[:3] AS row_numbers, list(value ORDER BY _file, _row)[:3] AS given
FROM cell
WHERE key = (SELECT arg_min(key, (_file, _row, key)) FROM cell)
HAVING count(*) > 0
