-- Grain: one row for each area and month or quarter in the years that the source gives (all categories together); likewise
-- for the areas of a country that are too small to be judged alone, together.
-- If an area usually has many counts, a month with hardly any was not reported, or only in part; if it usually has few, such
-- a month is normal. If the small areas of a country together have hardly any of their usual counts, none of them was
-- reported, except those whose own figures are no lower than usual.
-- needs: months
-- reads: area_ancestor, given, given_area
WITH of_areas AS (
    SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS ref_area, time_period, freq, sum(value) AS value
    FROM given
    WHERE freq <> 'A'
    GROUP BY ALL
),
country AS (
    SELECT CAST(area AS VARCHAR) AS inside, CAST(ancestor AS VARCHAR) AS ref_area
    FROM area_ancestor
    WHERE ancestor_level = 'country' AND area <> ancestor
        AND CAST(ancestor AS VARCHAR) NOT IN (SELECT CAST(ref_area AS VARCHAR) FROM given_area)
        AND CAST(area AS VARCHAR) IN (SELECT ref_area FROM of_areas)
),
small AS (
    SELECT stage, counting_unit, freq, inside, any_value(country.ref_area) AS ref_area, median(value) AS value
    FROM of_areas
    JOIN country ON country.inside = of_areas.ref_area
    WHERE value > 0
    GROUP BY ALL
    HAVING median(value) < {{least_usual}}
),
totals AS (
    FROM of_areas
    UNION ALL BY NAME
    SELECT stage, counting_unit, small.ref_area, time_period, freq, sum(of_areas.value) AS value
    FROM of_areas
    JOIN small USING (stage, counting_unit, freq)
    WHERE small.inside = of_areas.ref_area
    GROUP BY ALL
),
usual AS (
    SELECT stage, counting_unit, ref_area, freq, median(value) AS value FROM totals WHERE value > 0 GROUP BY ALL
),
parts AS (
    SELECT 'M' AS freq, lpad(CAST(unnest(range(1, 13)) AS VARCHAR), 2, '0') AS part
    UNION ALL
    SELECT 'Q', 'Q' || unnest(range(1, 5))
),
grid AS (
    SELECT usual.*, year || '-' || part AS time_period, CAST(year AS VARCHAR) AS year
    FROM usual
    JOIN parts USING (freq)
    CROSS JOIN (SELECT DISTINCT year FROM given WHERE freq <> 'A')
    WHERE usual.value >= {{least_usual}}
),
judged AS (
    SELECT stage, counting_unit, ref_area, time_period, freq, coalesce(totals.value, 0) AS found, grid.value AS expected,
        coalesce(totals.value, 0) <= {{nearly_none}} * grid.value AS failing,
        grid.time_period || ': ' || coalesce(CAST(round(totals.value) AS BIGINT)::VARCHAR, 'nothing') || ', usually '
            || CAST(round(grid.value) AS BIGINT) AS detail
    FROM grid
    LEFT JOIN totals USING (stage, counting_unit, ref_area, time_period, freq)
),
with_country AS (
    FROM judged
    UNION ALL BY NAME
    SELECT judged.stage, judged.counting_unit, small.inside AS ref_area, judged.time_period, coalesce(own.value, 0) AS found,
        small.value AS expected, true AS failing,
        judged.detail || ' in the small areas of ' || judged.ref_area || ' together' AS detail
    FROM judged
    JOIN small USING (stage, counting_unit, freq, ref_area)
    LEFT JOIN of_areas AS own ON own.stage = judged.stage AND own.counting_unit = judged.counting_unit
        AND own.ref_area = small.inside AND own.time_period = judged.time_period
    WHERE judged.failing AND coalesce(own.value, 0) <= {{nearly_none}} * small.value
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age, found, expected, failing, detail
FROM with_country
