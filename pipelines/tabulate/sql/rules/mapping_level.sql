-- Grain: one row for each stage and counting unit of the source: the ICCS levels of its linked counts. A second
-- level without a third (homicide, 0101) is as fine as the ICCS goes.
-- reads: iccs_parent, mapped, links
WITH levels AS (
    SELECT stage, counting_unit, sum(count) AS count,
        length(iccs_code) NOT IN (5, 6) AND (length(iccs_code) <> 4 OR iccs_code IN (SELECT parent FROM iccs_parent)) AS coarse,
        CASE length(iccs_code) WHEN 4 THEN 'level 2' WHEN 5 THEN 'level 3' WHEN 6 THEN 'level 4' ELSE 'combined' END AS level
    FROM mapped
    JOIN links USING (link)
    WHERE iccs_code IS NOT NULL
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    coalesce(sum(count) FILTER (coarse), 0) / sum(count) AS found, {{most}} AS expected,
    found > {{most}} AS failing,
    (
        SELECT string_agg(one.level || ' ' || round(one.count * 100 / nullif(whole.count, 0), 1) || ' %', ', ' ORDER BY one.level)
        FROM (SELECT stage, counting_unit, level, sum(count) AS count FROM levels GROUP BY ALL) AS one
        JOIN (SELECT stage, counting_unit, sum(count) AS count FROM levels GROUP BY ALL) AS whole USING (stage, counting_unit)
        WHERE one.stage = levels.stage AND one.counting_unit = levels.counting_unit
    ) AS detail
FROM levels
GROUP BY stage, counting_unit
HAVING sum(count) > 0
