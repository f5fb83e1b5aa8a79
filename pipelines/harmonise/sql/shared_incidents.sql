-- Grain: one row for each pair of partitions that may share rows, and how many rows they must share to be editions of one
-- file: the combinations of codes that both have are at least a given part of the smaller partition, or of its rows of one
-- year. Combinations found in more than 50 partitions tell nothing about two of them.
WITH counted AS (
    SELECT regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1) AS part, {{counted}}, sum(records) AS records
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
    GROUP BY ALL
),
tally AS (
    SELECT *, period // 100 AS year, count(*) OVER (PARTITION BY {{counted}}) AS partitions FROM counted
),
whole AS (
    SELECT part, year, sum(records) AS records FROM tally GROUP BY GROUPING SETS ((part), (part, year))
),
shared AS (
    SELECT one.part AS first_part, other.part AS second_part, one.year, sum(least(one.records, other.records)) AS records
    FROM (FROM tally WHERE partitions BETWEEN 2 AND 50) AS one
    JOIN (FROM tally WHERE partitions BETWEEN 2 AND 50) AS other USING ({{counted}})
    WHERE one.part < other.part
    GROUP BY GROUPING SETS ((one.part, other.part), (one.part, other.part, one.year))
)
SELECT first_part, second_part, min({{least}} * least(one.records, other.records)) AS least_rows
FROM shared
JOIN whole AS one ON one.part = first_part AND one.year IS NOT DISTINCT FROM shared.year
JOIN whole AS other ON other.part = second_part AND other.year IS NOT DISTINCT FROM shared.year
WHERE shared.records >= {{least}} * least(one.records, other.records)
    AND (shared.year IS NULL OR shared.records >= {{least_of_year}})
GROUP BY ALL
ORDER BY ALL
