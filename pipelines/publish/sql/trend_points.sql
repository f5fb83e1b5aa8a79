-- Grain: one row for each series: a source, area, ICCS category, stage, counting unit and sex, over all ages and
-- attributes, with two years or more, as lists. A year without a population is NULL in rates and populations. Years with
-- a caveat that forbids comparison (a part not reported, a mass event) are left out. How many are of unknown sex says
-- how sex is recorded: it has no course.
-- reads: out.rate
SELECT
    source, vintage, ref_area, area_level, iccs, arg_max(iccs_made_from, time_period) AS iccs_made_from,
    stage, counting_unit, sex,
    list(CAST(time_period AS INTEGER) ORDER BY time_period) AS years,
    list(value ORDER BY time_period) AS counts,
    list(rate_per_100k ORDER BY time_period) AS rates,
    list(CASE WHEN rate_per_100k IS NOT NULL THEN population END ORDER BY time_period) AS populations,
    list(obs_status ORDER BY time_period) AS statuses,
    list(completeness ORDER BY time_period) AS completeness,
    list(caveats ORDER BY time_period) AS caveats
FROM out.rate
WHERE age = '_T' AND sex <> '_U' AND value IS NOT NULL AND NOT {{uncompared}} {{no_attributes}}
GROUP BY ALL
HAVING count(*) > 1
ORDER BY ALL
