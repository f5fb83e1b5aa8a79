-- Grain: one row for each figure of one ICCS category, sex and age, of some areas or, where none are given, of countries.
-- reads: out.figure
SELECT ref_area, area_en, area_fr, area_es, area_level, time_period, source, stage, counting_unit, counted_at, value, events,
    population, population_source, rate_per_100k, ci_low, ci_high, no_rate_reason, iccs_made_from, composition_en,
    composition_fr, composition_es, obs_status, completeness, caveats, caveats_en, caveats_fr, caveats_es, break_before
FROM out.figure
WHERE iccs = $iccs AND sex = $sex AND age = $age
    AND CASE WHEN $areas IS NULL THEN area_level = 'country' ELSE list_contains($areas, ref_area) END
ORDER BY ref_area, time_period
