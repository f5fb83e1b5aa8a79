-- Grain: one row for each trapezoid, cell of the grid and stretch of latitude between two neighbouring vertices in the
-- cell; with the trapezoid that comes next to the east there, and by how many degrees it overlaps this one.
-- reads: trapezoid
WITH band AS (
    SELECT *, row_number() OVER () AS trapezoid,
        unnest(generate_series(floor(low * {{rows}})::INTEGER, floor(high * {{rows}})::INTEGER)) AS cell_y
    FROM trapezoid
),
clipped AS (
    SELECT * REPLACE (greatest(low, cell_y / {{rows}}) AS low, least(high, (cell_y + 1) / {{rows}}) AS high)
    FROM band
),
wide AS (
    SELECT *,
        least(west_x + (low - west_y) * west_slope, west_x + (high - west_y) * west_slope) - 1e-9 AS west,
        greatest(east_x + (low - east_y) * east_slope, east_x + (high - east_y) * east_slope) + 1e-9 AS east
    FROM clipped
    WHERE low < high
),
cell AS (
    SELECT * EXCLUDE (west, east),
        unnest(generate_series(floor(west * {{columns}})::INTEGER, floor(east * {{columns}})::INTEGER)) AS cell_x
    FROM wide
),
level AS (
    SELECT cell_y, cell_x, low AS level FROM cell
    UNION
    SELECT cell_y, cell_x, high FROM cell
),
stretch AS (
    SELECT cell_y, cell_x, level AS bottom, lead(level) OVER (PARTITION BY cell_y, cell_x ORDER BY level) AS top
    FROM level
),
piece AS (
    SELECT cell.* REPLACE (bottom AS low, top AS high), cell.low AS whole_low, cell.high AS whole_high,
        (bottom + top) / 2 AS middle
    FROM cell
    JOIN stretch ON stretch.cell_y = cell.cell_y AND stretch.cell_x = cell.cell_x AND bottom >= cell.low
        AND top <= cell.high
),
followed AS (
    SELECT *,
        lead(id) OVER eastward AS next_id, lead(west_x) OVER eastward AS next_x, lead(west_y) OVER eastward AS next_y,
        lead(west_slope) OVER eastward AS next_slope, lead(east_x) OVER eastward AS far_x,
        lead(east_y) OVER eastward AS far_y, lead(east_slope) OVER eastward AS far_slope
    FROM piece
    WINDOW eastward AS (
        PARTITION BY cell_y, cell_x, low
        ORDER BY west_x + (middle - west_y) * west_slope, east_x + (middle - east_y) * east_slope, trapezoid
    )
),
measured AS (
    SELECT *,
        CASE WHEN next_id IS NOT NULL THEN list_max([
            least(east_x + (y - east_y) * east_slope, far_x + (y - far_y) * far_slope)
                - greatest(next_x + (y - next_y) * next_slope, west_x + (y - west_y) * west_slope)
            FOR y IN [low, middle, high]
        ]) END AS overlap
    FROM followed
)
SELECT * EXCLUDE (far_x, far_y, far_slope, middle) REPLACE (coalesce(overlap, 0) AS overlap)
FROM measured
