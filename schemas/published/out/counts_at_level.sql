-- out.counts_at_level(level): counts at one ICCS level (1 to 4), with every count of the tree exactly once.
-- part: category (a category of that level); coarser (a higher category below which the source gives nothing); rest (the
-- part of a higher category that is not in its children). rollup: complete; incomplete (NULL: a part has no value);
-- children_exceed (NULL: the children given add up to more than their category). Combinations outside the tree are left out.
-- Grain: one row for each cell of out.observation that is one of these three.
-- reads: out.observation, out.iccs
CREATE OR REPLACE MACRO out.counts_at_level(level) AS TABLE
WITH cell AS (
    SELECT observation.*, category.level AS iccs_level, category.parent
    FROM out.observation AS observation
    JOIN out.iccs AS category ON category.code = observation.iccs
    WHERE category.in_tree AND category.level <= CASE WHEN level BETWEEN 1 AND 4 THEN level
        ELSE error('counts_at_level: level is 1, 2, 3 or 4') END
),
below AS (
    SELECT source, ref_area, time_period, freq, parent AS iccs, stage, counting_unit, sex, age, {{attributes}},
        sum(value) AS given, count(*) AS children, count(value) AS with_value,
        out.weakest_status(obs_status) AS status_below, out.merge_caveats(caveats) AS caveats_below
    FROM cell
    WHERE parent IS NOT NULL
    GROUP BY ALL
),
placed AS (
    SELECT cell.*, given, children, with_value, status_below, caveats_below,
        CASE WHEN iccs_level = level THEN 'category' WHEN children IS NULL THEN 'coarser' ELSE 'rest' END AS part
    FROM cell
    LEFT JOIN below
        USING (source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, age, {{attributes}})
)
SELECT source, vintage, ref_area, area_level, time_period, freq, iccs, iccs_level, iccs_made_from, part, stage, counting_unit, sex, age,
    {{attributes}},
    CASE WHEN part <> 'rest' THEN value WHEN children = with_value AND value >= given THEN value - given END AS value,
    CASE WHEN part = 'rest' THEN out.weaker_status(obs_status, status_below) ELSE obs_status END AS obs_status,
    CASE
        WHEN value IS NULL OR (part = 'rest' AND children > with_value) THEN 'incomplete'
        WHEN part = 'rest' AND value < given THEN 'children_exceed'
        ELSE 'complete'
    END AS rollup,
    out.join_caveats(caveats, CASE WHEN part = 'rest' THEN caveats_below END) AS caveats
FROM placed
WHERE part <> 'rest' OR iccs_made_from IS NULL OR list_contains(string_split(iccs_made_from, ';'), '=')
    OR (value IS NULL AND children = with_value)  -- a child that should be there is not
