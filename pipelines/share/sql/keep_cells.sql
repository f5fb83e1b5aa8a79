-- Grain: one row for each cell with a count, of the sources that leave: whether it is shown, and its rounded count if it is
-- rounded.
-- reads: cells, hidden_cell
COPY (
    SELECT cells.*, hidden.source IS NULL OR hidden.rounded IS NOT NULL AS shown, hidden.rounded
    FROM cells
    LEFT JOIN hidden_cell AS hidden ON {{same_cell}}
    ORDER BY ALL
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)
