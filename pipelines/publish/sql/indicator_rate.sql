-- Grain: one row for each annual rate of one indicator, of the counting unit preferred among those of the area.
-- reads: out.rate
SELECT
    source, vintage, ref_area, area_level, time_period, iccs_made_from, stage, counting_unit, sex, age,
    rate_per_100k AS value,
    CASE WHEN {{interval}} THEN ci_low END AS ci_low,
    CASE WHEN {{interval}} THEN ci_high END AS ci_high,
    value AS numerator, population AS denominator, few_events, obs_status, completeness, caveats
FROM out.rate
WHERE {{counts}} AND rate_per_100k IS NOT NULL
QUALIFY {{preferred}}
