-- Grain: one row for each source of two packages: how many of its cells readers see the same, changed, newly, or no more.
-- reads: old, new
WITH old_cell AS (
    SELECT {{key}}, value, shown FROM read_parquet({{old}})
),
new_cell AS (
    SELECT {{key}}, value, shown FROM read_parquet({{new}})
),
pair AS (
    SELECT source, old_cell.value AS old_value, new_cell.value AS new_value, old_cell.shown AS was_shown,
        new_cell.shown AS is_shown
    FROM old_cell
    FULL JOIN new_cell USING ({{key}})
)
SELECT source,
    count(*) FILTER (was_shown AND is_shown AND old_value = new_value) AS unchanged,
    count(*) FILTER (was_shown AND is_shown AND old_value <> new_value) AS changed,
    count(*) FILTER (NOT was_shown AND NOT is_shown) AS hidden_in_both,
    count(*) FILTER (was_shown AND NOT is_shown) AS newly_hidden,
    count(*) FILTER (NOT was_shown AND is_shown) AS newly_shown,
    count(*) FILTER (was_shown IS NULL) AS added,
    count(*) FILTER (is_shown IS NULL) AS gone
FROM pair
GROUP BY source
ORDER BY source
