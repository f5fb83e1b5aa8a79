-- Grain: one row for each pair of files that share at least a given part of the different rows of the smaller one, or as
-- many rows as make them editions of one year. often: whether that part of its rows occurs equally often in both. In two
-- unrelated files this is true of less than a quarter, however many rows are naturally alike; in a small file it proves
-- nothing.
-- reads: every, pair
WITH content AS (
    SELECT part, content, count(*) AS times FROM every GROUP BY ALL
),
whole AS (
    SELECT part, count(*) AS different, sum(times)::BIGINT AS records FROM content GROUP BY part
),
shared AS (
    SELECT one.part AS first_part, other.part AS second_part, count(*) AS shared,
        sum(one.times) FILTER (one.times = other.times)::BIGINT AS equal
    FROM content AS one
    JOIN content AS other USING (content)
    WHERE one.part < other.part
    GROUP BY ALL
),
compared AS (
    SELECT shared.*, least(one.records, other.records) AS records,
        CASE WHEN one.records < other.records THEN one.different ELSE other.different END AS different,
        {{least}} * least(one.different, other.different) AS least_different, coalesce(least_rows, 'infinity') AS least_rows,
        least({{least}} * least(one.records, other.records), coalesce(least_rows, 'infinity')) AS least_equal
    FROM shared
    JOIN whole AS one ON one.part = first_part
    JOIN whole AS other ON other.part = second_part
    LEFT JOIN pair USING (first_part, second_part)
)
SELECT first_part, second_part, greatest(shared, equal) AS common, common / records AS share,
    coalesce(equal >= least_equal AND records >= {{least_of_year}}, false) AS often, records, different
FROM compared
WHERE shared >= least(least_different, least_rows) OR (equal >= least_equal AND records >= {{least_of_year}})
ORDER BY share DESC, first_part, second_part
LIMIT 20
