-- Grain: one row for each year without a rate of one ICCS category, area, sex, age, source, stage and counting unit.
-- reads: out.rate, out.observation
-- reason: why the count is missing, where it is; else why there is no rate.
WITH missing AS (
    SELECT source, stage, counting_unit, ref_area, sex, age, time_period, missing_reason
    FROM out.observation
    WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND freq = 'A' AND value IS NULL {{attributes}}
)
SELECT source, stage, counting_unit, ref_area, sex, age, CAST(time_period AS INTEGER) AS year,
    coalesce(missing_reason, no_rate_reason) AS reason
FROM out.rate
LEFT JOIN missing USING (source, stage, counting_unit, ref_area, sex, age, time_period)
WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND rate_per_100k IS NULL {{attributes}}
ORDER BY ALL
