-- out.latest_rate: the most recent comparable rate of each annual series, all ages and attributes, with limits,
-- composition and caveats. time_period is the year of the rate, last_period the last year of the series: if they differ,
-- the years in between have no rate (see no_rate_reason in out.rate), or one that lacks a part or includes an exceptional
-- event (see its caveats). A series without any such rate has no row. Do not rank series of different units, stages or
-- compositions: out.latest_rate states them for each series, and iccs compare shows which may be ranked.
-- Grain: one row for each source, area, ICCS category, stage, counting unit and sex with a rate.
-- reads: out.rate
CREATE OR REPLACE VIEW out.latest_rate AS
WITH annual AS (
    SELECT *, max(time_period) OVER series AS last_period
    FROM out.rate
    WHERE age = '_T' AND ({{attributes}}) = ({{totals}})
    WINDOW series AS (PARTITION BY source, ref_area, iccs, stage, counting_unit, sex)
)
SELECT
    source, vintage, ref_area, area_level, iccs, iccs_made_from, stage, counting_unit, sex, time_period, last_period, value, population,
    population_source, rate_per_100k, ci_low, ci_high, few_events, obs_status, completeness, caveats
FROM annual
WHERE rate_per_100k IS NOT NULL AND NOT {{uncompared}}
QUALIFY time_period = max(time_period) OVER (PARTITION BY source, ref_area, iccs, stage, counting_unit, sex)
