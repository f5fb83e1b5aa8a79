-- out.trend_of(iccs, area, sex := '_T', age := '_T'): the annual series of one ICCS category in one area.
-- A code that is not in out.iccs, out.area, out.sex or out.age is refused; no rows mean that no source has figures.
-- Grain: one row for each source, counting unit, stage and year.
-- reads: out.rate, out.iccs, out.area, out.sex, out.age
CREATE OR REPLACE MACRO out.trend_of(iccs, area, sex := '_T', age := '_T') AS TABLE
WITH asked AS (
    SELECT
        {{known_iccs}} AS iccs,
        {{known_area}} AS ref_area,
        {{known_sex}} AS sex,
        {{known_age}} AS age
)
SELECT
    source, counting_unit, stage, ref_area, time_period, value, population, rate_per_100k, ci_low, ci_high,
    no_rate_reason, obs_status, caveats
FROM out.rate
JOIN asked USING (iccs, ref_area, sex, age)
WHERE ({{attributes}}) = ({{totals}})
ORDER BY source, counting_unit, stage, time_period
