-- Grain: one row for each age band in use.
-- needs: age
-- reads: band
WITH borders AS (
    SELECT unnest({{starts}}) AS start
)
SELECT DISTINCT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, age,
    low AS found, NULL AS expected,
    EXISTS (FROM borders WHERE start > low AND start <= coalesce(high, 200)) AS failing,
    age || ' crosses ' || (
        SELECT string_agg(start, ', ' ORDER BY start) FROM borders WHERE start > low AND start <= coalesce(high, 200)
    ) AS detail
FROM band
WHERE low IS NOT NULL
