-- out.trend_of(iccs, area, sex := '_T', age := '_T'): the annual series of one ICCS category in one area.
-- A code that is not in out.iccs, out.area, out.sex or out.age is refused; no row means that no source has figures.
-- Grain: one row for each source, counting unit, stage and year.
CREATE OR REPLACE MACRO out.trend_of(iccs, area, sex := '_T', age := '_T') AS TABLE
WITH asked AS (
    SELECT
        CASE WHEN iccs IN (SELECT code FROM out.iccs) THEN iccs
            ELSE error(concat('trend_of: no code ''', coalesce(iccs, 'NULL'), ''' in out.iccs; nearest: ',
                (SELECT arg_max(code, CAST(ltrim(code, '0') = ltrim(iccs, '0') AS INTEGER)
                    + jaro_winkler_similarity(code, upper(iccs))) FROM out.iccs))) END AS iccs,
        CASE WHEN area IN (SELECT code FROM out.area) THEN area
            ELSE error(concat('trend_of: no code ''', coalesce(area, 'NULL'), ''' in out.area; nearest: ',
                (SELECT arg_max(code, CAST(ltrim(code, '0') = ltrim(area, '0') AS INTEGER)
                    + jaro_winkler_similarity(code, upper(area))) FROM out.area))) END AS ref_area,
        CASE WHEN sex IN (SELECT code FROM out.sex) THEN sex
            ELSE error(concat('trend_of: no code ''', coalesce(sex, 'NULL'), ''' in out.sex; nearest: ',
                (SELECT arg_max(code, CAST(ltrim(code, '0') = ltrim(sex, '0') AS INTEGER)
                    + jaro_winkler_similarity(code, upper(sex))) FROM out.sex))) END AS sex,
        CASE WHEN age IN (SELECT code FROM out.age) THEN age
            ELSE error(concat('trend_of: no code ''', coalesce(age, 'NULL'), ''' in out.age; nearest: ',
                (SELECT arg_max(code, CAST(ltrim(code, '0') = ltrim(age, '0') AS INTEGER)
                    + jaro_winkler_similarity(code, upper(age))) FROM out.age))) END AS age
)
SELECT
    source, counting_unit, stage, ref_area, time_period, value, population, rate_per_100k, ci_low, ci_high,
    no_rate_reason, obs_status, caveats
FROM out.rate
JOIN asked USING (iccs, ref_area, sex, age)
WHERE ({{attributes}}) = ({{totals}})
ORDER BY source, counting_unit, stage, time_period
