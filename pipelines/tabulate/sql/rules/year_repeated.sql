-- Grain: one row for each area and year with enough figures that the year before has too: its observations against those
-- of the year before, cell by cell.
-- needs: 2 years
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code, ref_area, sex, age, CAST(left(time_period, 4) AS INTEGER) AS year,
        substr(time_period, 5) AS part, sum(value) AS value
    FROM core
    WHERE value >= {{least_count}}
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, CAST(now.year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    count(*) FILTER (now.value = before.value) AS found, 0 AS expected, found = count(*) AS failing,
    'all ' || count(*) || ' figures equal those of ' || any_value(before.year) AS detail
FROM figure AS now
JOIN figure AS before USING (stage, counting_unit, national_code, ref_area, sex, age, part)
WHERE before.year = now.year - 1
GROUP BY stage, counting_unit, ref_area, now.year
HAVING count(*) >= {{least_figures}}
