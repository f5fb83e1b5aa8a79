-- Grain: one row for each key of a published cell.
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, age,
    CAST(count(*) AS DOUBLE) AS found, 1 AS expected, count(*) > 1 AS failing,
    'the key is there ' || count(*) || ' times' AS detail
FROM cells
GROUP BY freq, stage, counting_unit, iccs, ref_area, time_period, sex, age {{attributes}}
