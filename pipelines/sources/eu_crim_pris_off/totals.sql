-- Grain: one row for each category, country and year: the total beside women and men, where all three are given; with
-- the row of the total.
SELECT any_value(_file) AS _file, max(_row) FILTER (sex = 'T') AS _row, max(OBS_VALUE) FILTER (sex = 'T') AS total,
    max(OBS_VALUE) FILTER (sex = 'F') AS women, max(OBS_VALUE) FILTER (sex = 'M') AS men
FROM raw
WHERE unit = 'NR'
GROUP BY iccs, geo, TIME_PERIOD
HAVING count(OBS_VALUE) = 3
