-- All rows of a source (tally_part: its cells, or the tallies of its partitions) as observations in codes. Codes and
-- links depend on few combinations of numbers, so they are looked up for each combination once, and never for each
-- observation as text.
-- Grain of tally: one row for each combination of numbers but for area and period, of good areas and periods.
-- reads: area_code, tally_part
-- writes: area_seen, linked, period_seen, tally
CREATE OR REPLACE TEMP TABLE tally AS
SELECT {{keys}}, max(ref_area_id) AS ref_area_id, max(period) AS period, 1.0 AS {{counted}}
FROM tally_part
WHERE ref_area_id IS NOT NULL AND period > 0
GROUP BY {{keys}};
CREATE OR REPLACE TEMP TABLE linked AS
{{linked}};
-- Grain of area_seen and period_seen: one row for each area and period with rows.
CREATE OR REPLACE TEMP TABLE area_seen AS
SELECT id, code AS ref_area, level AS area_level
FROM area_code
WHERE id IN (SELECT ref_area_id FROM tally_part);
CREATE OR REPLACE TEMP TABLE period_seen AS
SELECT period, {{time_period}} AS time_period, {{freq}} AS freq
FROM (SELECT DISTINCT period FROM tally_part WHERE period > 0) AS used
