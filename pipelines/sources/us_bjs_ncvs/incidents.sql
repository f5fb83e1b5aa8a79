-- Grain: one row for each incident. A series of six or more that its victim cannot tell apart counts as often as it
-- happened, at most ten times; where that is not known, six times (the rule of the survey since 2010).
-- reads: raw
SELECT *,
    CASE WHEN TRY_CAST(V4016 AS DOUBLE) >= 997 THEN 6 WHEN TRY_CAST(V4016 AS DOUBLE) >= 6 THEN least(TRY_CAST(V4016 AS DOUBLE), 10) ELSE 1 END AS times,
    CASE
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 1 AND 23 THEN 'personal'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 31 AND 33 THEN 'burglary'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 40 AND 41 THEN 'motor vehicle theft'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 54 AND 59 THEN 'other theft'
        ELSE V4529
    END AS kind
FROM raw
