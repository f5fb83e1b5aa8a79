-- Grain: one row for each area (NULL: all) and period that ends on or after the day on which the last file with figures of
-- it came, so that no figure of it can be complete: a period of the source, and the quarter and year that contain it.
-- reads: received
-- writes: period_not_over
CREATE OR REPLACE TEMP TABLE period_not_over AS
WITH seen AS (
    {{seen}}
),
spans AS (
    SELECT DISTINCT ref_area, day, unnest([time_period, left(time_period, 4), quarter_of(time_period)]) AS time_period
    FROM seen
    JOIN received USING (file)
)
SELECT ref_area, time_period, max(day) AS came,
    last_day(any_value(last_day_of(time_period, freq_of(time_period))) + INTERVAL ({{months_later}}) MONTH) AS last_day
FROM spans
WHERE time_period IS NOT NULL
GROUP BY ref_area, time_period
HAVING came <= last_day
