-- out.counts_of_areas(areas): counts of a list of areas taken together, e.g. ['MX-JAL', 'MX-COL'] or ['SE', 'NO', 'DK'].
-- Refused if one of them is part of another or is not in out.area. A value is given only if every area has one;
-- areas_there is the number that have; iccs_made_from has each of their compositions, separated by ' | '.
-- rollup: complete or incomplete. Counting units, stages and sources are never added together.
-- Grain: one row for each source (of all areas in it), period, category, stage, counting unit, sex, age and attributes.
-- reads: out.observation, out.area
CREATE OR REPLACE MACRO out.counts_of_areas(areas) AS TABLE
WITH given AS (
    SELECT DISTINCT unnest(areas) AS area
),
looked_up AS (
    SELECT area, low.code, low.parent IN (FROM given) OR middle.parent IN (FROM given) AS lies_in_another
    FROM given
    LEFT JOIN out.area AS low ON low.code = area
    LEFT JOIN out.area AS middle ON middle.code = low.parent
),
asked AS (
    SELECT unnest(CASE
        WHEN count(*) = 0 THEN error('counts_of_areas: give a list of areas, e.g. [''MX-JAL'', ''MX-COL'']')
        WHEN count(*) > count(code) THEN error(concat('counts_of_areas: not in out.area: ',
            string_agg(coalesce(area, 'NULL'), ', ' ORDER BY area) FILTER (code IS NULL)))
        WHEN bool_or(lies_in_another) THEN error(concat('counts_of_areas: one of the areas lies in another: ',
            string_agg(area, ', ' ORDER BY area) FILTER (lies_in_another)))
        ELSE list(code)
    END) AS ref_area
    FROM looked_up
),
added AS (
    SELECT source, vintage, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}},
        sum(value) AS total, count(value) AS areas_there, out.weakest_status(obs_status) AS status,
        out.merge_caveats(caveats) AS caveats,
        out.merge_compositions(iccs_made_from) AS iccs_made_from
    FROM out.observation
    SEMI JOIN asked USING (ref_area)
    GROUP BY ALL
)
SELECT source, vintage, time_period, freq, iccs, iccs_made_from, stage, counting_unit, sex, age, {{attributes}},
    CASE WHEN areas_there = areas_asked THEN total END AS value,
    CASE WHEN areas_there < areas_asked THEN 'O' ELSE status END AS obs_status,
    areas_there, areas_asked,
    CASE WHEN areas_there = areas_asked THEN 'complete' ELSE 'incomplete' END AS rollup,
    caveats
FROM added
CROSS JOIN (SELECT count(*) AS areas_asked FROM asked)
