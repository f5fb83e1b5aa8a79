-- Grain: one row for each source, counting unit, stage and year of one area, ICCS category and sex.
SELECT source, counting_unit, stage, time_period, value, population, rate_per_100k, ci_low, ci_high, no_rate_reason,
    obs_status, caveats
FROM out.trend_of($iccs, $area, sex := $sex)
