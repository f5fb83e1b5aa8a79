-- Grain: one row for each combination of numbers that occurs in a partition, with how many incidents have it.
-- engines: duckdb, spark
SELECT exclusion, {{keys}}, count(*) AS records{{total}}
FROM (
{{rows}}
) AS numbered
GROUP BY exclusion, {{keys}}
