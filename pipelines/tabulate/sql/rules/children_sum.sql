-- Grain: one row for each annual figure of an ICCS category that has figures of categories directly inside it.
-- reads: series, iccs_parent
SELECT stage, counting_unit, annual.iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    sum(child.value) AS found, any_value(annual.value) AS expected,
    found > any_value(annual.value) + {{tolerance}} AS failing,
    'inside it: ' || string_agg(child.iccs || ' ' || number_text(child.value), ', ' ORDER BY child.iccs)
        AS detail
FROM series AS annual
JOIN series AS child USING (stage, counting_unit, ref_area, time_period)
JOIN iccs_parent AS parent ON parent.code = child.iccs AND parent.parent = annual.iccs
WHERE annual.value IS NOT NULL AND child.value IS NOT NULL
GROUP BY stage, counting_unit, annual.iccs, ref_area, time_period
