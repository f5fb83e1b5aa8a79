-- Grain: one row: what a tidy table counts whose months count all of the year so far: the last month of each series and
-- year (which may begin in another month than January), and the figures of other periods.
SELECT coalesce(sum(count_of_year), 0)
FROM (
    SELECT arg_max(to_count({{value}}), trim({{period}})) AS count_of_year
    FROM (
        SELECT *,
            CASE WHEN regexp_full_match(trim({{period}}), '[0-9]{4}-[0-9]{2}') THEN 12
                WHEN regexp_full_match(trim({{period}}), '[0-9]{4}-Q[1-4]') THEN 4 END AS "parts of year",
            CASE WHEN "parts of year" IS NOT NULL
                THEN ("parts of year" * CAST(left(trim({{period}}), 4) AS INTEGER)
                    + CAST(ltrim(right(trim({{period}}), 2), 'Q') AS INTEGER) - 1
                    - {{start}} // (12 // "parts of year")) // "parts of year"
            END AS "year so far"
        FROM {{tidy}}
    )
    WHERE to_count({{value}}) IS NOT NULL
    GROUP BY {{keys}}"year so far", CASE WHEN "year so far" IS NULL THEN _row END
)
