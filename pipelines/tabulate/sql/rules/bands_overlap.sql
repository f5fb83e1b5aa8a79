-- Grain: one row for each age band in use in a year, with the bands that begin before it.
-- needs: age
-- reads: band
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, time_period, NULL AS sex, age,
    low AS found, max(high) OVER before AS expected,
    coalesce(low <= max(high) OVER before, false) AS failing,
    age || ' begins inside ' || arg_max(age, high) OVER before AS detail
FROM (SELECT * REPLACE (coalesce(high, 200) AS high) FROM band WHERE low IS NOT NULL)
WINDOW before AS (
    PARTITION BY stage, counting_unit, time_period ORDER BY low, high DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
)
