-- Grain: one row for each measure, disposition and rule: what became of every incident, which is a raw row and a cell. Rows
-- of the disposition 'broken' count incidents by rule; one that breaks two rules is in two of them, and once under
-- 'rejected'.
-- engines: duckdb, spark
WITH
{{judged}}
SELECT measure, stage, counting_unit, disposition, CASE WHEN disposition = 'rejected' THEN '' ELSE coalesce(rule, '') END AS rule,
    '' AS column_name, CAST(sum(records) AS BIGINT) AS raw_rows, CAST(sum(records) AS BIGINT) AS cells, 0 AS missing,
    sum(value) AS counted
FROM judged
GROUP BY ALL
{% for rule, column, condition in rules %}
UNION ALL
SELECT measure, stage, counting_unit, 'broken', {{rule}}, {{column}}, CAST(sum(records) AS BIGINT),
    CAST(sum(records) AS BIGINT), 0, sum(value)
FROM judged
WHERE {{condition}}
GROUP BY ALL
{% endfor %}
