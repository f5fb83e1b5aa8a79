-- Grain: one row for each combination of numbers that occurs in a partition, with how many incidents have it.
-- engines: duckdb, spark
SELECT {{keys}}, count(*) AS records{% for name in sums %}, sum({{name}}) AS {{name}}{% endfor %}

FROM (
{{rows}}
) AS numbered
GROUP BY {{keys}}
