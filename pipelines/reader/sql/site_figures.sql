-- Grain: one row for each country, category and year, of the most preferred series of a source that is shown.
-- reads: out.figure, out.series
SELECT ref_area, area_en, area_fr, area_es, iccs, iccs_level, category_en, category_fr, category_es, time_period, source, stage,
    counting_unit, counted_at, figure.is_preferred, other_series, value, population, population_source, rate_per_100k, ci_low, ci_high,
    limits_en, limits_fr, limits_es, few_events, missing_reason, no_rate_reason, iccs_made_from,
    composition_en, composition_fr, composition_es, obs_status,
    is_compared, caveats, caveats_en, caveats_fr, caveats_es, mapping_notes, break_before, break_note
FROM out.figure AS figure
JOIN out.series AS series USING (source, ref_area, iccs, stage, counting_unit, sex, age)
WHERE figure.area_level = 'country' AND sex = '_T' AND age = '_T' AND length(time_period) = 4
    AND NOT list_contains({{withheld}}, source)
QUALIFY preference = min(preference) OVER (PARTITION BY ref_area, iccs)
ORDER BY ref_area, iccs, time_period
