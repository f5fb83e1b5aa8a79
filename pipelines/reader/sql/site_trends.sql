-- Grain: one row for each annual series of both sexes together.
-- reads: out.trend
SELECT ref_area, area_level, iccs, source, stage, counting_unit, first_year, last_year, direction, apc, apc_low, apc_high, break_handling
FROM out.trend
WHERE sex = '_T'
ORDER BY ALL
