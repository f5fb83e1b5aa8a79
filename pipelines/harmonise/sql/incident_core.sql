-- The tallies of all partitions (tally_part) as observations in codes. Codes and links depend on few combinations of
-- numbers, so they are looked up for each combination once, and never for each observation as text.
-- Grain of tally: one row for each combination of numbers but for area and period, of good areas and periods.
-- reads: area_code, tally_part
-- writes: area_seen, linked, period_seen, tally
CREATE TEMP TABLE tally AS
SELECT {{keys}}, max(ref_area_id) AS ref_area_id, max(period) AS period, 1 AS records{{total}}
FROM tally_part
WHERE ref_area_id IS NOT NULL AND period > 0
GROUP BY {{keys}};
CREATE TEMP TABLE linked AS
{{links}};
-- Grain of area_seen and period_seen: one row for each area and period with incidents.
CREATE TEMP TABLE area_seen AS
SELECT id, code AS ref_area, level AS area_level
FROM area_code
WHERE id IN (SELECT ref_area_id FROM tally_part);
CREATE TEMP TABLE period_seen AS
SELECT period, {{period}} AS time_period
FROM (SELECT DISTINCT period FROM tally_part WHERE period > 0) AS used
