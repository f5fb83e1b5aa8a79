-- Grain: one row for each cell with a count of the sources that leave, and whether it is shown.
-- reads: cells, hidden_cell
COPY (
    SELECT cells.*, hidden.source IS NULL AS shown
    FROM cells
    LEFT JOIN hidden_cell AS hidden ON {{same_cell}}
    ORDER BY ALL
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)
