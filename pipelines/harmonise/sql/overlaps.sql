-- Grain: one row for each two partitions and each period (0: all of them together) in which both count every combination
-- of codes equally; with its incidents. Few combinations may be equal by chance, and are not compared.
WITH content AS (
    SELECT regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1) AS part, coalesce(period, 0) AS period,
        count(*) AS combinations, sum(records)::BIGINT AS records, sum(hash({{counted}})) AS content
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
    GROUP BY GROUPING SETS ((filename, period), (filename))
)
SELECT one.part AS first_part, other.part AS second_part, period, one.records
FROM content AS one
JOIN content AS other USING (period, combinations, records, content)
WHERE one.part < other.part AND combinations >= {{least}}
