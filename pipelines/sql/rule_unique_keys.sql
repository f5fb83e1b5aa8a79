-- Grain: one row for each key of several published cells, and one for all cells that are the only one with their key.
-- Keys are compared by their hash first: few, if any, are left to be compared as they are.
WITH hashed AS (
    SELECT hash(freq, stage, counting_unit, iccs, ref_area, time_period, sex, age {{attributes}}) AS key FROM cells
),
suspect AS (
    SELECT key FROM hashed GROUP BY key HAVING count(*) > 1
),
several AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sex, age, count(*) AS times
    FROM cells
    WHERE hash(freq, stage, counting_unit, iccs, ref_area, time_period, sex, age {{attributes}}) IN (FROM suspect)
    GROUP BY freq, stage, counting_unit, iccs, ref_area, time_period, sex, age {{attributes}}
    HAVING count(*) > 1
)
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, age,
    CAST(times AS DOUBLE) AS found, 1 AS expected, true AS failing, 'the key is there ' || times || ' times' AS detail,
    1 AS things
FROM several
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, alone
FROM (SELECT (SELECT count(*) FROM cells) - (SELECT coalesce(sum(times), 0)::BIGINT FROM several) AS alone)
WHERE alone > 0
