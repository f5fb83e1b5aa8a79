-- Grain: one row for each estimated number that the vintage before, of other files, has too; failing where it moved as the rule says.
-- reads: cells, previous
SELECT now.stage, now.counting_unit, now.iccs, now.ref_area, now.time_period, now.sex, now.age, now.value AS found,
    before.value AS expected, ({{condition}}) AS failing,
    format('{:,}', round(before.value)::BIGINT) || ' before, ' || format('{:,}', round(now.value)::BIGINT) || ' now' AS detail
FROM (
    SELECT *, concat_ws(' ', measure, national_code, ref_area, time_period, sex, age{{attributes}}) AS thing
    FROM cells
    WHERE unit_of_measure = 'number' AND value IS NOT NULL
) AS now
JOIN (
    SELECT value, concat_ws(' ', measure, national_code, ref_area, time_period, sex, age{{attributes}}) AS thing
    FROM previous
    WHERE value > 0
) AS before ON before.thing = now.thing
