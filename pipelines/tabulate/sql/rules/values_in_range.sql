-- Grain: one row for each published cell with a value.
-- reads: cells
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, age, value AS found, NULL AS expected,
    value < 0 OR isnan(value) OR isinf(value) OR (value <> round(value) AND NOT {{fractions}}) AS failing,
    CASE WHEN value < 0 THEN 'below zero' ELSE 'not a whole number' END AS detail
FROM cells
WHERE value IS NOT NULL
