-- Grain: one row for each category: how many of the figures that the file gives for it have decimals. A file in which they
-- are intended declares them as estimates (E), so that no limits of counts are computed from them. Rates of a category
-- seldom reach a thousand; figures that do are accepted as they are.
-- reads: core, links
SELECT core.stage, core.counting_unit, core.iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    count(*) FILTER (core.value <> round(core.value)) / count(*) AS found, {{share}} AS expected,
    count(*) FILTER (core.value <> round(core.value)) >= {{share}} * count(*) AND max(core.value) < {{largest}} AS failing,
    core.iccs || ': ' || count(*) FILTER (core.value <> round(core.value)) || ' of ' || count(*) || ' figures have decimals, such as '
        || any_value(core.value) FILTER (core.value <> round(core.value)) AS detail,
    count(*) FILTER (core.value <> round(core.value)) AS size
FROM core
JOIN links USING (link)
WHERE core.value > 0 AND CAST(core.obs_status AS VARCHAR) <> 'E' AND CAST(links.weight AS DOUBLE) = 1
GROUP BY core.stage, core.counting_unit, core.iccs
