-- Grain: one row for each area and year with figures for men or women, and one for each total that is printed beside them: one
-- sex many times the other, only one of them where the total is their sum, or a total that is not about their sum.
-- needs: sex
-- reads: printed_total, core
WITH by_sex AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sum(value) FILTER (sex = 'M') AS men,
        sum(value) FILTER (sex = 'F') AS women,
        count(*) = greatest(count(*) FILTER (sex = 'M'), count(*) FILTER (sex = 'F')) AS is_of_one_sex
    FROM core
    GROUP BY ALL
    HAVING count(*) FILTER (sex IN ('M', 'F')) > 0
),
parts AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period, age, sum(value) AS value
    FROM core
    GROUP BY ALL
    HAVING count(value) FILTER (sex = 'M') > 0 AND count(value) FILTER (sex = 'F') > 0 AND count(value) = count(*)
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, men AS found, women AS expected,
    greatest(men, women) >= {{least_count}} AND greatest(men, women) >= {{most_ratio}} * least(men, women) AS failing,
    CAST(men AS BIGINT) || ' men, ' || CAST(women AS BIGINT) || ' women' AS detail
FROM by_sex
WHERE men IS NOT NULL AND women IS NOT NULL
UNION ALL
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL, NULL, coalesce(men, women), NULL,
    greatest(men, women) >= {{least_count}},
    coalesce(CAST(men AS BIGINT) || ' men, no row of women', CAST(women AS BIGINT) || ' women, no row of men')
FROM by_sex
ANTI JOIN (FROM printed_total WHERE sex = '_T') AS printed USING (ref_area, time_period)
WHERE {{given}} AND is_of_one_sex AND coalesce(men, women) IS NOT NULL
UNION ALL
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL, age, parts.value, printed.value,
    greatest(parts.value, printed.value) >= {{least_count}}
        AND abs(parts.value - printed.value) > {{most_off}} * greatest(parts.value, printed.value),
    'men and women add up to ' || CAST(parts.value AS BIGINT) || ', the printed total is ' || CAST(printed.value AS BIGINT)
FROM (SELECT * FROM printed_total WHERE sex = '_T' AND value IS NOT NULL) AS printed
JOIN parts USING (stage, counting_unit, iccs, national_code, ref_area, time_period, age)
