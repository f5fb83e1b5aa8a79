-- Grain: one row for each two files that share at least a given part of the different rows of the smaller one.
-- reads: every
WITH content AS (
    SELECT part, content, count(*) AS times FROM every GROUP BY ALL
),
whole AS (
    SELECT part, count(*) AS different, sum(times)::BIGINT AS records FROM content GROUP BY part
),
shared AS (
    SELECT one.part AS first_part, other.part AS second_part, count(*) AS shared
    FROM content AS one
    JOIN content AS other USING (content)
    WHERE one.part < other.part
    GROUP BY ALL
)
SELECT first_part, second_part, shared, shared / least(one.different, other.different) AS share,
    least(one.records, other.records), CASE WHEN one.records < other.records THEN one.different ELSE other.different END
FROM shared
JOIN whole AS one ON one.part = first_part
JOIN whole AS other ON other.part = second_part
WHERE shared >= {{least}} * least(one.different, other.different)
ORDER BY share DESC, first_part, second_part
LIMIT 20
