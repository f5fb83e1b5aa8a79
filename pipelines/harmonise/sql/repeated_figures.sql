-- Grain: one row for each two files (or sheets) of which the smaller shares at least a given part of its counts with the
-- other, of all its periods (year NULL) or of one year: cells with the same codes, and figures that differ by at most 2 %.
-- Few small figures are equal by chance: a year is compared in figures from 5 on, and asks for more of a few than of many.
-- reads: core
WITH figure AS (
    SELECT concat_ws(', sheet ', _file, _sheet) AS part, {{keys}}, left(time_period, 4) AS year, sum(value) AS value
    FROM core
    WHERE value > 0
    GROUP BY ALL
),
whole AS (
    SELECT part, NULL AS year, sum(value) AS value FROM figure GROUP BY part
    UNION ALL
    SELECT part, year, sum(value) FROM figure WHERE value >= 5 GROUP BY ALL
),
alike AS (
    SELECT one.part AS first_part, other.part AS second_part, one.year, one.time_period, least(one.value, other.value) AS value
    FROM figure AS one
    JOIN figure AS other USING ({{keys}})
    WHERE one.part < other.part AND abs(one.value - other.value) <= 0.02 * greatest(one.value, other.value)
),
shared AS (
    SELECT first_part, second_part, NULL AS year, count(*) AS cells, sum(value) AS value, min(time_period) AS first_period
    FROM alike
    GROUP BY ALL
    UNION ALL
    SELECT first_part, second_part, year, count(*), sum(value), min(time_period) FROM alike WHERE value >= 5 GROUP BY ALL
)
SELECT first_part, second_part, shared.year, shared.value / least(one.value, other.value) AS share, cells, first_period
FROM shared
JOIN whole AS one ON one.part = first_part AND one.year IS NOT DISTINCT FROM shared.year
JOIN whole AS other ON other.part = second_part AND other.year IS NOT DISTINCT FROM shared.year
WHERE share >= {{least}} AND (shared.year IS NULL OR cells >= 10 OR (cells >= 3 AND share >= 0.9))
QUALIFY row_number() OVER (PARTITION BY first_part, second_part ORDER BY shared.year IS NOT NULL, share DESC, shared.year) = 1
ORDER BY share DESC, first_part, second_part
LIMIT 20
