-- Grain: one row for each incident. Of a series of six or more that its victim cannot tell apart (V4017 to V4019) each
-- counts, at most ten times; where their number is not known, six times (the rule of the survey since 2010). Incidents
-- that can be told apart have a record each.
-- reads: raw
SELECT *,
    CASE
        WHEN TRY_CAST(V4017 AS DOUBLE) IN (1, 8) OR TRY_CAST(V4018 AS DOUBLE) IN (2, 8) OR TRY_CAST(V4019 AS DOUBLE) IN (1, 8) THEN 1
        WHEN TRY_CAST(V4016 AS DOUBLE) >= 997 THEN 6
        ELSE least(TRY_CAST(V4016 AS DOUBLE), 10)
    END AS times,
    CASE
        WHEN TRY_CAST(V4529 AS INTEGER) IN (1, 2, 3, 4, 15, 16, 18, 19) THEN 'rape or sexual assault'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 5 AND 10 THEN 'robbery'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 11 AND 13 THEN 'aggravated assault'
        WHEN TRY_CAST(V4529 AS INTEGER) IN (14, 17, 20) THEN 'simple assault'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 21 AND 23 THEN 'personal theft'
        WHEN TRY_CAST(V4529 AS INTEGER) BETWEEN 31 AND 59 THEN 'household'
        ELSE V4529
    END AS kind
FROM raw
