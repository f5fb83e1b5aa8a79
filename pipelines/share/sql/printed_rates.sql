-- Grain: one row for each figure that some source prints as a number, a share or a rate, with the population that it
-- refers to (none for a number). decimals: how many its source prints; the last of them are often zeros.
-- reads: out.estimate, out.population
WITH printed AS (
    SELECT *, max(CASE WHEN contains(CAST(estimate AS VARCHAR), '.') AND estimate <> round(estimate)
        THEN length(split_part(CAST(estimate AS VARCHAR), '.', 2)) ELSE 0 END) OVER (PARTITION BY source, measure) AS decimals
    FROM out.estimate
    WHERE list_contains({{sources}}, source) AND estimate IS NOT NULL
)
SELECT DISTINCT printed.stage, printed.counting_unit, {{cell}}, printed.estimate, decimals, printed.unit_of_measure,
    CASE WHEN printed.unit_of_measure = 'number' THEN 1 ELSE population END AS population
FROM printed
LEFT JOIN out.population USING (ref_area, time_period, sex, age)
WHERE population > 0 OR printed.unit_of_measure = 'number'
ORDER BY ALL
