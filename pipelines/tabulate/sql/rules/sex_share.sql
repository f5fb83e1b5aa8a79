-- Grain: one row for each year of a series by sex: the share of men among those whose sex is known, against the series.
-- needs: sex, {{least_years}} years
-- reads: annual
WITH shares AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period,
        sum(value) AS known, coalesce(sum(value) FILTER (sex = 'M'), 0) / sum(value) AS men
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
    GROUP BY ALL
    HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, men AS found,
    median(men) OVER series AS expected, abs(men - median(men) OVER series) > {{most}} AS failing,
    'men: ' || round(men * 100, 1) || ' %, usually ' || round(median(men) OVER series * 100, 1) || ' %' AS detail,
    known AS size
FROM shares
WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area)
QUALIFY count(*) OVER series >= {{least_years}}
