-- Grain: one row for each pair of files (or sheets) of which the smaller shares at least a given part of its counts with
-- the other, over all its periods (year NULL) or in one year: cells with the same codes, and figures that differ by at most
-- 2 %. A year at the end of one file and the start of the next is in an edition of both, corrected, if most figures differ
-- by at most 10 % and it is a whole year in both: as large as three quarters of the other years, of which there are at
-- least two. Two halves of a year, and files by quarter, are not such years.
-- A few small figures may be equal by chance: only figures from 5 on are compared within a year, and the fewer there are,
-- the more of them must be equal.
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
whole_year AS (
    SELECT part, year, value >= 0.75 * (sum(value) OVER of_part - value) / (count(*) OVER of_part - 1)
        AND count(*) OVER of_part >= 3 AS is_whole
    FROM whole
    WHERE year IS NOT NULL
    WINDOW of_part AS (PARTITION BY part)
),
near AS (
    SELECT one.part AS first_part, other.part AS second_part, one.year, one.time_period, least(one.value, other.value) AS value,
        abs(one.value - other.value) <= 0.02 * greatest(one.value, other.value) AS is_alike
    FROM figure AS one
    JOIN figure AS other USING ({{keys}})
    WHERE one.part < other.part AND abs(one.value - other.value) <= 0.1 * greatest(one.value, other.value)
),
alike AS (
    SELECT * FROM near WHERE is_alike
),
shared AS (
    SELECT first_part, second_part, NULL AS year, count(*) AS cells, sum(value) AS value, min(time_period) AS first_period,
        false AS is_near
    FROM alike
    GROUP BY ALL
    UNION ALL
    SELECT first_part, second_part, year, count(*), sum(value), min(time_period), false FROM alike WHERE value >= 5 GROUP BY ALL
    UNION ALL
    SELECT first_part, second_part, near.year, count(*), sum(value), min(time_period), true
    FROM near
    JOIN whole_year AS one ON one.part = first_part AND one.year = near.year AND one.is_whole
    JOIN whole_year AS other ON other.part = second_part AND other.year = near.year AND other.is_whole
    WHERE value >= 5
    GROUP BY ALL
)
SELECT first_part, second_part, shared.year, shared.value / least(one.value, other.value) AS share, cells, first_period, is_near
FROM shared
JOIN whole AS one ON one.part = first_part AND one.year IS NOT DISTINCT FROM shared.year
JOIN whole AS other ON other.part = second_part AND other.year IS NOT DISTINCT FROM shared.year
WHERE share >= CASE WHEN is_near THEN 0.8 ELSE {{least}} END AND (shared.year IS NULL OR cells >= 10 OR (cells >= 3 AND share >= 0.9))
QUALIFY row_number() OVER (PARTITION BY first_part, second_part ORDER BY shared.year IS NOT NULL, is_near, share DESC, shared.year) = 1
ORDER BY share DESC, first_part, second_part
LIMIT 20
