-- Grain: one row for each published cell of a source; codes are of their types, iccs '' where there are none.
-- writes: cells
CREATE TEMP TABLE cells (
    ref_area ref_area_code, area_level area_level_code, time_period time_period_code, freq freq_code, iccs iccs_code,
    iccs_made_from children_code, stage stage_code, counting_unit counting_unit_code, {{breakdowns}},
    value DOUBLE, obs_status obs_status_code, missing_reason missing_reason_code, conf_status conf_status_code,
    completeness DOUBLE
)
