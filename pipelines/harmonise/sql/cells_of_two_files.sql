-- Grain: one row for each pair of files (or sheets) that share the cells of some periods, although each gives a cell only
-- once and has periods that the other lacks: an edition that begins before the previous one ends. Files by place or by
-- police force, which have the same years, are not meant.
-- reads: core
WITH figure AS (
    SELECT concat_ws(', sheet ', _file, _sheet) AS part, {{keys}}, count(*) AS times, sum(value) AS value
    FROM core
    WHERE value > 0
    GROUP BY ALL
),
period AS (
    SELECT part, time_period FROM figure GROUP BY ALL
),
edition AS (
    SELECT part, count(DISTINCT time_period) AS periods FROM figure GROUP BY part HAVING max(times) = 1
),
common AS (
    SELECT one.part AS first_part, other.part AS second_part, count(*) AS periods
    FROM period AS one
    JOIN period AS other ON other.time_period = one.time_period AND one.part < other.part
    GROUP BY ALL
),
near AS (
    SELECT first_part, second_part
    FROM common
    JOIN edition AS one ON one.part = first_part AND one.periods > common.periods
    JOIN edition AS other ON other.part = second_part AND other.periods > common.periods
)
SELECT first_part, second_part, count(*) AS cells, min(one.time_period) AS first_period, max(one.time_period) AS last_period,
    arg_min(CAST(one.ref_area AS VARCHAR), (one.time_period, CAST(one.ref_area AS VARCHAR))) AS ref_area,
    arg_min(one.value, (one.time_period, CAST(one.ref_area AS VARCHAR))) AS one_value,
    arg_min(other.value, (one.time_period, CAST(one.ref_area AS VARCHAR))) AS other_value
FROM near
JOIN figure AS one ON one.part = first_part
JOIN figure AS other ON other.part = second_part AND {{same_key}}
GROUP BY ALL
ORDER BY cells DESC, first_part, second_part
