-- Grain: one row for each published cell of a source; neighbours in the file are neighbours in an analyst's question.
COPY (
    SELECT *, {{caveats}} AS caveats
    FROM published_cells
    ORDER BY iccs, ref_area, freq, time_period
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
