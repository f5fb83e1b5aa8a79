-- Grain: one row for each area and year with printed rates and the year before: the population that count and rate imply
-- together, its growth against the usual growth of the area (median of its years).
-- needs: printed rates
-- reads: published_rate
WITH implied AS (
    SELECT ref_area, time_period, CAST(time_period AS INTEGER) AS year, any_value(population) AS population
    FROM published_rate
    WHERE population IS NOT NULL
    GROUP BY ALL
),
growth AS (
    SELECT *, lag(population) OVER years AS before,
        CASE WHEN year = lag(year) OVER years + 1 THEN ln(population / lag(population) OVER years) END AS grown
    FROM implied
    WINDOW years AS (PARTITION BY ref_area ORDER BY year)
),
usual AS (
    SELECT ref_area, median(grown) AS grown FROM growth GROUP BY ALL HAVING count(grown) >= {{least_years}}
)
SELECT NULL AS stage, NULL AS counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age,
    population AS found, before * exp(usual.grown) AS expected,
    abs(growth.grown - usual.grown) > ln(1 + {{most}}) AS failing,
    'implied by the printed rates ' || CAST(round(before) AS BIGINT) || ' in ' || (year - 1) || ', '
        || CAST(round(population) AS BIGINT) || ' in ' || year AS detail,
    abs(growth.grown - usual.grown) AS size
FROM growth
JOIN usual USING (ref_area)
WHERE growth.grown IS NOT NULL
