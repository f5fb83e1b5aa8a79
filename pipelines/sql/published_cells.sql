-- Grain: one row for each published cell of a source.
CREATE TEMP TABLE published_cells (
    ref_area VARCHAR, area_level VARCHAR, time_period VARCHAR, freq VARCHAR, iccs VARCHAR, iccs_made_from VARCHAR,
    stage VARCHAR, counting_unit VARCHAR, {{breakdowns}},
    value DOUBLE, obs_status VARCHAR, missing_reason VARCHAR, conf_status VARCHAR, completeness DOUBLE
);
