-- Grain: one row for each monthly series, recent month and load of a source with several loads: the count as that load
-- gave it. Loads from before the source definition or the program changed what a series counts are left out of that series,
-- as the difference is not late reporting. A load of the same files shows such a change in any month, a load of other files
-- in months too old for late reports. The value in a load is the one that the first later change replaced; without a later
-- change, it is today's.
-- reads: out.observation, out.revision, out.vintage
WITH loads AS (
    SELECT source, loaded_at
    FROM out.vintage
    QUALIFY count(*) OVER (PARTITION BY source) >= {{fewest_editions}}
),
latest AS (
    SELECT source, vintage, ref_area, area_level, iccs, iccs_made_from, stage, counting_unit, sex, time_period, value, obs_status, caveats
    FROM out.observation
    WHERE freq = 'M' AND age = '_T' AND sex NOT IN ('_U', '_Z') AND source IN (SELECT source FROM loads) {{no_attributes}}
    QUALIFY dense_rank() OVER (PARTITION BY source ORDER BY time_period DESC) <= {{months}}
),
changed AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, time_period, loaded_at, old_value
    FROM out.revision
    WHERE freq = 'M' AND age = '_T' {{no_attributes}}
),
made_otherwise AS (
    SELECT *, 12 * CAST(left(time_period, 4) AS INTEGER) + CAST(right(time_period, 2) AS INTEGER) AS month,
        max(month) FILTER (revision_reason = 'new_period') OVER (PARTITION BY source, loaded_at) AS newest_month
    FROM out.revision
    WHERE freq = 'M' AND age = '_T' {{no_attributes}} AND revision_cause <> 'files'
),
redefined AS (
    SELECT source, ref_area, iccs, stage, counting_unit, sex, max(loaded_at) AS redefined_at
    FROM made_otherwise
    WHERE revision_reason IN ('corrected', 'withdrawn', 'completed', 'new_cell', 'new_category')
        AND (NOT list_contains(string_split(revision_cause, ';'), 'files')
            OR newest_month IS NULL OR month < newest_month - {{longest_delay}})
    GROUP BY ALL
)
SELECT latest.*, loads.loaded_at,
    CASE WHEN count(changed.loaded_at) > 0 THEN arg_min_null(changed.old_value, changed.loaded_at) ELSE any_value(latest.value) END AS value_then
FROM latest
JOIN loads USING (source)
LEFT JOIN changed
    ON changed.source = latest.source AND changed.ref_area = latest.ref_area AND changed.iccs = latest.iccs
    AND changed.stage = latest.stage AND changed.counting_unit = latest.counting_unit AND changed.sex = latest.sex
    AND changed.time_period = latest.time_period AND changed.loaded_at > loads.loaded_at
LEFT JOIN redefined
    ON redefined.source = latest.source AND redefined.ref_area = latest.ref_area AND redefined.iccs = latest.iccs
    AND redefined.stage = latest.stage AND redefined.counting_unit = latest.counting_unit AND redefined.sex = latest.sex
WHERE loads.loaded_at >= coalesce(redefined.redefined_at, loads.loaded_at)
GROUP BY ALL
ORDER BY ALL
