-- Grain: one row for each result of a programme asked for, with the title of its category.
-- reads: out.evaluation, out.iccs
SELECT evaluation.*, title_en AS title
FROM out.evaluation AS evaluation
LEFT JOIN out.iccs AS iccs ON iccs.code = evaluation.iccs
WHERE ($iccs IS NULL OR starts_with(evaluation.iccs, $iccs)) AND (len($areas) = 0 OR list_contains($areas, ref_area))
ORDER BY evaluation.iccs, ref_area, started, programme
