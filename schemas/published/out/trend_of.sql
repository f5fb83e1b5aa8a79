-- out.trend_of(iccs, area, sex := '_T', age := '_T', source := NULL, stage := NULL, counting_unit := NULL): one annual
-- series of one ICCS category in one area: the preferred one (out.series_rank) if there are several. other_series lists
-- the others; select one of them by source, stage or counting_unit. A code that is not in out.iccs, out.area, out.sex or
-- out.age, and a source, stage or unit without a series, are refused; no rows mean that there are no figures.
-- Grain: one row for each year.
-- reads: out.rate, out.iccs, out.area, out.sex, out.age
CREATE OR REPLACE MACRO out.trend_of(
    iccs, area, sex := '_T', age := '_T', source := NULL, stage := NULL, counting_unit := NULL
) AS TABLE
WITH asked AS (
    SELECT
        {{known_iccs}} AS iccs,
        {{known_area}} AS ref_area,
        {{known_sex}} AS sex,
        {{known_age}} AS age
),
every AS (
    SELECT rate.*
    FROM out.rate AS rate
    JOIN asked USING (iccs, ref_area, sex, age)
    WHERE ({{attributes}}) = ({{totals}})
),
-- Unqualified names of arguments are the arguments: columns of the same name are qualified.
candidate AS (
    SELECT every.source, every.stage, every.counting_unit, min(time_period) AS first_period,
        concat(every.source, ': ', every.stage, ' ', every.counting_unit, 's') AS name,
        coalesce(every.source = source, true) AND coalesce(every.stage = stage, true)
            AND coalesce(every.counting_unit = counting_unit, true) AS admitted,
        row_number() OVER (
            ORDER BY admitted DESC, count(value) = 0, out.series_rank(every.stage, every.counting_unit), every.source
        ) AS place
    FROM every
    GROUP BY every.source, every.stage, every.counting_unit
),
chosen AS (
    SELECT one.source, one.stage, one.counting_unit,
        CASE WHEN one.admitted THEN (SELECT string_agg(other.name, '; ' ORDER BY other.place) FROM candidate AS other
                WHERE other.place > 1)
            ELSE error(concat('trend_of: no series of ', concat_ws(' ', source, stage, counting_unit), '; there are: ',
                (SELECT string_agg(other.name, '; ' ORDER BY other.place) FROM candidate AS other))) END AS other_series
    FROM candidate AS one
    WHERE one.place = 1
)
SELECT
    every.source, every.counting_unit, every.stage, every.ref_area, every.time_period, every.value, every.population,
    every.rate_per_100k, every.ci_low, every.ci_high, every.rate_at_least, every.rate_at_most,
    every.no_rate_reason, every.iccs_made_from, every.obs_status, every.caveats,
    every.population_source, every.completeness, chosen.other_series
FROM every
JOIN chosen ON chosen.source = every.source AND chosen.stage = every.stage
    AND chosen.counting_unit = every.counting_unit
ORDER BY every.time_period
