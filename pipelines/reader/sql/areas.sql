-- Grain: one row for each area with annual figures, countries first, each area before its parts.
-- reads: out.area, out.series
SELECT area.code, area.name_en, area.name_fr, area.name_es, area.area_level, area.parent, figures.sources,
    figures.first_period, figures.last_period
FROM out.area AS area
JOIN (
    SELECT ref_area, count(DISTINCT source) AS sources, min(first_period) AS first_period, max(last_period) AS last_period
    FROM out.series
    WHERE years > 0
    GROUP BY ref_area
) AS figures ON figures.ref_area = area.code
ORDER BY area.area_level <> 'country', area.code
