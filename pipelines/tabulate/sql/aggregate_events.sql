-- Grain of what is added: one row for each area of the lists used (also those above), period, ICCS category and
-- combination of the dimensions asked for, totals marked _T. Rows are events: an absent combination is a zero. A count that
-- the source leaves blank is none: what rests on it has no value.
-- Only periods in period_to_make are made; which areas and combinations have zeros depends on all periods.
-- reads: core, period_list, period_to_make, climb, area_ancestor, area_validity, partly_covered, already_given, given_combination, given_area, country_of, country_of_any, made_from
-- writes: cells
INSERT INTO cells BY NAME
WITH base AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, {{period}} AS time_period{{dimensions}},
        sum(value) AS value, min(obs_status) AS lowest, max(obs_status) AS highest, count(value) AS present, count(*) AS expected
    FROM core
    JOIN period_list USING (time_period)
    SEMI JOIN period_to_make USING (time_period)  -- for speed: covered decides which periods are made
    WHERE measure = {{measure}}
    GROUP BY ALL
),
-- The months with any event are those covered.
covered AS (
    SELECT {{period}} AS time_period, least(count(DISTINCT time_period), {{periods}}) AS months
    FROM core
    JOIN period_list USING (time_period)
    SEMI JOIN period_to_make USING (time_period)
    WHERE measure = {{measure}}
    GROUP BY ALL
),
rolled AS (
    SELECT stage, counting_unit, coalesce(up.ancestor, base.iccs) AS iccs, ref_area, area_level,
        time_period{{dimensions}},
        sum(value) AS value, min(lowest) AS lowest, max(highest) AS highest, sum(present) AS present, sum(expected) AS expected
    FROM base
    JOIN country_of USING (ref_area)
    LEFT JOIN (FROM climb WHERE measure = {{measure}}) AS up
        ON up.code = base.iccs AND up.country = country_of.country
    GROUP BY stage, counting_unit, coalesce(up.ancestor, base.iccs), ref_area, area_level, time_period{{dimensions}}
),
-- An area that the source gives is in no second row: where it gives it, it is not made again (already_given).
located AS (
    FROM rolled
    UNION ALL BY NAME
    SELECT stage, counting_unit, iccs, link.ancestor AS ref_area, link.ancestor_level AS area_level,
        time_period{{dimensions}},
        sum(value) AS value, min(lowest) AS lowest, max(highest) AS highest, sum(present) AS present, sum(expected) AS expected
    FROM rolled
    JOIN area_ancestor AS link ON link.area = rolled.ref_area
    WHERE link.ancestor <> rolled.ref_area
        AND link.ancestor NOT IN (SELECT ancestor FROM partly_covered WHERE measure = {{measure}})
        AND (link.area, link.ancestor) NOT IN (SELECT (area, ancestor) FROM already_given WHERE measure = {{measure}})
    GROUP BY stage, counting_unit, iccs, link.ancestor, link.ancestor_level, time_period{{dimensions}}
),
totalled AS (
    SELECT stage, counting_unit, iccs, ref_area, area_level, time_period{{totals}},
        sum(value) AS value, min(lowest) AS lowest, max(highest) AS highest, sum(present) AS present, sum(expected) AS expected
    FROM located
    GROUP BY stage, counting_unit, iccs, ref_area, area_level, time_period, GROUPING SETS ({{sets}})
),
combination AS (
    SELECT DISTINCT stage, counting_unit, coalesce(up.ancestor, given.iccs) AS iccs{{totals}}
    FROM given_combination AS given
    LEFT JOIN (FROM climb WHERE measure = {{measure}}) AS up ON up.code = given.iccs
    WHERE given.measure = {{measure}}
    GROUP BY stage, counting_unit, coalesce(up.ancestor, given.iccs), GROUPING SETS ({{sets}})
),
area AS (
    SELECT DISTINCT inside.ancestor AS ref_area, inside.ancestor_level AS area_level
    FROM area_ancestor AS inside
    JOIN area_ancestor AS top ON top.area = inside.area AND top.ancestor_level = 'country'
    WHERE inside.area_level IN (SELECT area_level FROM given_area WHERE measure = {{measure}})
        AND inside.ancestor NOT IN (SELECT ancestor FROM partly_covered WHERE measure = {{measure}})
        AND top.ancestor IN (
            SELECT link.ancestor FROM given_area JOIN area_ancestor AS link ON link.area = given_area.ref_area
            WHERE given_area.measure = {{measure}} AND link.ancestor_level = 'country'
        )
),
filled AS (
    FROM totalled WHERE area_level IN ({{levels}})
    UNION ALL BY NAME
    SELECT zero.*, 0 AS value, 'A' AS lowest, 'A' AS highest, 1 AS present, 1 AS expected
    FROM (
        SELECT combination.*, area.*, covered.time_period
        FROM combination CROSS JOIN area CROSS JOIN covered
        -- Before an area existed, and after, nothing could happen in it: that is no zero.
        LEFT JOIN area_validity AS life ON life.area = CAST(area.ref_area AS VARCHAR)
        WHERE area_level IN ({{levels}})
            AND CAST(left(covered.time_period, 4) AS INTEGER) BETWEEN coalesce(life.valid_from, 0) AND coalesce(life.valid_to, 9999)
    ) AS zero
    ANTI JOIN totalled AS cell
        ON cell.ref_area = zero.ref_area AND cell.time_period = zero.time_period
        AND cell.iccs = zero.iccs AND cell.stage = zero.stage
        AND cell.counting_unit = zero.counting_unit {{same_dimensions}}
),
sums AS (
    SELECT filled.*, months < {{periods}} AS lacks_periods, present < expected AS lacks_parts,
        least(months / {{periods}}, present / expected) AS completeness
    FROM filled
    JOIN covered USING (time_period)
)
{{cells_of_sums}}
