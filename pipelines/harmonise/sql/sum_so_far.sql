-- Grain: one row: what a tidy table counts whose months count all of the year so far: the last month of each series and
-- year, and the figures of other periods.
SELECT coalesce(sum(count_of_year), 0)
FROM (
    SELECT arg_max(to_count({{value}}), trim({{period}})) AS count_of_year
    FROM {{tidy}}
    WHERE to_count({{value}}) IS NOT NULL
    GROUP BY {{keys}}left(trim({{period}}), 4), CASE WHEN NOT regexp_full_match(trim({{period}}), '[0-9]{4}-([0-9]{2}|Q[1-4])') THEN _row END
)
