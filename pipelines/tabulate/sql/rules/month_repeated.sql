-- Grain: one row for each area and month with enough figures that the month before has too, cell by cell.
-- needs: months
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code, ref_area, sex, age,
        CAST(left(time_period, 4) AS INTEGER) * 12 + CAST(right(time_period, 2) AS INTEGER) AS month, time_period,
        sum(value) AS value
    FROM core
    WHERE freq = 'M' AND value >= {{least_count}}
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, left(now.time_period, 4) AS time_period, NULL AS sex, NULL AS age,
    count(*) FILTER (now.value = before.value) AS found, 0 AS expected, found = count(*) AS failing,
    now.time_period || ': all ' || count(*) || ' figures equal those of the month before' AS detail
FROM figure AS now
JOIN figure AS before USING (stage, counting_unit, national_code, ref_area, sex, age)
WHERE before.month = now.month - 1
GROUP BY stage, counting_unit, ref_area, now.time_period
HAVING count(*) >= {{least_figures}}
