-- Grain: one row for each annual figure that this edition and the one before both hold. One that a rule withheld before,
-- and will withhold again, is missing in both.
-- reads: series, previous, finding
WITH withheld AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS time_period
    FROM finding
    WHERE rule IN (SELECT unnest({{withholding_totals}}))
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    now.value AS found, before.value AS expected, now.value IS DISTINCT FROM before.value
        AND coalesce(abs(now.value - before.value) > {{tolerance}}, true)
        AND NOT (before.value IS NULL AND EXISTS (
            FROM withheld
            WHERE withheld.stage = now.stage AND withheld.counting_unit = now.counting_unit AND withheld.iccs = now.iccs
                AND withheld.ref_area = now.ref_area AND withheld.time_period = now.time_period
        )) AS failing,
    coalesce(number_text(before.value), 'missing') || ' before, ' || coalesce(number_text(now.value), 'missing')
        || ' now' AS detail
FROM series AS now
JOIN (
    SELECT stage, counting_unit, coalesce(iccs, '') AS iccs, ref_area, time_period, value
    FROM previous
    WHERE freq = 'A' AND {{sex}} = '_T' AND {{age}} = '_T' {{no_attributes}}
) AS before USING (stage, counting_unit, iccs, ref_area, time_period)
