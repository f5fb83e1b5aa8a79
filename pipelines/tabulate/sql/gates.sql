-- Grain of gate: one row for each category, area, period and kind of cell (of both sexes or one, of all ages or one)
-- with effects: its caveats, its status, and why a cell of a known code has no value. What is found in a month is true of
-- its quarter and year; what is found in a year of every period in it, but a break (B) of the first alone. Some rules find
-- each period by itself (periods own), or leave those in it alone and mark those it is in (up).
-- A caveat on the split by sex or age is for the cells of that split, not for the total. status_of_allocated is without
-- what is found of the number of unknown persons: allocation makes up for that, and for nothing else.
-- Grain of unreported: one row for each area and year: the share of its months or quarters that is not reported, and of
-- those among them that are given, as next to nothing: what is not there at all is missing from completeness already.
-- reads: cells, found_effect, area_ancestor
-- writes: gate, unreported
CREATE OR REPLACE TEMP TABLE gate AS
WITH series AS (
    SELECT DISTINCT stage, counting_unit, iccs FROM cells
),
found_period AS (
    SELECT DISTINCT time_period AS found_period FROM found_effect
),
period AS (
    SELECT DISTINCT found_period, cells.time_period
    FROM (SELECT DISTINCT CAST(time_period AS VARCHAR) AS time_period FROM cells) AS cells
    JOIN found_period ON cells.time_period IN (found_period, left(found_period, 4), quarter_of(found_period))
        OR left(cells.time_period, 4) = found_period
),
kind AS (
    FROM (VALUES (false), (true)) AS sexes (all_sexes), (VALUES (false), (true)) AS ages (all_ages)
),
-- Which caveats a cell has is a number with a bit for each: there are few such sets, and each is put in words once.
caveat_bit AS (
    SELECT caveat, 1::HUGEINT << CAST(row_number() OVER (ORDER BY caveat) - 1 AS INTEGER) AS bit
    FROM (SELECT DISTINCT caveat FROM found_effect)
),
gated AS (
    SELECT series.stage, series.counting_unit, series.iccs, CAST(found.ref_area AS ref_area_code) AS ref_area,
        CAST(period.time_period AS time_period_code) AS time_period, all_sexes, all_ages,
        bit_or(bit) AS caveat_bits,
        max(CAST(obs_status AS obs_status_code)) FILTER (begins) AS obs_status,
        max(CAST(obs_status AS obs_status_code)) FILTER (begins AND NOT of_unknown) AS status_of_allocated,
        min(withhold) FILTER (itself AND codes IS NULL) AS withhold_any,
        min(withhold) FILTER (itself AND codes = 'known' AND dimension = 'sex') AS withhold_sex,
        min(withhold) FILTER (itself AND codes = 'known' AND dimension = 'age') AS withhold_age
    FROM found_effect AS found
    JOIN series ON series.stage = found.stage AND series.counting_unit = found.counting_unit
        AND (found.iccs IS NULL OR series.iccs = found.iccs)
    JOIN period ON period.found_period = found.time_period
        AND (periods = '' OR CAST(period.time_period AS VARCHAR) = found.time_period
            OR (periods = 'up' AND left(period.time_period, 4) <> found.time_period))
    CROSS JOIN LATERAL (
        SELECT periods <> 'up' OR CAST(period.time_period AS VARCHAR) = found.time_period AS itself,
            obs_status <> 'B' OR found.time_period = period.time_period OR right(period.time_period, 3) IN ('-01', '-Q1')
                AS begins
    )
    JOIN kind ON dimension = '' OR (dimension = 'sex' AND NOT all_sexes) OR (dimension = 'age' AND NOT all_ages)
    JOIN caveat_bit USING (caveat)
    GROUP BY ALL
),
caveat_set AS (
    SELECT caveat_bits, string_agg(caveat, ';' ORDER BY caveat) AS caveats
    FROM (SELECT DISTINCT caveat_bits FROM gated)
    JOIN caveat_bit ON caveat_bits & bit <> 0
    GROUP BY caveat_bits
)
SELECT gated.* EXCLUDE (caveat_bits), caveats
FROM gated
JOIN caveat_set USING (caveat_bits);

CREATE OR REPLACE TEMP TABLE unreported AS
WITH missing AS (
    SELECT DISTINCT found_effect.stage, found_effect.counting_unit, found_effect.ref_area, found_effect.time_period,
        (found_effect.stage, found_effect.counting_unit, found_effect.ref_area, found_effect.time_period) IN (
            SELECT (stage::VARCHAR, counting_unit::VARCHAR, ref_area::VARCHAR, time_period::VARCHAR)
            FROM cells
            WHERE freq <> 'A' AND value IS NOT NULL
        ) AS is_given
    FROM found_effect
    WHERE own AND withhold IS NOT NULL AND codes IS NULL AND iccs IS NULL AND length(time_period) > 4
),
share AS (  -- a quarter of which a month is missing counts by its months
    SELECT stage, counting_unit, ref_area, left(time_period, 4) AS year,
        sum(CASE WHEN time_period LIKE '%Q%' THEN 1 / 4 ELSE 1 / 12 END) AS share,
        coalesce(sum(CASE WHEN time_period LIKE '%Q%' THEN 1 / 4 ELSE 1 / 12 END) FILTER (is_given), 0) AS share_given
    FROM missing
    WHERE (stage, counting_unit, ref_area, time_period) NOT IN (
        SELECT (stage, counting_unit, ref_area, quarter_of(time_period)) FROM missing WHERE time_period NOT LIKE '%Q%'
    )
    GROUP BY ALL
),
areas AS (
    SELECT CAST(ancestor AS VARCHAR) AS ancestor, area_level, count(*) AS areas FROM area_ancestor GROUP BY ALL
),
of_level AS (
    SELECT stage, counting_unit, CAST(up.ancestor AS ref_area_code) AS ref_area, year, up.area_level,
        least(sum(share) / any_value(areas), 1) AS share,
        least(sum(share_given) / any_value(areas), 1) AS share_given
    FROM share
    JOIN area_ancestor AS up ON CAST(up.area AS VARCHAR) = share.ref_area
    JOIN areas ON areas.ancestor = CAST(up.ancestor AS VARCHAR) AND areas.area_level = up.area_level
    GROUP BY stage, counting_unit, up.ancestor, year, up.area_level
)
-- What is found of a country and what is found of its parts are the same months: the larger share of the two.
SELECT stage, counting_unit, ref_area, year, max(share) AS share, max(share_given) AS share_given
FROM of_level
GROUP BY stage, counting_unit, ref_area, year
