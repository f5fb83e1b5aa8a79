-- Grain: one row for each link, measure, year and sex: the counts that went along each link.
-- reads: code_link
-- engines: duckdb, spark
WITH
{{judged}},
linked AS (
    SELECT link.link, used.measure, used.stage, used.counting_unit, substr(CAST(used.period AS STRING), 1, 4) AS time_period,
        {{sex}} AS sex,
        used.value * link.weight AS counted
    FROM judged AS used
    JOIN code_link AS link ON link.code_id = used.code_id
    WHERE used.disposition IN ('used', 'out_of_scope') AND link.link IS NOT NULL
)
SELECT link, measure, stage, counting_unit, time_period, sex, sum(counted) AS counted
FROM linked
GROUP BY link, measure, stage, counting_unit, time_period, sex
