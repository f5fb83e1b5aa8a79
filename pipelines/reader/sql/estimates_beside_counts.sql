-- Grain: one row for each estimate asked for and recorded count beside it.
-- reads: out.dark_figure
SELECT *
FROM out.dark_figure
WHERE ($iccs IS NULL OR iccs = $iccs OR (starts_with(iccs, $iccs) AND NOT contains(iccs, '_'))) AND (len($areas) = 0 OR list_contains($areas, ref_area)) AND sex = $sex
ORDER BY ref_area, iccs, time_period, survey_source, measure, national_code, recorded_source, recorded_counting_unit
