-- Grain: one row for each total over an ICCS attribute (weapon, citizenship ...) that the file prints beside its parts: parts
-- that are more than it. codes are those of all dimensions; key is the same without the one that is added up.
-- needs: printed totals
-- reads: printed_total, core
WITH total AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period, number,
        list_concat(codes[:number - 1], codes[number + 1:]) AS key, value
    FROM (
        SELECT *, [CAST(sex AS VARCHAR), CAST(age AS VARCHAR){{attributes}}] AS codes FROM printed_total WHERE value IS NOT NULL
    )
    CROSS JOIN LATERAL (SELECT unnest(range(3, len(codes) + 1)) AS number)
    WHERE codes[number] = '_T'
),
part AS (
    SELECT stage, counting_unit, iccs, national_code, ref_area, time_period, number,
        list_concat(codes[:number - 1], codes[number + 1:]) AS key, sum(value) AS parts
    FROM (SELECT *, [CAST(sex AS VARCHAR), CAST(age AS VARCHAR){{attributes}}] AS codes FROM core WHERE value IS NOT NULL)
    JOIN (SELECT DISTINCT number FROM total) ON codes[number] <> '_T'
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, total.value AS found,
    parts AS expected, parts > total.value + {{tolerance}} AS failing,
    'the parts add up to ' || number_text(parts) || ', the printed total is ' || number_text(total.value) AS detail
FROM total
JOIN part USING (stage, counting_unit, iccs, national_code, ref_area, time_period, number, key)
