-- Grain: one row for each unit and year of twelve months: its steps from month to month against the usual ones (median
-- month of all years, all areas and categories together), as they are and moved by one month either way.
-- Counts follow the days of the month and the season: February is short everywhere.
-- needs: months, {{least_years}} years
-- reads: given
WITH monthly AS (
    SELECT stage, counting_unit, year, CAST(right(time_period, 2) AS INTEGER) AS month, sum(value) AS value
    FROM given
    WHERE freq = 'M'
    GROUP BY ALL
),
shape AS (
    SELECT stage, counting_unit, year, month, ln(value) - avg(ln(value)) OVER whole AS height
    FROM monthly
    WHERE value > 0
    WINDOW whole AS (PARTITION BY stage, counting_unit, year)
    QUALIFY count(*) OVER whole = 12 AND avg(value) OVER whole >= {{least_count}}
),
usual AS (
    SELECT stage, counting_unit, month, median(height) AS height
    FROM shape
    GROUP BY ALL
    HAVING count(*) >= {{least_years}}
),
step AS (
    SELECT stage, counting_unit, year, moved, shape.month,
        shape.height - lag(shape.height) OVER months AS here, usual.height - lag(usual.height) OVER months AS wanted
    FROM shape
    CROSS JOIN (SELECT unnest([-1, 0, 1]) AS moved)
    JOIN usual USING (stage, counting_unit)
    WHERE usual.month = (shape.month - 1 + moved + 12) % 12 + 1
    WINDOW months AS (PARTITION BY stage, counting_unit, year, moved ORDER BY shape.month)
),
fit AS (
    SELECT stage, counting_unit, year, moved,
        CASE WHEN stddev(here) > 0 AND stddev(wanted) > 0 THEN corr(here, wanted) ELSE 0 END AS fit
    FROM step
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, CAST(year AS VARCHAR) AS time_period, NULL AS sex,
    NULL AS age, max(fit) FILTER (moved <> 0) AS found, max(fit) FILTER (moved = 0) AS expected,
    found >= {{least_fit}} AND found > expected + {{least_gain}} AS failing,
    'changes from month to month correlate with the usual ones with r = ' || round(found, 2) || ' if shifted by one month, '
        || round(expected, 2) || ' as given' AS detail
FROM fit
GROUP BY stage, counting_unit, year
