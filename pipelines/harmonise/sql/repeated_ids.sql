-- Grain: at most one row: how many rows repeat the identifier of an earlier row, how many rows there are, how many have no
-- identifier; and the first repeated identifier with its first two places. Only rows that are used, at least in part.
-- reads: core
WITH used AS (
    SELECT DISTINCT _file, coalesce(_sheet, '') AS _sheet, _row FROM core
),
identified AS (
    SELECT {{id}} AS id, raw._file, coalesce(raw._sheet, '') AS _sheet, raw._row FROM {{raw}} AS raw
),
kept AS (
    SELECT nullif(trim(id, '/ '), '') AS found, id, _file, _row FROM identified SEMI JOIN used USING (_file, _sheet, _row)
),
grouped AS (
    SELECT id, count(*) AS times, list({'file': _file, 'row': _row} ORDER BY _file, _row)[:2] AS places
    FROM kept
    WHERE found IS NOT NULL
    GROUP BY id
    HAVING count(*) > 1
)
SELECT sum(times - 1)::BIGINT, (SELECT count(*) FROM kept), (SELECT count(*) FROM kept WHERE found IS NULL),
    arg_min(id, places), min(places)[1], min(places)[2]
FROM grouped
HAVING count(*) > 0
