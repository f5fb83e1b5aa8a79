-- Grain: one row for each figure asked for, series by series.
-- reads: out.estimate, out.iccs
SELECT estimate.* EXCLUDE (vintage), title_en, title_fr, title_es
FROM out.estimate AS estimate
LEFT JOIN out.iccs AS iccs ON iccs.code = estimate.iccs
WHERE ($iccs IS NULL OR estimate.iccs = $iccs OR (starts_with(estimate.iccs, $iccs) AND NOT contains(estimate.iccs, '_'))) AND (len($areas) = 0 OR list_contains($areas, ref_area))
    AND ($sdg IS NULL OR sdg = $sdg) AND estimate.sex = $sex
ORDER BY estimate.iccs, source, measure, national_code, ref_area, (relationship, citizenship) <> ('_T', '_T'), age <> '_T', age,
    relationship, citizenship, time_period
