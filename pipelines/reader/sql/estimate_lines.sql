-- Grain: one row for each series of estimates asked for that has a line.
-- reads: out.estimate, out.estimate_trend
SELECT *
FROM out.estimate_trend AS line
WHERE ($iccs IS NULL OR iccs = $iccs OR (starts_with(iccs, $iccs) AND NOT contains(iccs, '_'))) AND (len($areas) = 0 OR list_contains($areas, ref_area)) AND sex = $sex
    AND ($sdg IS NULL OR EXISTS (
        FROM out.estimate AS estimate
        WHERE estimate.source = line.source AND estimate.measure = line.measure AND estimate.sdg = $sdg))
ORDER BY iccs, source, measure, national_code, ref_area, age
