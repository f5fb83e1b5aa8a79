-- Grain: one row for each row of a tidy table whose months count all of the year so far, with the figure of the month alone
-- in the place of that: the difference from the month before. _gap is true where that month has no figure.
SELECT * EXCLUDE ("count so far", "month so far", "count before", "month before")
    REPLACE (
        CASE WHEN "count so far" IS NULL OR "month so far" % 12 = 1 OR _gap THEN {{value}}
            ELSE {{difference}} {{mark}} END AS {{value}}
    )
FROM (
    SELECT *,
        "month so far" % 12 <> 1 AND "count so far" IS NOT NULL
            AND ("count before" IS NULL OR "month before" <> "month so far" - 1) AS _gap
    FROM (
        SELECT *, lag("count so far") OVER of_year AS "count before", lag("month so far") OVER of_year AS "month before"
        FROM (
            SELECT *,
                CASE WHEN regexp_full_match(trim({{period}}), '[0-9]{4}-(0[1-9]|1[0-2])')
                    THEN 12 * CAST(left(trim({{period}}), 4) AS INTEGER) + CAST(right(trim({{period}}), 2) AS INTEGER)
                END AS "month so far",
                CASE WHEN "month so far" IS NOT NULL THEN to_number({{value}}) END AS "count so far"
            FROM {{tidy}}
        )
        WINDOW of_year AS (PARTITION BY {{keys}}left({{period}}, 4) ORDER BY "month so far")
    )
)
