-- Grain of what is added: one row for each area (also those above), period, ICCS category and combination of the
-- dimensions asked for, totals marked _T. present and expected count the area-period cells behind each cell.
INSERT INTO published_cells BY NAME
-- present: periods of the data in which every cell behind this one has a value, counted by a bit for each.
WITH base AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, area_level, {{period}} AS time_period{{dimensions}},
        sum(value) AS value,
        bit_count(
            coalesce(bit_or({{bit}}) FILTER (value IS NOT NULL), 0) & ~coalesce(bit_or({{bit}}) FILTER (value IS NULL), 0)
        ) AS present,
        min(obs_status) AS lowest, max(obs_status) AS highest
    FROM core
    WHERE measure = {{measure}}
    GROUP BY ALL
),
-- In a source of events the months with any event are those covered.
covered AS (
    SELECT {{period}} AS period, least(count(DISTINCT time_period), {{periods}}) AS months
    FROM core
    WHERE measure = {{measure}}
    GROUP BY ALL
),
timed AS (
    SELECT base.* REPLACE (CASE WHEN {{events}} THEN months ELSE present END AS present), {{periods}} AS expected
    FROM base
    JOIN covered ON covered.period = base.time_period
),
-- National codes into their category. Where every cell is written, an area that lacks a code which others give for the
-- same cell has an incomplete sum.
summed AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}},
        sum(value) AS value,
        min(present) * CASE WHEN {{cells}} THEN count(*) / max(count(*)) OVER (
            PARTITION BY stage, counting_unit, iccs, time_period{{dimensions}}
        ) ELSE 1 END AS present,
        max(expected) AS expected,
        min(lowest) AS lowest, max(highest) AS highest
    FROM timed
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}}
),
added AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{totals}},
        sum(value) AS value, min(present) AS present, max(expected) AS expected, count(*) AS parts,
        min(lowest) AS lowest, max(highest) AS highest
    FROM summed
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period, GROUPING SETS ({{sets}})
),
-- Where every cell is written, an area that lacks a part which others give for the same total has an incomplete total.
totalled AS (
    SELECT * EXCLUDE (parts) REPLACE (
        present * CASE WHEN {{cells}} THEN parts / max(parts) OVER (
            PARTITION BY stage, counting_unit, iccs, time_period{{dimensions}}
        ) ELSE 1 END AS present
    )
    FROM added
),
-- Up the ICCS tree: a category holds its own counts and those of every category below it. Where the source gives a
-- category with its children inside, that figure stands, and what is below it is not added again.
given_categories AS (
    SELECT DISTINCT iccs FROM base
),
climb AS (
    SELECT up.code, up.ancestor, up.via
    FROM iccs_ancestor AS up
    SEMI JOIN given_categories ON given_categories.iccs = up.code
    WHERE NOT {{include_children}} OR up.ancestor = up.code OR NOT EXISTS (
        FROM given_categories AS other
        JOIN iccs_ancestor AS below ON below.code = up.code AND below.ancestor = other.iccs
        WHERE other.iccs <> up.code AND starts_with(other.iccs, up.ancestor)
    )
),
made_from AS (
    SELECT stage, counting_unit, ancestor AS iccs, time_period,
        CASE WHEN bool_or(via <> '=') THEN string_agg(DISTINCT via, ';' ORDER BY via) END AS children
    FROM (SELECT DISTINCT stage, counting_unit, iccs, time_period FROM timed) AS seen
    JOIN climb ON climb.code = seen.iccs
    GROUP BY ALL
),
rolled AS (
    SELECT stage, counting_unit, coalesce(climb.ancestor, totalled.iccs) AS iccs, ref_area, area_level,
        time_period{{dimensions}},
        sum(value) AS value,
        min(present) * CASE WHEN {{cells}} THEN count(*) / max(count(*)) OVER (
            PARTITION BY stage, counting_unit, coalesce(climb.ancestor, totalled.iccs), time_period{{dimensions}}
        ) ELSE 1 END AS present,
        max(expected) AS expected,
        min(lowest) AS lowest, max(highest) AS highest
    FROM totalled
    LEFT JOIN climb ON climb.code = totalled.iccs
    GROUP BY stage, counting_unit, coalesce(climb.ancestor, totalled.iccs), ref_area, area_level,
        time_period{{dimensions}}
),
areas_expected AS (
    SELECT ancestor, area_level, count(*) AS areas
    FROM area_ancestor
    GROUP BY ALL
),
-- An area of which the source covers only some parts is not made from them.
partly_covered AS (
    SELECT DISTINCT ancestor
    FROM area_ancestor
    WHERE area_level IN (SELECT area_level FROM base) AND area NOT IN (SELECT area FROM covered_area)
),
-- An area that the source itself gives is not made again from the areas in it, and stands for them further up.
given AS (
    SELECT DISTINCT ref_area FROM base
),
already_given AS (
    SELECT DISTINCT between_them.area, above.ancestor
    FROM area_ancestor AS between_them
    JOIN given ON given.ref_area = between_them.ancestor AND between_them.ancestor <> between_them.area
    JOIN area_ancestor AS above ON above.area = between_them.ancestor
),
located AS (
    SELECT stage, counting_unit, iccs, link.ancestor AS ref_area, link.ancestor_level AS area_level,
        time_period{{dimensions}},
        sum(value) AS value,
        CASE WHEN {{events}} THEN min(present) ELSE sum(present) END AS present,
        max(expected) * CASE WHEN {{events}} THEN 1 ELSE any_value(areas) END AS expected,
        min(lowest) AS lowest, max(highest) AS highest
    FROM rolled
    JOIN area_ancestor AS link ON link.area = rolled.ref_area
    JOIN areas_expected ON areas_expected.ancestor = link.ancestor AND areas_expected.area_level = rolled.area_level
    WHERE link.ancestor = rolled.ref_area
        OR (link.ancestor NOT IN (FROM partly_covered) AND (link.area, link.ancestor) NOT IN (FROM already_given))
    GROUP BY stage, counting_unit, iccs, link.ancestor, link.ancestor_level, time_period{{dimensions}}
),
-- Where rows are events, what is not there did not happen: zeros for every area of the lists used.
combination AS (
    SELECT DISTINCT stage, counting_unit, iccs{{dimensions}} FROM located
),
grid AS (
    SELECT combination.*, area.ancestor AS ref_area, area.ancestor_level AS area_level, covered.period AS time_period,
        months
    FROM combination
    CROSS JOIN covered
    CROSS JOIN (
        SELECT DISTINCT inside.ancestor, inside.ancestor_level
        FROM area_ancestor AS inside
        JOIN area_ancestor AS top ON top.area = inside.area AND top.ancestor_level = 'country'
        WHERE inside.area_level IN (SELECT DISTINCT area_level FROM base)
            AND inside.ancestor NOT IN (FROM partly_covered)
            AND top.ancestor IN (
                SELECT link.ancestor FROM base JOIN area_ancestor AS link ON link.area = base.ref_area
                WHERE link.ancestor_level = 'country'
            )
    ) AS area
    WHERE {{events}}
),
filled AS (
    SELECT * FROM located
    UNION ALL BY NAME
    SELECT combination.* EXCLUDE (months), 0 AS value, months AS present, {{periods}} AS expected,
        'A' AS lowest, 'A' AS highest
    FROM grid AS combination
    ANTI JOIN located AS cell
        ON cell.ref_area = combination.ref_area AND cell.time_period = combination.time_period
        AND cell.iccs IS NOT DISTINCT FROM combination.iccs AND cell.stage = combination.stage
        AND cell.counting_unit = combination.counting_unit {{same_dimensions}}
)
SELECT
    ref_area, area_level, time_period, {{freq}} AS freq, iccs, made_from.children AS iccs_made_from, stage, counting_unit{{dimensions}}{{not_broken_down}},
    CASE WHEN present >= expected THEN value END AS value,
    CASE
        WHEN present < expected AND lowest = highest AND lowest IN ('L', 'M', 'Q') THEN lowest
        WHEN present < expected THEN 'O'
        WHEN lowest = 'A' THEN highest  -- one kind of mark among normal values marks the sum
        WHEN lowest = highest THEN lowest
        ELSE 'E'
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
FROM filled AS located
LEFT JOIN made_from USING (stage, counting_unit, iccs, time_period)
WHERE area_level IN ({{levels}})
