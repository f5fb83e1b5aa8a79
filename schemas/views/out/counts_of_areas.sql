-- out.counts_of_areas(areas): counts of a list of areas taken together, e.g. ['MX-JAL', 'MX-COL'] or ['SE', 'NO', 'DK'].
-- Refused where one of them lies in another. A value only where every area has one; areas_there says how many have.
-- rollup: complete or incomplete. Counting units, stages and sources are never added together.
-- Grain: one row for each source (of all areas in it), period, category, stage, counting unit, sex, age and attributes.
CREATE OR REPLACE MACRO out.counts_of_areas(areas) AS TABLE
WITH asked AS (
    SELECT DISTINCT unnest(areas) AS ref_area
),
nested AS (
    SELECT low.code AS area
    FROM out.area AS low
    LEFT JOIN out.area AS middle ON middle.code = low.parent
    WHERE low.code IN (FROM asked)
        AND (low.parent IN (FROM asked) OR middle.parent IN (FROM asked))
),
added AS (
    SELECT source, vintage, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}},
        sum(value) AS total, count(value) AS areas_there, min(obs_status) AS lowest, max(obs_status) AS highest,
        nullif(array_to_string(list_sort(list_distinct(flatten(list(string_split(caveats, ';'))))), ';'), '') AS caveats
    FROM out.observation
    SEMI JOIN asked USING (ref_area)
    WHERE CASE WHEN (SELECT count(*) FROM nested) > 0 THEN error('counts_of_areas: one of the areas lies in another')
        ELSE true END
    GROUP BY ALL
)
SELECT source, vintage, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}},
    CASE WHEN areas_there = areas_asked THEN total END AS value,
    CASE WHEN areas_there < areas_asked THEN 'O' WHEN lowest IN ('A', highest) THEN highest ELSE 'E' END AS obs_status,
    areas_there, areas_asked,
    CASE WHEN areas_there = areas_asked THEN 'complete' ELSE 'incomplete' END AS rollup,
    caveats
FROM added
CROSS JOIN (SELECT count(*) AS areas_asked FROM asked)
