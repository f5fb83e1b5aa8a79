-- Grain: one row for each published cell that is the only one with its key, and one for each key of several. Keys are
-- compared by their hash first: few, if any, are left to be compared as they are.
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
    CAST(times AS DOUBLE) AS found, 1 AS expected, true AS failing, 'the key is there ' || times || ' times' AS detail
FROM several
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL
FROM range((SELECT count(*) FROM cells) - (SELECT coalesce(sum(times), 0)::BIGINT FROM several))
