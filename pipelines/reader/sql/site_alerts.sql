-- Grain: one row for each region, category, series and month that is higher than its past explains, of both sexes together.
-- reads: out.alert, out.area, out.iccs
SELECT alert.source, alert.ref_area, area.name_en AS area_en, area.name_fr AS area_fr, area.name_es AS area_es,
    left(alert.ref_area, 2) AS country, alert.iccs, category.title_en AS category_en, category.title_fr AS category_fr,
    category.title_es AS category_es, alert.stage, alert.counting_unit, alert.time_period, alert.value, alert.count_expected,
    alert.count_upper
FROM out.alert AS alert
JOIN out.area AS area ON area.code = alert.ref_area
JOIN out.iccs AS category ON category.code = alert.iccs
WHERE is_alert AND sex = '_T' AND alert.area_level = 'admin1' AND area.parent IS NOT NULL
ORDER BY alert.ref_area, alert.iccs, alert.time_period, alert.source, alert.stage, alert.counting_unit
