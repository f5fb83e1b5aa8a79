-- Grain: one row: raw rows, distinct raw rows that came out of the reshape, sum of the counts before and after.
WITH before AS (
    SELECT count(*) AS rows_raw, (
        SELECT coalesce(sum(to_number(cell)), 0)
        FROM (SELECT unnest([*COLUMNS({{conserve}})]) AS cell FROM {{raw}})
    ) AS sum_raw
    FROM {{raw}}
),
after AS (
    SELECT
        (SELECT count(*) FROM (SELECT DISTINCT _file, _sheet, _row FROM {{tidy}})) AS rows_tidy,
        coalesce(sum(to_number({{value}}::VARCHAR)), 0) AS sum_tidy
    FROM {{tidy}}
)
SELECT rows_raw, rows_tidy, sum_raw, sum_tidy
FROM before, after
