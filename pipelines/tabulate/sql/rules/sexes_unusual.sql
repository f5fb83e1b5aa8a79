-- Grain: one row for each category of which it is known which sex most persons are, all areas and years together.
-- Of victims of intentional homicide four in five are men, and where homicides are fewest half of them (UNODC, Global Study
-- on Homicide 2019); of victims of sexual violence nearly all are women; of persons suspected, prosecuted, convicted or held
-- for violence, theft with force or all offences, four in five and more are men.
-- needs: sex
-- reads: annual
WITH usual AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sex, value,
        CASE
            WHEN stage = 'recorded' AND counting_unit = 'victim' AND starts_with(iccs, '03') THEN 'F'
            WHEN stage = 'recorded' AND counting_unit = 'victim' AND iccs = '0101' THEN 'M'
            WHEN stage IN ('suspected', 'prosecuted', 'convicted', 'held', 'held_unsentenced')
                AND iccs IN ('TOTAL', '01', '0101', '0102', '02', '0201', '02011', '03', '0301', '04', '0401') THEN 'M'
        END AS most
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
),
judged AS (
    SELECT stage, counting_unit, iccs, most, sum(value) FILTER (sex = most) AS usual_sex,
        sum(value) FILTER (sex <> most) AS other_sex
    FROM usual
    WHERE most IS NOT NULL
    GROUP BY ALL
    HAVING usual_sex >= {{least_count}} AND other_sex >= {{least_count}}
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    other_sex / (usual_sex + other_sex) AS found, {{most}} AS expected, found > expected AS failing,
    if(most = 'M', 'women', 'men') || ': ' || round(100 * found, 1) || ' % of all, usually far fewer' AS detail
FROM judged
