-- out.estimate_trend: straight line through the annual estimates of each survey series since its last break, weighted by
-- 1 / standard error squared (generalized least squares with known variances; Draper and Smith 1998, Applied Regression
-- Analysis, section 9.2). The standard error of the slope is multiplied by the square root of the dispersion (the weighted
-- residual sum of squares over n - 2) if that is above 1; years of declared mass events are left out; the limits use
-- Student's t with n - 2 degrees of freedom. The directions are those of out.trend: stable is a slope with both limits
-- within {{stable_percent}} % of the mean estimate a year. Only series of three or more estimates with a standard error; ratios without
-- one, and counts, are never tested here.
-- Grain: one row for each source, measure, national category, area, sex, age and attribute combination.
-- reads: out.estimate
CREATE OR REPLACE VIEW out.estimate_trend AS
WITH point AS (
    SELECT *, CAST(time_period AS INTEGER) AS year, 1 / standard_error ** 2 AS weight,
        coalesce(max(CASE WHEN obs_status = 'B' THEN time_period END) OVER series, '') AS last_break
    FROM out.estimate
    WHERE freq = 'A'
    WINDOW series AS (
        PARTITION BY source, measure, national_code, ref_area, sex, age, {{attributes}}
    )
),
used AS (
    FROM point
    WHERE time_period >= last_break AND estimate IS NOT NULL AND standard_error > 0 AND NOT {{uncompared}}
),
sums AS (
    SELECT source, ref_area, iccs, measure, national_code, national_label, stage, counting_unit, universe, unit_of_measure,
        sex, age, {{attributes}}, count(*) AS n, min(year) AS first_year, max(year) AS last_year,
        sum(weight) AS w, sum(weight * year) / sum(weight) AS mean_year, sum(weight * estimate) / sum(weight) AS mean,
        list({'x': year, 'y': estimate, 'w': weight}) AS points,
        out.weakest_status(CASE WHEN obs_status <> 'B' THEN obs_status END) AS obs_status, out.merge_caveats(caveats) AS caveats
    FROM used
    GROUP BY ALL
    HAVING count(*) >= 3
),
line AS (
    SELECT *, list_sum([p.w * (p.x - mean_year) ** 2 FOR p IN points]) AS sxx,
        list_sum([p.w * (p.x - mean_year) * (p.y - mean) FOR p IN points]) / sxx AS slope_per_year
    FROM sums
),
judged AS (
    SELECT *, list_sum([p.w * (p.y - mean - slope_per_year * (p.x - mean_year)) ** 2 FOR p IN points]) / (n - 2) AS dispersion,
        sqrt(greatest(dispersion, 1) / sxx) AS standard_error,
        coalesce(list_extract({{t_quantiles}}, CAST(n - 2 AS INTEGER)), {{normal_quantile}}) AS quantile
    FROM line
)
SELECT source, ref_area, iccs, measure, national_code, national_label, stage, counting_unit, universe, unit_of_measure, sex,
    age, {{attributes}}, CAST(n AS INTEGER) AS n, first_year, last_year, slope_per_year, standard_error,
    slope_per_year - quantile * standard_error AS lower_limit, slope_per_year + quantile * standard_error AS upper_limit,
    dispersion,
    CASE WHEN greatest(abs(lower_limit), abs(upper_limit)) <= {{stable_percent}} / 100 * abs(mean) THEN 'stable'
        WHEN abs(slope_per_year) <= quantile * standard_error THEN 'inconclusive'
        WHEN slope_per_year > 0 THEN 'rising' ELSE 'falling' END AS direction,
    coalesce(obs_status, 'A') AS obs_status, caveats
FROM judged
