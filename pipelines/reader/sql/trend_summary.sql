-- Grain: one row for each source, counting unit and stage of one area, ICCS category and sex.
-- reads: out.trend
SELECT source, counting_unit, stage, basis, n, first_year, last_year, change_percent, no_percent_reason,
    mean_events, apc, apc_low, apc_high, p_value, adjusted_p, autocorrelation, mann_kendall_p, variance_factor,
    sen_slope_per_year, sen_low, sen_high, direction, direction_without_last_year, decisive_years, same_series_as, method,
    break_handling, iccs_made_from, obs_status, completeness, caveats
FROM out.trend
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex
ORDER BY source, counting_unit, stage
