-- Grain: one row for each month of one series that still fills up.
-- reads: out.nowcast
SELECT time_period, delay_months, editions, value, nowcast, nowcast_low, nowcast_high, growth_factor
FROM out.nowcast
WHERE source = $source AND ref_area = $area AND iccs = $iccs AND stage = $stage AND counting_unit = $unit AND sex = $sex
ORDER BY time_period
