-- Grain: at most one row: an area and period for which two measures both have figures, or for which one has figures of a
-- part of the area, and the first row of the second measure there.
-- reads: core
SELECT CAST(other.ref_area AS VARCHAR), CAST(other.time_period AS VARCHAR), {{place}}
FROM core AS other
SEMI JOIN (SELECT DISTINCT left(CAST(ref_area AS VARCHAR), 2) AS country, time_period FROM core WHERE measure = {{one}}) AS one
    ON one.country = left(CAST(other.ref_area AS VARCHAR), 2) AND one.time_period = other.time_period
WHERE other.measure = {{other}}
ORDER BY ALL
LIMIT 1
