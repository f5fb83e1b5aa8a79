-- Grain: one row for each region and category: its latest year with a figure, of the preferred series.
-- reads: out.headline
SELECT country, ref_area, area_en, area_fr, area_es, iccs, time_period, source, stage, counting_unit, value, population,
    population_source, rate_per_100k, ci_low, ci_high, few_events, caveats_en, caveats_fr, caveats_es
FROM out.headline
WHERE area_level = 'admin1' AND is_preferred AND length(time_period) = 4 AND value IS NOT NULL
QUALIFY time_period = max(time_period) OVER (PARTITION BY ref_area, iccs)
ORDER BY country, iccs, area_en
