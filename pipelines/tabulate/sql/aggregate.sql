-- Grain of what is added: one row for each area (also those above), period, ICCS category and combination of the
-- dimensions asked for, totals marked _T. present and expected count the area-period cells summed in each cell.
-- reads: core, period_list, climb, area_ancestor, area_expected, partly_covered, already_given, made_from
-- writes: cells
INSERT INTO cells BY NAME
-- present: periods of the data in which every cell summed in this one has a value, counted by a bit for each.
WITH base AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, area_level, {{period}} AS time_period{{dimensions}},
        sum(value) AS value,
        bit_count(
            coalesce(bit_or(place) FILTER (value IS NOT NULL), 0) & ~coalesce(bit_or(place) FILTER (value IS NULL), 0)
        ) AS present,
        min(obs_status) AS lowest, max(obs_status) AS highest
    FROM core
    JOIN period_list USING (time_period)
    WHERE measure = {{measure}}
    GROUP BY ALL
),
-- National codes into their category. Where every cell is written, an area that lacks a code which others give for the
-- same cell has an incomplete sum. Of what has no stated place, only what there is is written.
summed AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}},
        sum(value) AS value,
        min(present) * CASE WHEN {{cells}} AND area_level <> 'not_stated' THEN count(*) / max(count(*)) OVER (
            PARTITION BY stage, counting_unit, iccs, time_period{{dimensions}}
        ) ELSE 1 END AS present,
        min(lowest) AS lowest, max(highest) AS highest
    FROM base
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}}
),
added AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{totals}},
        sum(value) AS value, min(present) AS present, count(*) AS parts, min(lowest) AS lowest, max(highest) AS highest
    FROM summed
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period, GROUPING SETS ({{sets}})
),
-- Where every cell is written, an area that lacks a part which others give for the same total has an incomplete total.
totalled AS (
    SELECT * EXCLUDE (parts) REPLACE (
        present * CASE WHEN {{cells}} AND area_level <> 'not_stated' THEN parts / max(parts) OVER (
            PARTITION BY stage, counting_unit, iccs, time_period{{dimensions}}
        ) ELSE 1 END AS present
    )
    FROM added
),
rolled AS (
    SELECT stage, counting_unit, coalesce(up.ancestor, totalled.iccs) AS iccs, ref_area, area_level,
        time_period{{dimensions}},
        sum(value) AS value,
        min(present) * CASE WHEN {{cells}} AND area_level <> 'not_stated' THEN count(*) / max(count(*)) OVER (
            PARTITION BY stage, counting_unit, coalesce(up.ancestor, totalled.iccs), time_period{{dimensions}}
        ) ELSE 1 END AS present,
        min(lowest) AS lowest, max(highest) AS highest
    FROM totalled
    LEFT JOIN (FROM climb WHERE measure = {{measure}}) AS up ON up.code = totalled.iccs
    GROUP BY stage, counting_unit, coalesce(up.ancestor, totalled.iccs), ref_area, area_level,
        time_period{{dimensions}}
),
located AS (
    SELECT stage, counting_unit, iccs, link.ancestor AS ref_area, link.ancestor_level AS area_level,
        time_period{{dimensions}},
        sum(value) AS value,
        sum(present) AS present,
        -- What has no stated place is added to the parts, and must be there for as many periods as they; an area that
        -- the source gives itself has one part.
        {{periods}} * (coalesce(any_value(areas), 1) + count(*) FILTER (
            rolled.area_level = 'not_stated' AND link.ancestor <> rolled.ref_area
        )) AS expected,
        min(lowest) AS lowest, max(highest) AS highest
    FROM rolled
    JOIN area_ancestor AS link ON link.area = rolled.ref_area
    LEFT JOIN (
        SELECT ancestor, area_level AS part_level, time_period AS part_period, areas
        FROM area_expected
        WHERE measure = {{measure}}
    ) AS parts
        ON parts.ancestor = link.ancestor AND parts.part_level = rolled.area_level
        AND parts.part_period = rolled.time_period AND link.ancestor <> rolled.ref_area
    WHERE link.ancestor = rolled.ref_area OR (
        link.ancestor NOT IN (SELECT ancestor FROM partly_covered WHERE measure = {{measure}})
        AND (link.area, link.ancestor) NOT IN (SELECT (area, ancestor) FROM already_given WHERE measure = {{measure}})
    )
    GROUP BY stage, counting_unit, iccs, link.ancestor, link.ancestor_level, time_period{{dimensions}}
)
SELECT
    ref_area, area_level, time_period, {{freq}} AS freq, iccs, made.children AS iccs_made_from, stage,
    counting_unit{{dimensions}}{{not_broken_down}},
    -- Shares of split counts add up to other last digits in another order: they end where no share has digits.
    CASE WHEN present >= expected THEN round(value, 6) END AS value,
    CASE
        WHEN present < expected AND lowest = highest AND lowest IN ('L', 'M', 'Q') THEN lowest
        WHEN present < expected THEN 'O'
        ELSE highest  -- the type has the statuses by rank: of those that the sum rests on, the weakest
    END AS obs_status,
    CASE
        WHEN present >= expected THEN NULL
        WHEN lowest = highest AND lowest = 'L' THEN 'not_collected'
        WHEN lowest = highest AND lowest = 'M' THEN 'not_applicable'
        WHEN lowest = highest AND lowest = 'Q' THEN 'suppressed'
        WHEN value IS NULL THEN 'not_reported'
        ELSE 'incomplete'
    END AS missing_reason,
    'F' AS conf_status,
    present / expected AS completeness
FROM located
LEFT JOIN (FROM made_from WHERE measure = {{measure}}) AS made USING (stage, counting_unit, iccs, time_period)
WHERE area_level IN ({{levels}})
