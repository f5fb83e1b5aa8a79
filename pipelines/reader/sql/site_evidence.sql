-- Grain: one row for each result on a programme that everybody may have, with the names of its area and category.
-- reads: out.evaluation, out.area, out.iccs
SELECT evaluation.*, coalesce(area.name_en, evaluation.ref_area) AS area_en, area.name_fr AS area_fr,
    area.name_es AS area_es, coalesce(iccs.title_en, '') AS category_en, iccs.title_fr AS category_fr,
    iccs.title_es AS category_es
FROM out.evaluation AS evaluation
LEFT JOIN out.area AS area ON area.code = evaluation.ref_area
LEFT JOIN out.iccs AS iccs ON iccs.code = evaluation.iccs
WHERE share_level = 'public'
ORDER BY evaluation.iccs, evaluation.ref_area, started, programme
