-- Grain: one row for each key of several published cells, and one a period for all cells that are the only one with
-- their key.
-- Keys are compared by their hash first: few, if any, are left to be compared as they are.
-- reads: cells
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
    CAST(times AS DOUBLE) AS found, 1 AS expected, true AS failing, 'the key occurs ' || times || ' times' AS detail,
    1 AS things
FROM several
UNION ALL
SELECT NULL, NULL, NULL, NULL, time_period, NULL, NULL, NULL, NULL, false, NULL, alone
FROM (
    SELECT counted.time_period, counted.cells - coalesce(repeated.cells, 0) AS alone
    FROM (SELECT time_period, count(*) AS cells FROM cells GROUP BY time_period) AS counted
    LEFT JOIN (SELECT time_period, sum(times)::BIGINT AS cells FROM several GROUP BY time_period) AS repeated
        ON repeated.time_period = counted.time_period
)
WHERE alone > 0
