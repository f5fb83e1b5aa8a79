-- Grain of base: one row for each national code, area as given, period to be made and combination of the dimensions
-- asked for, without totals that the source prints. present: periods of the data in which every cell summed in this one
-- has a value, counted by a bit for each.
-- Grain of printed: the same, for totals that the source prints: those over sets of dimensions that are asked for.
-- reads: core, period_list, printed_total
-- writes: base, printed
CREATE OR REPLACE TEMP TABLE base AS
SELECT stage, counting_unit, iccs, national_code, ref_area, area_level, {{period}} AS time_period{{dimensions}},
    sum(value) AS value,
    bit_count(
        coalesce(bit_or(place) FILTER (value IS NOT NULL), 0) & ~coalesce(bit_or(place) FILTER (value IS NULL), 0)
    ) AS present,
    min(obs_status) AS lowest, max(obs_status) AS highest
FROM core
JOIN period_list USING (time_period)
WHERE measure = {{measure}}
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE printed AS
SELECT stage, counting_unit, iccs, national_code, ref_area, area_level, {{period}} AS time_period{{dimensions}},
    sum(value) AS value, bit_count(bit_or(place)) AS present,
    min(obs_status) AS lowest, max(obs_status) AS highest
FROM printed_total
JOIN period_list USING (time_period)
WHERE measure = {{measure}} AND value IS NOT NULL AND ({{asked_for}})
GROUP BY ALL
