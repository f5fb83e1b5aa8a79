-- Grain: one row for each cell of one source that differs between two vintages, or is in one of them only. old_cell and
-- new_cell are the cells of the periods in which the two differ, old_vintage has those of every period.
-- reads: old_cell, new_cell, old_vintage
COPY (
    -- Cells that are the same in both, as most are, are left out first, by hash: of the key and of all columns, so that
    -- a changed cell is only taken for the same where 64 bits happen to be equal.
    WITH old_hash AS (
        SELECT hash({{key_columns}}) AS key_hash, hash({{all_columns}}) AS cell_hash FROM old_cell
    ),
    new_hash AS (
        SELECT hash({{key_columns}}) AS key_hash, hash({{all_columns}}) AS cell_hash FROM new_cell
    ),
    old_other AS (
        SELECT * FROM (SELECT *, hash({{key_columns}}) AS key_hash, hash({{all_columns}}) AS cell_hash FROM old_cell)
        ANTI JOIN new_hash USING (key_hash, cell_hash)
    ),
    new_other AS (
        SELECT * FROM (SELECT *, hash({{key_columns}}) AS key_hash, hash({{all_columns}}) AS cell_hash FROM new_cell)
        ANTI JOIN old_hash USING (key_hash, cell_hash)
    ),
    both_sides AS (
        SELECT {{key}},
            old_cell.ref_area IS NOT NULL AS was_there, new_cell.ref_area IS NOT NULL AS is_there,
            coalesce(old_cell.area_level, new_cell.area_level) AS area_level,
            old_cell.value AS old_value, new_cell.value AS new_value,
            old_cell.obs_status AS old_obs_status, new_cell.obs_status AS new_obs_status,
            old_cell.missing_reason AS old_missing_reason, old_cell.conf_status AS old_conf_status,
            old_cell.completeness AS old_completeness, old_cell.caveats AS old_caveats,
            old_cell.iccs_made_from AS old_iccs_made_from
        FROM old_other AS old_cell
        FULL JOIN new_other AS new_cell ON {{same_key}}
        WHERE (old_cell.ref_area IS NULL) OR (new_cell.ref_area IS NULL) OR {{differs}}
    )
    SELECT *, new_value - old_value AS revision_change,
        {{percent}} AS revision_percent,
        {{no_percent}} AS no_percent_reason,
        CASE
            WHEN NOT is_there THEN 'withdrawn'
            WHEN NOT was_there AND (freq, time_period) NOT IN (SELECT DISTINCT (freq, time_period) FROM old_cell)
                THEN 'new_period'
            WHEN NOT was_there AND iccs NOT IN (SELECT DISTINCT iccs FROM old_vintage WHERE iccs IS NOT NULL) THEN 'new_category'
            WHEN NOT was_there THEN 'new_cell'
            WHEN new_value IS NOT DISTINCT FROM old_value THEN 'marks_changed'
            WHEN old_value IS NULL THEN 'completed'
            WHEN new_value IS NULL THEN 'withdrawn'
            ELSE 'corrected'
        END AS revision_reason
    FROM both_sides
    ORDER BY iccs, ref_area, freq, time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
