-- Grain: one row: how many raw rows there are with a figure above zero, how many different ones, how many repeat one
-- before, the first places of these, and the files that hold their rows several times, or those of one code, area or year:
-- file, part (NULL: the whole file) and times. A part asks for more rows, as there are many parts.
-- reads: core
WITH counted AS (
    SELECT DISTINCT _file, coalesce(_sheet, '') AS _sheet, _row FROM core WHERE value > 0
),
part AS (
    SELECT DISTINCT _file, coalesce(_sheet, '') AS _sheet, _row,
        unnest(['', national_code, ref_area, left(time_period, 4)]) AS name,
        unnest([0, 1, 2, 3]) AS kind
    FROM core
    WHERE value > 0
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
    SELECT _file AS file, kind, name, factor AS times
    FROM (
            SELECT _file, kind, name, count(*) AS times
            FROM hashed
            JOIN part USING (_file, _sheet, _row)
            WHERE name IS NOT NULL
            GROUP BY _file, kind, name, content
        ),
        (SELECT unnest([2, 3, 5]) AS factor)
    GROUP BY ALL
    HAVING count(*) >= {{least_rows}} * (CASE kind WHEN 0 THEN 1 ELSE 2 END)
        AND avg((times % factor = 0)::INTEGER) >= {{least_share}}
),
told AS (
    SELECT file, nullif(name, '') AS part, times
    FROM given_several_times
    QUALIFY row_number() OVER (PARTITION BY file ORDER BY kind, name, times) = 1
)
SELECT coalesce(sum(times), 0)::BIGINT, count(*), coalesce(sum(times - 1), 0)::BIGINT,
    list({'file': file, 'rows': places} ORDER BY file, places) FILTER (times > 1),
    (SELECT list({'file': file, 'part': part, 'times': times} ORDER BY file) FROM told)
FROM alike
