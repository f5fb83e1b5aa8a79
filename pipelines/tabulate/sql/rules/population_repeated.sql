-- Grain: one row for each area and year of a population whose area has the year before as well: whether the figure is that
-- of the year before, to the person, though the area usually changes by hundreds, and makes up for it in the next step; or
-- whether all figures by sex and age are. Where most areas are copied, another rule tells it; rounded figures repeat.
-- needs: 2 years
-- reads: series, core
WITH step AS (
    SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS ref_area, area_level, time_period, year, value,
        lag(value) OVER years AS before, lag(year) OVER years AS year_before,
        abs(value - lag(value) OVER years) AS change,
        abs(lead(value) OVER years - value) AS next_change, abs(lag(value) OVER years - lag(value, 2) OVER years) AS last_change
    FROM series
    WHERE value > 0
    WINDOW years AS (PARTITION BY stage, counting_unit, ref_area ORDER BY year)
),
usual AS (
    SELECT *, coalesce(
            median(change) FILTER (change > 0) OVER (PARTITION BY stage, counting_unit, ref_area),
            value * median(change / before) FILTER (change > 0) OVER (PARTITION BY stage, counting_unit, area_level, year)
        ) AS usual,
        avg(CAST(change = 0 AS INTEGER)) OVER together AS share_alike, count(change) OVER together AS areas
    FROM step
    WINDOW together AS (PARTITION BY stage, counting_unit, area_level, year)
),
part AS (
    SELECT *, lag(value) OVER years AS before, lag(year) OVER years AS year_before
    FROM (
        SELECT stage, counting_unit, CAST(ref_area AS VARCHAR) AS ref_area, sex, age, time_period,
            CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER) AS year, sum(value) AS value
        FROM core
        GROUP BY ALL
    )
    WINDOW years AS (PARTITION BY stage, counting_unit, ref_area, sex, age ORDER BY time_period)
),
copied AS (
    SELECT stage, counting_unit, ref_area, year
    FROM part
    GROUP BY ALL
    HAVING count(*) FILTER (value >= 100 AND value % 100 <> 0) >= {{least_parts}} AND bool_and(coalesce(value = before AND year_before = year - 1, false))
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age, value AS found, before AS expected,
    change = 0 AND (share_alike < {{most_alike}} OR areas < {{least_areas}}) AND (copied.year IS NOT NULL OR (
        value >= {{least_count}} AND value % 100 <> 0 AND CASE
            WHEN next_change IS NULL OR last_change IS NULL THEN usual >= {{sure_change}}
            ELSE usual >= {{least_change}} AND greatest(next_change, last_change) >= {{most_change}} * usual END
    )) AS failing,
    number_text(value) || ' persons, as in ' || year_before
        || coalesce(', though it usually changes by ' || number_text(usual) || ' a year', ', in each group') AS detail
FROM usual
LEFT JOIN copied USING (stage, counting_unit, ref_area, year)
WHERE year_before = year - 1
