-- Grain: one row for each year of a series by age: the band whose share is farthest from that of the other years.
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
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    arg_max(share, abs(share - usual)) AS found, arg_max(usual, abs(share - usual)) AS expected,
    max(abs(share - usual)) > {{most}} AS failing,
    arg_max(age, abs(share - usual)) || ': ' || round(found * 100, 1) || ' %, usually ' || round(expected * 100, 1) || ' %'
        AS detail,
    any_value(known) AS size
FROM compared
WHERE years >= {{least_years}}
GROUP BY stage, counting_unit, iccs, ref_area, time_period
