-- Grain: one row for each cell of a source whose vintage differs between two releases, where the cell is not the same.
-- reads: release_0.out.source, release_1.out.source, release_0.out.observation, release_1.out.observation
-- writes: differing
CREATE TEMP TABLE differing AS
WITH moved AS (
    SELECT coalesce(old.source, new.source) AS source
    FROM release_0.out.source AS old
    FULL JOIN release_1.out.source AS new ON new.source = old.source
    WHERE old.vintage IS DISTINCT FROM new.vintage
),
old_cell AS (
    SELECT COLUMNS(* EXCLUDE (vintage)), true AS was_there FROM release_0.out.observation SEMI JOIN moved USING (source)
),
new_cell AS (
    SELECT COLUMNS(* EXCLUDE (vintage)), true AS is_there FROM release_1.out.observation SEMI JOIN moved USING (source)
)
SELECT {{key}}, old_cell.value AS old_value, new_cell.value AS new_value,
    CASE
        WHEN is_there IS NULL THEN 'withdrawn'
        WHEN was_there IS NULL THEN 'added'
        WHEN old_cell.value IS DISTINCT FROM new_cell.value THEN 'changed'
        ELSE 'marks_changed'
    END AS difference
FROM old_cell
FULL JOIN new_cell USING ({{key}})
WHERE was_there IS NULL OR is_there IS NULL OR old_cell.value IS DISTINCT FROM new_cell.value
    OR old_cell.obs_status IS DISTINCT FROM new_cell.obs_status
    OR old_cell.missing_reason IS DISTINCT FROM new_cell.missing_reason
    OR old_cell.completeness IS DISTINCT FROM new_cell.completeness
    OR old_cell.caveats IS DISTINCT FROM new_cell.caveats
