-- Grain: one row for each raw row and state; an estimate has the half-width of its interval beside it.
-- reads: raw
WITH cells AS (
    SELECT *, state AS _column,
        CASE WHEN Table_Number <> '6A.14' OR Unit NOT IN ('%', '% (±)') THEN 'other'
            WHEN Unit = '%' THEN 'estimate' ELSE 'half width' END AS kind
    FROM raw UNPIVOT INCLUDE NULLS (figure FOR state IN (NSW, Vic, Qld, WA, SA, Tas, ACT, NT, Aust))
)
SELECT cells.*, half.figure AS half_width,
    CASE WHEN cells.Description4 = 'Sexual assault' THEN '18 and over' ELSE '15 and over' END AS ages
FROM cells
LEFT JOIN cells AS half
    ON cells.kind = 'estimate' AND half.kind = 'half width' AND half._file = cells._file AND half.Year = cells.Year
    AND half.Description4 = cells.Description4 AND half.state = cells.state
