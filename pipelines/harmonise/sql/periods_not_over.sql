-- Grain: one row for each area (NULL: all) and period that ends on the day on which the last file with figures of it came,
-- or later, so that no figure of it can be whole: a period of the source, and the quarter and year that it is in.
-- reads: received
-- writes: period_not_over
CREATE OR REPLACE TEMP TABLE period_not_over AS
WITH seen AS (
    {{seen}}
),
spans AS (
    SELECT DISTINCT ref_area, day, unnest([
        time_period,
        left(time_period, 4),
        CASE
            WHEN time_period LIKE '____-__' AND time_period NOT LIKE '%Q%'
                THEN left(time_period, 5) || 'Q' || ((CAST(right(time_period, 2) AS INTEGER) + 2) // 3)
        END
    ]) AS time_period
    FROM seen
    JOIN received USING (file)
),
ending AS (
    SELECT *, CASE
        WHEN length(time_period) = 4 THEN 12
        WHEN time_period LIKE '%Q%' THEN 3 * CAST(right(time_period, 1) AS INTEGER)
        ELSE CAST(right(time_period, 2) AS INTEGER)
    END AS month
    FROM spans
    WHERE time_period IS NOT NULL
)
SELECT ref_area, time_period, max(day) AS came,
    last_day(make_date(CAST(left(time_period, 4) AS INTEGER), any_value(month), 1) + INTERVAL ({{months_later}}) MONTH) AS last_day
FROM ending
GROUP BY ref_area, time_period
HAVING came <= last_day
