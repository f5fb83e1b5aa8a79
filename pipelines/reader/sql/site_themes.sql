-- Grain: one row for each theme of the Kyoto Declaration.
-- reads: out.theme
SELECT theme_id, paragraph, theme_en, theme_fr, theme_es, iccs_selection, attribute_filter, indicator_wanted, note
FROM out.theme
ORDER BY theme_id
