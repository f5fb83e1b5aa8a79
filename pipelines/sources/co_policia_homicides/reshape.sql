-- Codes lose their leading zero in 2017 and 2018; the first five digits are the municipality, the last three a place in it.
-- Grain: one row for each raw row.
SELECT
    *,
    left(lpad("CODIGO DANE", 8, '0'), 5) AS municipality,
    left("FECHA HECHO", 7) AS month
FROM raw
