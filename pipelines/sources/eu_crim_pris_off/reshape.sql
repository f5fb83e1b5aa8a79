-- The total is used where women and men are not both given: its persons are then of unknown sex.
-- Grain: one row for each raw row.
SELECT *,
    count(OBS_VALUE) FILTER (sex IN ('F', 'M')) OVER cell = 2 AS sexes_given,
    count(OBS_VALUE) FILTER (sex = 'T') OVER cell = 1 AS total_given
FROM raw
WINDOW cell AS (PARTITION BY iccs, geo, TIME_PERIOD, unit)
