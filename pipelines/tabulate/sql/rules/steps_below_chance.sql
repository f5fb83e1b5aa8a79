-- Grain: one row for each national code with many steps from one period to the next: the average of the squared step as a
-- share of the sum of its two figures. For counts of events it is 1 by chance alone, and more if they come in clusters or
-- change; for sums over twelve months, averages of three years and persons counted on a day it is a tenth or less. Figures
-- of men, women and all are included together, which can only raise it.
-- reads: core
WITH figure AS (
    SELECT *,
        CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER) * CASE freq WHEN 'A' THEN 1 WHEN 'Q' THEN 4 ELSE 12 END
            + CASE freq
                WHEN 'A' THEN 0
                WHEN 'Q' THEN CAST(right(CAST(time_period AS VARCHAR), 1) AS INTEGER)
                ELSE CAST(right(CAST(time_period AS VARCHAR), 2) AS INTEGER)
            END AS place
    FROM (  -- codes are grouped as such, far quicker than what is made of their texts
        SELECT stage, counting_unit, national_code, iccs, freq, ref_area, time_period, sum(value) AS value
        FROM core
        GROUP BY ALL
        HAVING count(value) = count(*) AND count(*) FILTER (obs_status = 'E') = 0
    )
    WHERE NOT list_contains({{stocks}}, stage || ' ' || counting_unit)
),
step AS (
    SELECT *, lag(value) OVER series AS before, place - lag(place) OVER series AS places_on
    FROM figure
    WINDOW series AS (PARTITION BY stage, counting_unit, national_code, iccs, freq, ref_area ORDER BY place)
),
share AS (
    SELECT stage, counting_unit, iccs, count(*) AS steps, avg((value - before) ** 2 / (value + before)) AS share
    FROM step
    WHERE places_on = 1 AND value >= {{least_count}} AND before >= {{least_count}}
    GROUP BY stage, counting_unit, national_code, iccs, freq
    HAVING count(*) >= {{least_steps}} AND count(DISTINCT value) > 1
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age, share AS found,
    1 AS expected, share <= {{most_share}} AS failing,
    'in ' || steps || ' steps from one period to the next the figures differ by ' || round(sqrt(share), 2)
        || ' times what chance alone makes' AS detail
FROM share
