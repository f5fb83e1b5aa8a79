-- Grain: one row for each annual total that the vintage before, of other files, has too; failing where it moved as the rule says.
-- reads: series, previous
SELECT now.stage, now.counting_unit, now.iccs, now.ref_area, now.time_period, NULL AS sex, NULL AS age, now.value AS found,
    before.value AS expected, ({{condition}}) AS failing,
    format('{:,}', round(before.value)::BIGINT) || ' before, ' || format('{:,}', round(now.value)::BIGINT) || ' now'
        AS detail
FROM series AS now
JOIN (
    SELECT stage, counting_unit, coalesce(iccs, '') AS iccs, ref_area, time_period, value
    FROM previous
    WHERE freq = 'A' AND {{sex}} = '_T' AND {{age}} = '_T' {{no_attributes}} AND value >= {{least_count}}
) AS before ON before.stage = now.stage AND before.counting_unit = now.counting_unit
    AND before.iccs = coalesce(now.iccs, '') AND before.ref_area = now.ref_area AND before.time_period = now.time_period
WHERE now.value IS NOT NULL
