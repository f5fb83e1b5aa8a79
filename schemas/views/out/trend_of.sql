-- out.trend_of(iccs, area, sex := '_T', age := '_T'): the annual series of one ICCS category in one area.
-- Grain: one row for each source, counting unit, stage and year.
CREATE OR REPLACE MACRO out.trend_of(iccs, area, sex := '_T', age := '_T') AS TABLE
SELECT
    rate.source, rate.counting_unit, rate.stage, rate.ref_area, rate.time_period, rate.value, rate.population,
    rate.rate_per_100k, rate.ci_low, rate.ci_high, rate.obs_status, rate.caveats
FROM out.rate AS rate
WHERE rate.iccs = iccs AND rate.ref_area = area AND rate.sex = sex AND rate.age = age
    AND rate.attempted = '_T' AND rate.weapon = '_T' AND rate.relationship = '_T' AND rate.citizenship = '_T'
    AND rate.motive = '_T' AND rate.cyber = '_T' AND rate.situational_context = '_T'
ORDER BY rate.source, rate.counting_unit, rate.stage, rate.time_period
