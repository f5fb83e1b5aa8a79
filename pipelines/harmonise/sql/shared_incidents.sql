-- Grain: one row for each two partitions that may share rows: those of combinations of codes that both have are at least a
-- given part of the smaller one. Combinations that very many partitions have say nothing about two of them.
WITH counted AS (
    SELECT regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1) AS part, {{counted}}, sum(records) AS records
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
    GROUP BY ALL
),
tally AS (
    SELECT *, count(*) OVER (PARTITION BY {{counted}}) AS partitions FROM counted
),
whole AS (
    SELECT part, sum(records) AS records FROM tally GROUP BY part
),
shared AS (
    SELECT one.part AS first_part, other.part AS second_part, sum(least(one.records, other.records)) AS records
    FROM (FROM tally WHERE partitions BETWEEN 2 AND 50) AS one
    JOIN (FROM tally WHERE partitions BETWEEN 2 AND 50) AS other USING ({{counted}})
    WHERE one.part < other.part
    GROUP BY ALL
)
SELECT first_part, second_part
FROM shared
JOIN whole AS one ON one.part = first_part
JOIN whole AS other ON other.part = second_part
WHERE shared.records >= {{least}} * least(one.records, other.records)
ORDER BY ALL
