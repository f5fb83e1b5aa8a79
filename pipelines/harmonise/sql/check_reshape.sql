-- Grain: one row: raw rows, distinct raw rows that came out of the reshape, sum of the counts before and after.
SELECT
    (SELECT count(*) FROM {{raw}}) AS rows_raw,
    (SELECT count(*) FROM (SELECT DISTINCT _file, _sheet, _row FROM {{tidy}})) AS rows_tidy,
    {{sum_raw}} AS sum_raw,
    (SELECT coalesce(sum(to_count({{value}}::VARCHAR)), 0) FROM {{tidy}}) AS sum_tidy
