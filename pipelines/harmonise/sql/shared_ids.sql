-- Grain: at most one row: rows whose identifier a row of another file has, of how many, rows without one, and the first
-- such identifier's place in two files.
-- reads: every
WITH named AS (
    SELECT id, count(DISTINCT part) AS parts, count(*) AS times,
        min({'part': part, 'row': _row}) AS first_place, max({'part': part, 'row': _row}) AS last_place
    FROM every
    WHERE id IS NOT NULL
    GROUP BY id
    HAVING count(DISTINCT part) > 1
)
SELECT sum(times - 1)::BIGINT, (SELECT count(*) FROM every), (SELECT count(*) FROM every WHERE id IS NULL),
    min(first_place), arg_min(last_place, first_place)
FROM named
HAVING count(*) > 0
