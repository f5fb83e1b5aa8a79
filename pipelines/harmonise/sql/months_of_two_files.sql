-- Grain: one row for each whole month that two successive files of incidents have in common: the last months of one and
-- the first of the other, at most a third of the months of either. If one file ends within a month and the next begins
-- there, the one has no incidents in the last week of the month, and the other none in the first.
WITH month AS (
    SELECT regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1) AS part, period, sum(records)::BIGINT AS records,
        sum(first_7) AS first_7, sum(last_7) AS last_7
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0 AND exclusion = 0
    GROUP BY ALL
),
span AS (
    SELECT part, min(period) AS first, max(period) AS last, count(*) AS months FROM month GROUP BY part
),
following AS (
    SELECT one.part AS first_part, other.part AS second_part, other.first AS from_period, one.last AS to_period,
        least(one.months, other.months) AS months
    FROM span AS one
    JOIN span AS other ON one.first < other.first AND one.last < other.last AND other.first <= one.last
),
shared AS (
    SELECT first_part, second_part, one.period, months, one.records AS first_records, other.records AS second_records,
        least(one.records, other.records) AS fewer, greatest(one.records, other.records) AS more,
        least(one.first_7, one.last_7) / one.records AS end_of_one,
        least(other.first_7, other.last_7) / other.records AS end_of_other,
        count(*) OVER (PARTITION BY first_part, second_part) AS overlapping
    FROM following
    JOIN month AS one ON one.part = first_part AND one.period BETWEEN from_period AND to_period
    JOIN month AS other ON other.part = second_part AND other.period = one.period
)
SELECT first_part, second_part, period, first_records, second_records
FROM shared
WHERE fewer >= {{least}} AND fewer >= more / 2 AND least(end_of_one, end_of_other) >= {{least_at_ends}}
    AND overlapping <= months / 3
ORDER BY ALL
