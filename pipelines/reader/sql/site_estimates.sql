-- Grain: one row for each series of estimates, or of shares as published, of a country: the last figure of its widest age
-- group, both sexes together, from a source that is shown.
-- reads: out.estimate, out.age, out.area
WITH asked AS (
    SELECT one.*, coalesce(known.lower_age, 0) AS youngest, coalesce(known.upper_age, 999) AS oldest
    FROM out.estimate AS one
    LEFT JOIN out.age AS known ON known.code = one.age
    WHERE one.area_level = 'country' AND one.freq = 'A' AND one.sex = '_T' AND one.age <> '_U' AND one.estimate IS NOT NULL
        AND NOT list_contains({{withheld}}, one.source) {{no_attributes}}
),
widest AS (
    SELECT * EXCLUDE (youngest, oldest)
    FROM asked
    WINDOW whole AS (PARTITION BY source, measure, national_code, ref_area, time_period)
    QUALIFY youngest = min(youngest) OVER whole AND oldest = max(oldest) OVER whole
)
SELECT source, ref_area, area.name_en AS area_en, area.name_fr AS area_fr, area.name_es AS area_es, iccs, national_label, measure, sdg, counting_unit, stage, universe, age, unit_of_measure, time_period,
    estimate, lower_limit, upper_limit, confidence_percent, caveats,
    min(time_period) OVER (PARTITION BY source, measure, national_code, ref_area, universe, age, unit_of_measure) AS first_period
FROM widest
JOIN out.area AS area ON area.code = widest.ref_area
QUALIFY row_number() OVER (
    PARTITION BY source, measure, national_code, ref_area, universe, age, unit_of_measure ORDER BY time_period DESC
) = 1
ORDER BY ref_area, iccs, source, measure, national_label
