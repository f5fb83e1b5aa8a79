-- out.observation_asof(at_time): out.observation at an earlier time, for each source with the vintage current at that time.
-- at_time is a day ('2026-11-22' means its end) or a time in UTC; a source not yet loaded by then has no row.
-- Grain: one row for each observation of that state. It is out.observation with later out.revision undone.
-- reads: out.observation, out.vintage, out.revision, out.source
CREATE OR REPLACE MACRO out.observation_asof(at_time) AS TABLE
WITH asked AS (
    SELECT CASE
        WHEN at_time IS NULL THEN error('observation_asof: at_time is a day (''2026-11-22'') or a time in UTC')
        WHEN length(CAST(at_time AS VARCHAR)) = 10 THEN CAST(at_time AS TIMESTAMP) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
        ELSE CAST(at_time AS TIMESTAMP)
    END AS moment
),
state AS (
    SELECT source, arg_max(vintage, loaded_at) AS vintage
    FROM out.vintage
    WHERE loaded_at <= (SELECT moment FROM asked)
    GROUP BY source
),
undone AS (
    SELECT revision.* REPLACE (state.vintage AS vintage)
    FROM out.revision AS revision
    JOIN state USING (source)
    JOIN out.source AS about ON about.source = revision.source AND about.kind <> 'population'
    WHERE loaded_at > (SELECT moment FROM asked)
    QUALIFY row_number() OVER (
        PARTITION BY revision.source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}}
        ORDER BY loaded_at
    ) = 1
)
SELECT observation.* REPLACE (state.vintage AS vintage)
FROM out.observation AS observation
JOIN state USING (source)
ANTI JOIN undone USING (source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}})
UNION ALL BY NAME
SELECT
    source, vintage, ref_area, area_level, time_period, freq, iccs, old_iccs_made_from AS iccs_made_from, stage,
    counting_unit, sex, age, {{attributes}}, old_value AS value, old_obs_status AS obs_status,
    old_missing_reason AS missing_reason, old_conf_status AS conf_status, old_completeness AS completeness,
    old_caveats AS caveats
FROM undone
WHERE was_there
