-- Grain: one row for each year of a series by age: the band whose share is farthest from that of the other years.
-- needs: age
-- reads: annual
WITH shares AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, age, sum(value) OVER whole AS known,
        value / nullif(sum(value) OVER whole, 0) AS share
    FROM annual
    WHERE sex = '_T' AND age NOT IN ('_T', '_U', '_Z') AND value IS NOT NULL
    WINDOW whole AS (PARTITION BY stage, counting_unit, iccs, ref_area, time_period)
),
compared AS (
    SELECT *, median(share) OVER series AS usual, count(*) OVER series AS years
    FROM shares
    WHERE known >= {{least_count}}
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area, age)
),
-- Of two bands equally far off, such as those below and from one age, always the same is shown.
distant AS (
    SELECT *, (-round(abs(share - usual), 9), CAST(age AS VARCHAR)) AS nearness
    FROM compared
    WHERE years >= {{least_years}}
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    arg_min(share, nearness) FILTER (share IS NOT NULL) AS found,
    arg_min(usual, nearness) FILTER (share IS NOT NULL) AS expected,
    max(abs(share - usual)) > {{most}} AS failing,
    arg_min(age, nearness) FILTER (share IS NOT NULL) || ': ' || round(found * 100, 1) || ' %, usually '
        || round(expected * 100, 1) || ' %' AS detail,
    any_value(known) AS size
FROM distant
GROUP BY stage, counting_unit, iccs, ref_area, time_period
