-- Already one row a municipality and year. Grain: one row for each raw row.
FROM raw
