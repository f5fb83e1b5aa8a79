-- Grain: one row for each trapezoid and cell of the grid. Only where the next trapezoid to the east begins before this one
-- ends (vertices rounded apart) is it cut into stretches, each of which also ends where the next begins.
-- reads: piece
WITH marked AS (
    SELECT *, bool_or(overlap > 0) OVER (PARTITION BY trapezoid, cell_y, cell_x) AS is_cut
    FROM piece
)
SELECT DISTINCT
    cell_y, cell_x,
    CASE WHEN is_cut THEN low ELSE whole_low END AS low,
    CASE WHEN is_cut THEN high ELSE whole_high END AS high,
    west_x, west_y, west_slope, east_x, east_y, east_slope,
    CASE WHEN overlap > 0 THEN next_x ELSE east_x END AS next_x,
    CASE WHEN overlap > 0 THEN next_y ELSE east_y END AS next_y,
    CASE WHEN overlap > 0 THEN next_slope ELSE east_slope END AS next_slope,
    id
FROM marked
ORDER BY ALL
