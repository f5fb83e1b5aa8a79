-- Grain: one row for each year of a series with the year before. A jump is judged against the series' own usual changes
-- (median and median absolute deviation of the logarithms; 1.4826 times the latter is the standard deviation, if they are
-- normal), so that a series that always moves a lot is left alone. A break that the source declares between the two years
-- is not a jump, and no jump is measured from a year with a declared mass event.
-- needs: 5 years
-- reads: series
WITH changes AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, year, value,
        lag(value) OVER years AS before,
        lag(year) OVER years AS year_before,
        ln((value + 1) / (lag(value) OVER years + 1)) AS change
    FROM series
    WHERE value IS NOT NULL AND NOT ({{exceptional}})
    WINDOW years AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year)
),
spread AS (
    SELECT stage, counting_unit, iccs, ref_area, median(change) AS centre,
        greatest(1.4826 * mad(change), 0.05) AS deviation
    FROM changes
    GROUP BY ALL
    HAVING count(change) >= 4
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, before AS expected,
    greatest(value, before) >= {{least_count}} AND abs(change) > ln({{most_ratio}})
        AND abs(change - centre) > {{deviations}} * deviation AND NOT ({{breaks_between}}) AS failing,
    CAST(before AS BIGINT) || ' in ' || year_before || ', ' || CAST(value AS BIGINT) || ' in ' || year AS detail,
    abs(value - before) AS size
FROM changes
JOIN spread USING (stage, counting_unit, iccs, ref_area)
WHERE change IS NOT NULL
