-- Grain: one row for each area, year, stage and counting unit with figures, of areas that were made or dissolved.
-- reads: given, area_validity
SELECT DISTINCT stage, counting_unit, NULL AS iccs, ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex,
    NULL AS age, year AS found, coalesce(valid_from, valid_to) AS expected,
    coalesce(year < valid_from, false) OR coalesce(year > valid_to, false) AS failing,
    ref_area || CASE WHEN year < valid_from THEN ' exists from ' || valid_from ELSE ' existed until ' || valid_to END
        AS detail
FROM given
JOIN area_validity ON area_validity.area = given.ref_area
WHERE given.value IS NOT NULL
