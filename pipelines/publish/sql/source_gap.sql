-- Grain: one row for each category, country, year and sex, and each ordered pair of sources and counting units.
-- reads: out.observation
-- writes: out.source_gap
INSERT INTO out.source_gap BY NAME
WITH figure AS (
    SELECT source, counting_unit, iccs, ref_area, time_period, sex, value
    FROM out.observation
    WHERE freq = 'A' AND area_level = 'country' AND stage = 'recorded' AND age = '_T' {{no_attributes}}
        AND list_contains({{categories}}, iccs) AND value IS NOT NULL
)
SELECT iccs, ref_area, time_period, sex, one.source, one.counting_unit, other.source AS other_source,
    other.counting_unit AS other_counting_unit, one.value, other.value AS other_value,
    {{percent}} AS gap_percent,
    {{no_percent}} AS no_percent_reason
FROM figure AS one
JOIN figure AS other USING (iccs, ref_area, time_period, sex)
WHERE one.source <> other.source
ORDER BY ALL
