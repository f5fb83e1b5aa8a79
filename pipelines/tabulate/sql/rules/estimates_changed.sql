-- Grain: one row for each estimate that the vintage before, of other files, has too; failing where one is missing, or they
-- differ by more than the larger standard error, or at all where neither has one.
-- reads: cells, previous
SELECT now.stage, now.counting_unit, now.iccs, now.ref_area, now.time_period, now.sex, now.age, now.value AS found,
    before.value AS expected,
    now.value IS DISTINCT FROM before.value AND coalesce(
        abs(now.value - before.value) > coalesce(greatest(now.standard_error, before.standard_error), 0), true
    ) AS failing,
    coalesce(number_text(round(before.value, 3)), 'missing') || ' before, '
        || coalesce(number_text(round(now.value, 3)), 'missing') || ' now' AS detail
FROM (SELECT *, concat_ws(' ', measure, national_code, ref_area, time_period, sex, age{{attributes}}) AS thing FROM cells) AS now
JOIN (
    SELECT value, standard_error, concat_ws(' ', measure, national_code, ref_area, time_period, sex, age{{attributes}}) AS thing
    FROM previous
) AS before ON before.thing = now.thing
