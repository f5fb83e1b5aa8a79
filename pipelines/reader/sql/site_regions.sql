-- Grain: one row for each region and category: its latest year with a figure, of the most preferred series of a source that
-- is shown.
-- reads: out.figure, out.series
WITH shown AS (
    SELECT figure.*
    FROM out.figure AS figure
    JOIN out.series AS series USING (source, ref_area, iccs, stage, counting_unit, sex, age)
    WHERE figure.area_level = 'admin1' AND sex = '_T' AND age = '_T' AND length(time_period) = 4
        AND NOT list_contains({{withheld}}, source)
    QUALIFY preference = min(preference) OVER (PARTITION BY ref_area, iccs)
)
SELECT country, ref_area, area_en, area_fr, area_es, iccs, time_period, source, stage, counting_unit, value, population,
    population_source, rate_per_100k, ci_low, ci_high, few_events, is_compared, caveats_en, caveats_fr, caveats_es
FROM shown
WHERE value IS NOT NULL
QUALIFY time_period = max(time_period) OVER (PARTITION BY ref_area, iccs)
ORDER BY country, iccs, area_en
