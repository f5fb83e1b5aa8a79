-- Grain: one row for each source, counting unit, stage and span of one area, ICCS category and sex.
-- reads: out.change
SELECT source, counting_unit, stage, span_years, basis, n, first_year, last_year, first_value, last_value, change_percent,
    no_percent_reason, rate_ratio, ratio_low, ratio_high, p_value, dispersion, usual_swing_percent, direction, method, break_handling,
    iccs_made_from, obs_status, completeness, caveats
FROM out.change
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex
ORDER BY source, counting_unit, stage, span_years
