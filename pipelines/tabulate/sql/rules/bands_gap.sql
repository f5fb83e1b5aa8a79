-- Grain: one row for each place between age bands (all years together), the beginning and the end included.
-- needs: age
-- reads: band
WITH bands AS (
    SELECT DISTINCT stage, counting_unit, age, low, coalesce(high, 200) AS high FROM band WHERE low IS NOT NULL
),
places AS (
    SELECT stage, counting_unit, age, low,
        coalesce(max(high) OVER (
            PARTITION BY stage, counting_unit ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), -1) AS covered_to
    FROM bands
    UNION ALL
    SELECT stage, counting_unit, '_T' AS age, 200 AS low, max(high) AS covered_to FROM bands GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    low AS found, covered_to + 1 AS expected, low > covered_to + 1 AS failing,
    CASE WHEN low = 200 THEN 'no band from ' || (covered_to + 1) || ' years on'
        ELSE 'no band from ' || (covered_to + 1) || ' to ' || (low - 1) || ' years' END AS detail
FROM places
