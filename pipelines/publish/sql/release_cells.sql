-- Grain: one row for each cell of a source whose vintage differs between two releases, where the cell is not the same:
-- counts, populations, or estimates. Only columns that both releases have are compared.
-- reads: release_0.out.source, release_1.out.source, {{old}}, {{new}}
-- writes: {{target}}
CREATE OR REPLACE TEMP TABLE {{target}} AS
WITH moved AS (
    SELECT coalesce(old.source, new.source) AS source
    FROM release_0.out.source AS old
    FULL JOIN release_1.out.source AS new ON new.source = old.source
    WHERE old.vintage IS DISTINCT FROM new.vintage
),
old_cell AS (
    SELECT {{columns}}, true AS was_there FROM {{old}} SEMI JOIN moved USING (source)
),
new_cell AS (
    SELECT {{columns}}, true AS is_there FROM {{new}} SEMI JOIN moved USING (source)
)
SELECT {{key}}, old_cell.{{value}} AS old_value, new_cell.{{value}} AS new_value,
    CASE
        WHEN is_there IS NULL THEN 'withdrawn'
        WHEN was_there IS NULL THEN 'added'
        WHEN old_value IS NOT NULL AND new_value IS NULL THEN 'no_longer_given'
        WHEN old_value IS NULL AND new_value IS NOT NULL THEN 'now_given'
        WHEN {{figures_differ}} THEN 'changed'
        ELSE 'marks_changed'
    END AS difference
FROM old_cell
FULL JOIN new_cell USING ({{key}})
WHERE was_there IS NULL OR is_there IS NULL OR {{figures_differ}} OR {{marks_differ}}
