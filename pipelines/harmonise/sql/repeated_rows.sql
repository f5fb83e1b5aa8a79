-- Grain: one row: how many raw rows there are with a figure above zero, how many different ones, how many repeat one
-- before, the first places of these, and the files that hold their rows several times: file and times.
-- reads: core
WITH counted AS (
    SELECT DISTINCT _file, coalesce(_sheet, '') AS _sheet, _row FROM core WHERE value > 0
),
hashed AS (
    SELECT _file, coalesce(_sheet, '') AS _sheet, _row, hash([*COLUMNS(* EXCLUDE (_file, _sheet, _row))]) AS content
    FROM {{raw}}
),
alike AS (
    SELECT content, count(*) AS times, min(_file) AS file, list(_row ORDER BY _file, _row)[:5] AS places
    FROM hashed
    JOIN counted USING (_file, _sheet, _row)
    GROUP BY content
),
given_several_times AS (
    SELECT _file AS file, factor AS times
    FROM (SELECT _file, count(*) AS times FROM hashed JOIN counted USING (_file, _sheet, _row) GROUP BY _file, content),
        (SELECT unnest([2, 3, 5]) AS factor)
    GROUP BY ALL
    HAVING count(*) >= {{least_rows}} AND avg((times % factor = 0)::INTEGER) >= {{least_share}}
)
SELECT coalesce(sum(times), 0)::BIGINT, count(*), coalesce(sum(times - 1), 0)::BIGINT,
    list({'file': file, 'rows': places} ORDER BY file, places) FILTER (times > 1),
    (SELECT list({'file': file, 'times': times} ORDER BY file, times) FROM given_several_times)
FROM alike
