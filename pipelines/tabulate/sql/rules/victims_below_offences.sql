-- Grain: one row for each annual figure that the source counts both in offences (or incidents, cases) and in victims.
-- needs: 2 counting units
-- reads: series
SELECT stage, 'victim' AS counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    victims.value AS found, offences.value AS expected, victims.value < offences.value * (1 - {{most_share}}) AS failing,
    CAST(victims.value AS BIGINT) || ' victims, ' || CAST(offences.value AS BIGINT) || ' ' || offences.counting_unit || 's'
        AS detail
FROM series AS victims
JOIN series AS offences USING (stage, iccs, ref_area, time_period)
WHERE victims.counting_unit = 'victim' AND offences.counting_unit IN ('offence', 'incident', 'case')
    AND list_contains({{categories}}, iccs) AND victims.value IS NOT NULL AND offences.value IS NOT NULL
