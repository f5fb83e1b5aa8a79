-- Grain: one row for each joinpoint segment of one area, ICCS category and sex.
-- reads: out.trend_segment, out.indicator_definition
SELECT source, counting_unit, stage, segment, n, first_year, last_year, apc, apc_low, apc_high, p_value, aapc, aapc_low,
    aapc_high, trend_segment.method, break_handling, obs_status, completeness, caveats
FROM out.trend_segment
JOIN out.indicator_definition AS definition USING (indicator)
WHERE definition.iccs = $iccs AND ref_area = $area AND sex = $sex
ORDER BY source, counting_unit, stage, segment
