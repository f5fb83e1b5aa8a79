-- Codes lose their leading zero in 2017 and 2018; the first five digits are the municipality, the last three a place in it.
-- Grain: one row for each raw row.
SELECT
    *,
    substr(lpad("CODIGO DANE", 8, '0'), 1, 5) AS municipality
FROM raw
