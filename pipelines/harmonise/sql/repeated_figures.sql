-- Grain: one row for each two files (or sheets) of which the smaller shares at least a given part of its counts with the
-- other: cells with the same codes, and figures that differ by at most 2 %. Few small figures are equal by chance.
-- reads: core
WITH figure AS (
    SELECT concat_ws(', sheet ', _file, _sheet) AS part, {{keys}}, sum(value) AS value
    FROM core
    WHERE value > 0
    GROUP BY ALL
),
whole AS (
    SELECT part, sum(value) AS value FROM figure GROUP BY part
),
shared AS (
    SELECT one.part AS first_part, other.part AS second_part, count(*) AS cells,
        sum(least(one.value, other.value)) AS value, min(one.time_period) AS first_period
    FROM figure AS one
    JOIN figure AS other USING ({{keys}})
    WHERE one.part < other.part AND abs(one.value - other.value) <= 0.02 * greatest(one.value, other.value)
    GROUP BY ALL
)
SELECT first_part, second_part, shared.value / least(one.value, other.value) AS share, cells, first_period
FROM shared
JOIN whole AS one ON one.part = first_part
JOIN whole AS other ON other.part = second_part
WHERE shared.value >= {{least}} * least(one.value, other.value)
ORDER BY share DESC, first_part, second_part
LIMIT 20
