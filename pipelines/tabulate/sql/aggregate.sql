-- Grain of what is added: one row for each area (also those above), period, ICCS category and combination of the
-- dimensions asked for, totals marked _T. present and expected count the area-period cells summed in each cell; a sum
-- that lacks parts has a fraction of them. Which parts belong to a sum is decided by the rows of the same country
-- alone, and by which parts they are, not by how many.
-- reads: base, printed, country_of, country_of_any, held, climb, area_ancestor, area_expected, partly_covered, already_given, made_from, {{lacking_tables}}
-- writes: cells
INSERT INTO cells BY NAME
WITH added AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, area_level, time_period{{totals}},
        -- A row without present is a part that its line lacks in one dimension: a sum over the other lacks it too.
        sum(value) AS value, coalesce(min(present), 0) * least(1{{share}}, count(present) / count(*)) AS present,
        min(lowest) AS lowest, max(highest) AS highest
    FROM base{{lacking}}
    GROUP BY stage, counting_unit, iccs, national_code, ref_area, area_level, time_period, GROUPING SETS ({{sets}})
),
-- A total that the source prints stands where it cannot be made of its parts.
totalled AS (
    SELECT added.*
    FROM added
    LEFT JOIN printed USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{dimensions}})
    WHERE printed.present IS NULL OR added.present >= printed.present
    UNION ALL BY NAME
    SELECT printed.*
    FROM printed
    LEFT JOIN added USING (stage, counting_unit, iccs, national_code, ref_area, time_period{{dimensions}})
    WHERE added.present IS NULL OR added.present < printed.present
),
codes_given AS (
    SELECT country, stage, counting_unit, iccs, area_level = 'not_stated' AS not_stated, time_period{{dimensions}},
        count(DISTINCT national_code) AS codes
    FROM totalled
    JOIN country_of USING (ref_area)
    GROUP BY ALL
),
-- National codes into their category. Where every cell is written, an area that lacks a code which other areas of its
-- country, or the country itself, give for the same cell has an incomplete sum.
summed AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}},
        sum(value) AS value, min(present) * {{share_of_codes}} AS present,
        min(lowest) AS lowest, max(highest) AS highest
    FROM totalled
    JOIN country_of USING (ref_area)
    JOIN codes_given USING (country, stage, counting_unit, iccs, time_period{{dimensions}})
    WHERE not_stated = (area_level = 'not_stated')
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}}
),
climbed AS (
    SELECT summed.* REPLACE (coalesce(up.ancestor, summed.iccs) AS iccs), summed.iccs AS part, country_of.country,
        held.given IS NOT NULL AS is_held
    FROM summed
    JOIN country_of USING (ref_area)
    LEFT JOIN (FROM climb WHERE measure = {{measure}}) AS up
        ON up.code = summed.iccs AND up.country = country_of.country
    LEFT JOIN (FROM held WHERE measure = {{measure}}) AS held
        ON held.country = country_of.country AND held.stage = summed.stage
        AND held.counting_unit = summed.counting_unit AND held.iccs = summed.iccs AND held.period = summed.time_period
),
-- What a total does not hold is left out of it, unless it holds nothing. Few rows are not held: they are compared with
-- the others of their cell alone.
not_held AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period{{dimensions}} FROM climbed WHERE NOT is_held
),
left_out AS (
    SELECT DISTINCT stage, counting_unit, iccs, ref_area, time_period{{dimensions}}
    FROM climbed
    SEMI JOIN not_held USING (stage, counting_unit, iccs, ref_area, time_period{{dimensions}})
    WHERE is_held
),
kept AS (
    FROM climbed WHERE is_held
    UNION ALL
    FROM climbed ANTI JOIN left_out USING (stage, counting_unit, iccs, ref_area, time_period{{dimensions}})
    WHERE NOT is_held
),
parts_given AS (
    SELECT country, stage, counting_unit, iccs, area_level = 'not_stated' AS not_stated, time_period{{dimensions}},
        count(DISTINCT part) AS parts
    FROM kept
    GROUP BY ALL
),
rolled AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}},
        sum(value) AS value, min(present) * {{share_of_parts}} AS present,
        min(lowest) AS lowest, max(highest) AS highest
    FROM kept
    JOIN parts_given USING (country, stage, counting_unit, iccs, time_period{{dimensions}})
    LEFT JOIN (FROM made_from WHERE measure = {{measure}}) AS made
        USING (country, stage, counting_unit, iccs, time_period)
    WHERE not_stated = (area_level = 'not_stated')
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period{{dimensions}}
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
),
sums AS (
    SELECT *, false AS lacks_periods, present < expected AS lacks_parts, present / expected AS completeness
    FROM located
    WHERE area_level IN ({{levels}}){{totals_alone}}
)
{{cells_of_sums}}
