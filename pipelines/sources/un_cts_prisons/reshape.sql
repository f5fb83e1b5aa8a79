-- The measure is spread over indicator, dimension and category; what is none of the three counts used is kept as "other".
-- Grain: one row for each raw row.
SELECT
    *, 'VALUE' AS _column,
    CASE
        WHEN "Unit of measurement" <> 'Counts' OR Sex <> 'Total' OR Age <> 'Total' THEN 'other'
        WHEN Indicator = 'Persons held' AND Dimension = 'Total' AND Category = 'Total' THEN 'held'
        WHEN Indicator = 'Persons held' AND Dimension = 'by status' AND Category = 'Unsentenced' THEN 'unsentenced'
        WHEN Indicator = 'Prisons facilities and capacity' AND Category = 'Official prison capacity' THEN 'capacity'
        ELSE 'other'
    END AS kind
FROM raw
