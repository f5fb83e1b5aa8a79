-- Grain: one row for each theme, country, source, stage and counting unit with figures.
-- reads: out.theme_coverage
SELECT theme_id, country, source, stage, counting_unit, conditions_met, first_period, last_period, years, by_sex, by_age, by_region
FROM out.theme_coverage
ORDER BY ALL
