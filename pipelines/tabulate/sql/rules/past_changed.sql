-- Grain: one row for each annual figure that this edition and the one before both hold.
-- reads: series, previous
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    now.value AS found, before.value AS expected, now.value IS DISTINCT FROM before.value
        AND coalesce(abs(now.value - before.value) > {{tolerance}}, true) AS failing,
    coalesce(CAST(before.value AS VARCHAR), 'missing') || ' before, ' || coalesce(CAST(now.value AS VARCHAR), 'missing')
        || ' now' AS detail
FROM series AS now
JOIN (
    SELECT stage, counting_unit, coalesce(iccs, '') AS iccs, ref_area, time_period, value
    FROM previous
    WHERE freq = 'A' AND {{sex}} = '_T' AND {{age}} = '_T' {{no_attributes}}
) AS before USING (stage, counting_unit, iccs, ref_area, time_period)
