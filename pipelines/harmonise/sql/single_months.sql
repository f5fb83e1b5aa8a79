-- Grain: one row for each row of a tidy table whose months (or quarters) count all of the year so far (which may begin in
-- another month than January), with the figure of the month alone in the place of that: the difference from the month
-- before. _gap is true where that month has no figure.
SELECT * EXCLUDE ("count so far", "parts of year", "month so far", "count before", "month before")
    REPLACE (
        CASE WHEN "count so far" IS NULL OR "month so far" % "parts of year" = 0 OR _gap THEN {{value}}
            ELSE {{difference}} {{mark}} END AS {{value}}
    )
FROM (
    SELECT *,
        "month so far" % "parts of year" <> 0 AND "count so far" IS NOT NULL
            AND ("count before" IS NULL OR "month before" <> "month so far" - 1) AS _gap
    FROM (
        SELECT *, lag("count so far") OVER of_year AS "count before", lag("month so far") OVER of_year AS "month before"
        FROM (
            SELECT *,
                CASE WHEN regexp_full_match(trim({{period}}), '[0-9]{4}-(0[1-9]|1[0-2])') THEN 12
                    WHEN regexp_full_match(trim({{period}}), '[0-9]{4}-Q[1-4]') THEN 4 END AS "parts of year",
                CASE WHEN "parts of year" IS NOT NULL
                    THEN "parts of year" * CAST(left(trim({{period}}), 4) AS INTEGER)
                        + CAST(ltrim(right(trim({{period}}), 2), 'Q') AS INTEGER) - 1
                        - {{start}} // (12 // "parts of year")
                END AS "month so far",
                CASE WHEN "month so far" IS NOT NULL THEN to_number({{value}}) END AS "count so far"
            FROM {{tidy}}
        )
        WINDOW of_year AS (PARTITION BY {{keys}}"month so far" // "parts of year", "parts of year" ORDER BY "month so far")
    )
)
