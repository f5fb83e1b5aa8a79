-- out.revision_triangle(source, iccs, area, sex := '_T', age := '_T', freq := 'A'): one series as given by each vintage.
-- value is the one in that vintage, NULL if it had none; change_from_first is relative to the first vintage that had a
-- value for the period. An unknown code is refused.
-- Grain: one row for each stage, counting unit, period and load of the source.
-- reads: out.observation, out.revision, out.vintage, out.source, out.iccs, out.area, out.sex, out.age
CREATE OR REPLACE MACRO out.revision_triangle(source, iccs, area, sex := '_T', age := '_T', freq := 'A') AS TABLE
WITH asked AS (
    SELECT
        CASE WHEN source IN (SELECT about.source FROM out.source AS about) THEN source
            ELSE error(concat('revision_triangle: no source ''', coalesce(source, 'NULL'), ''' in out.source; there are: ',
                (SELECT string_agg(about.source, ', ' ORDER BY about.source) FROM out.source AS about))) END AS source,
        {{known_iccs}} AS iccs,
        {{known_area}} AS ref_area,
        {{known_sex}} AS sex,
        {{known_age}} AS age,
        CASE WHEN freq IN ('A', 'Q', 'M') THEN freq ELSE error('revision_triangle: freq is ''A'', ''Q'' or ''M''') END AS freq
),
latest AS (
    SELECT stage, counting_unit, time_period, value
    FROM out.observation
    JOIN asked USING (source, iccs, ref_area, sex, age, freq)
    WHERE ({{attributes}}) = ({{totals}})
),
changed AS (
    SELECT stage, counting_unit, time_period, loaded_at, old_value
    FROM out.revision
    JOIN asked USING (source, iccs, ref_area, sex, age, freq)
    WHERE ({{attributes}}) = ({{totals}})
),
period AS (
    SELECT stage, counting_unit, time_period FROM latest
    UNION
    SELECT stage, counting_unit, time_period FROM changed
),
-- The value in a vintage is the one that the first later change replaced; without a later change, today's value.
said AS (
    SELECT period.stage, period.counting_unit, period.time_period, load.vintage, load.loaded_at,
        CASE WHEN count(changed.loaded_at) > 0 THEN arg_min_null(changed.old_value, changed.loaded_at)
            ELSE any_value(latest.value) END AS value
    FROM period
    JOIN out.vintage AS load ON load.source = source
    LEFT JOIN latest USING (stage, counting_unit, time_period)
    LEFT JOIN changed
        ON changed.stage = period.stage AND changed.counting_unit = period.counting_unit
        AND changed.time_period = period.time_period AND changed.loaded_at > load.loaded_at
    GROUP BY ALL
)
SELECT *, value - first_value(value IGNORE NULLS) OVER (
    PARTITION BY stage, counting_unit, time_period ORDER BY loaded_at
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
) AS change_from_first
FROM said
ORDER BY stage, counting_unit, time_period, loaded_at
