-- Grain: one row for each measure, disposition and rule: what became of every incident. Rows of the disposition 'broken'
-- count incidents by rule; one that breaks two rules is in two of them, and once under 'rejected'.
-- engines: duckdb, spark
WITH
{{judged}}
SELECT measure, stage, counting_unit, disposition, CASE WHEN disposition = 'rejected' THEN '' ELSE coalesce(rule, '') END AS rule,
    '' AS column_name, CAST(sum(records) AS BIGINT) AS records, sum(value) AS counted
FROM judged
GROUP BY ALL
{{rules}}
