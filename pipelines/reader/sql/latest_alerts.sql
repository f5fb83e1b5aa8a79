-- Grain: one row for each tested month of one series, with the months tested in the release.
-- reads: out.alert
SELECT time_period, basis, past_months, value, count_expected, count_upper, exceedance, chance, run_chance, is_alert,
    (SELECT count(*) FROM out.alert) AS tested
FROM out.alert
WHERE source = $source AND ref_area = $area AND iccs = $iccs AND stage = $stage AND counting_unit = $unit AND sex = $sex
ORDER BY time_period
