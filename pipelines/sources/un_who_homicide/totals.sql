-- Grain: one row for each country and year: both sexes beside men and women, with the row of both sexes.
SELECT any_value(_file) AS _file, max(_row) FILTER (Dim1 = 'BTSX') AS _row,
    max(NumericValue) FILTER (Dim1 = 'BTSX') AS "both", max(NumericValue) FILTER (Dim1 = 'MLE') AS men,
    max(NumericValue) FILTER (Dim1 = 'FMLE') AS women
FROM raw
WHERE SpatialDimType = 'COUNTRY'
GROUP BY SpatialDim, TimeDim
