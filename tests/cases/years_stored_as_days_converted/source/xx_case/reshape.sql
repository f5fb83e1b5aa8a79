-- Years stored as days. Grain: one row for each raw row.
SELECT * REPLACE (left("year", 4) AS "year") FROM raw
